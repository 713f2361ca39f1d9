package io.github.convbasis.simd.exact;

import io.github.convbasis.matrix.AttentionInputs;
import java.util.Arrays;

/**
 * Averages values and keys over tiles of keys under the weights of two vectors of queries, each
 * query on its own: {@code Σ_j p_j·v_j} and {@code Σ_j p_j·k_j} with {@code p = softmax of the
 * logits}. Mutable scratch: one thread at a time.
 */
final class TileMeans {
  private static final int LANES = AttentionScratch.GROUP_ROWS;

  /** Keys of a run, so that most tiles are one. */
  static final int RUN_KEYS = 96;

  private final int depth;
  private final int width;
  private final boolean withValues;
  private final boolean withKeys;
  private final float[] tile = new float[RUN_KEYS * LANES];
  private final float[] sums = new float[LANES];
  private final float[] errors = new float[LANES];
  private final float[] factors = new float[LANES];
  private final float[] work = new float[LANES];
  private final float[] visible = new float[LANES];
  private final float[] valueSums;
  private final float[] keySums;
  private final float[] transposition;

  /** Where the mean of each lane goes: its value, and its key. */
  final int[] valueStarts = new int[LANES];

  final int[] keyStarts = new int[LANES];

  /** What is presented next. */
  final KeyTile run;

  /** Greatest logits to base 2. */
  final float[] maxima = new float[LANES];

  /** Logarithms of the sums against these, to base 2; or biases. */
  final float[] logs = new float[LANES];

  /**
   * Allocates.
   *
   * @param depth elements of a key
   * @param width elements of a value row
   * @param withValues whether values are averaged
   * @param withKeys whether keys are averaged
   */
  TileMeans(int depth, int width, boolean withValues, boolean withKeys) {
    this.depth = depth;
    this.width = width;
    this.withValues = withValues;
    this.withKeys = withKeys;
    run = new KeyTile(RUN_KEYS, depth, withValues ? width : 0);
    valueSums = new float[withValues ? sumSize(run.valueStride) : 0];
    keySums = new float[withKeys ? sumSize(run.keyStride) : 0];
    transposition = new float[Transposition.bufferSize(Math.max(depth, width))];
  }

  private static int sumSize(int columns) {
    return ValueTile.blocks(columns) * ValueTile.COLUMNS * LANES;
  }

  /** Tells whether this was allocated for such means. */
  boolean fits(int otherDepth, int otherWidth, boolean otherValues, boolean otherKeys) {
    return depth == otherDepth
        && width == otherWidth
        && withValues == otherValues
        && withKeys == otherKeys;
  }

  /** Starts a tile. */
  void clear() {
    Arrays.fill(maxima, Float.NEGATIVE_INFINITY);
    Arrays.fill(sums, 0);
    Arrays.fill(errors, 0);
    Arrays.fill(valueSums, 0);
    Arrays.fill(keySums, 0);
  }

  /** Adds the neighbouring keys of a tile; a query sees those before {@code visibleKeys}. */
  void addRange(
      AttentionInputs inputs,
      int keyHead,
      int from,
      int to,
      float[] queries,
      int queryAt,
      int[] visibleKeys,
      int lane) {
    for (int begin = from; begin < to; begin += RUN_KEYS) {
      int count = Math.min(RUN_KEYS, to - begin);
      run.load(inputs, keyHead, begin, count);
      for (int i = 0; i < LANES; i++) {
        visible[i] = Math.max(0, Math.min(count, visibleKeys[lane + i] - begin));
      }
      add(queries, queryAt);
    }
  }

  /** Adds the keys in {@link #run}, all of which the queries see. */
  void addRun(float[] queries, int queryAt) {
    Arrays.fill(visible, run.count);
    add(queries, queryAt);
  }

  private void add(float[] queries, int queryAt) {
    int count = run.count;
    int padded = LogitTile.roundUp(count);
    LogitTile.compute(
        queries,
        queryAt,
        run.keys,
        run.keyAt,
        run.keyStride,
        depth,
        padded,
        tile,
        0,
        AttentionScratch.GROUP_ROWS);
    float least = count;
    for (float seen : visible) {
      least = Math.min(least, seen);
    }
    if (least < padded) {
      SoftmaxTile.hide(tile, (int) least, padded, visible, 0);
    }
    SoftmaxTile.raise(tile, padded, maxima, factors, 0);
    SoftmaxTile.weigh(tile, padded, maxima, factors, sums, errors, work, 0);
    if (withValues) {
      int stride = run.valueStride;
      ValueTile.accumulate(
          tile, count, run.values, run.valueAt, stride, stride, factors, 0, valueSums, 0);
    }
    if (withKeys) {
      int stride = run.keyStride;
      ValueTile.accumulate(
          tile, count, run.keys, run.keyAt, stride, stride, factors, 0, keySums, 0);
    }
  }

  /** Leaves logarithms. */
  void finish() {
    LogSumTile.logarithms(sums, errors, logs, factors, 0);
  }

  /** Sends the means of a lane to a row of the targets. */
  void place(int lane, int row) {
    valueStarts[lane] = row * width;
    keyStarts[lane] = row * depth;
  }

  /** Tells whether what was written last for a lane is finite. */
  boolean wasFinite(int lane) {
    return work[lane] == 0;
  }

  /** Writes mean values. What float32 could not hold has become NaN or infinite. */
  void writeValues(float[] target) {
    Unpacking.finish(valueSums, 0, run.valueStride, width, factors, work, 0);
    Transposition.toRows(valueSums, 0, width, target, valueStarts, 0, transposition);
  }

  /** Writes mean keys, as {@link #writeValues} does values. */
  void writeKeys(float[] target) {
    Unpacking.finish(keySums, 0, run.keyStride, depth, factors, work, 0);
    Transposition.toRows(keySums, 0, depth, target, keyStarts, 0, transposition);
  }

  /** Turns logarithms into the biases of the mean keys that have been written. */
  void bias(float[] queries, int queryAt) {
    LogSumTile.biases(queries, queryAt, keySums, depth, maxima, logs);
  }
}
