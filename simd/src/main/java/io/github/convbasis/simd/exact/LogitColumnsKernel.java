package io.github.convbasis.simd.exact;

import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.simd.Lanes;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Computes many columns of causal logits, {@code scale·⟨queries_i, keys_key⟩} for rows i from the
 * diagonal down, with one pass over the queries: 64 single columns read them 64 times from memory.
 *
 * <p>Rows are counted like keys: a row has the number of the last key it sees, so the first query
 * row need not be row 0. A group of query rows is packed once and meets all keys that start above
 * its last row. Sums are float, and the scale is applied in double. A logit's bits do not depend on
 * which other rows and keys are asked for. Stateless and thread-safe.
 */
public final class LogitColumnsKernel {
  private static final int LANES = AttentionScratch.GROUP_ROWS;
  private static final int MAGNITUDE = Integer.MAX_VALUE;

  private static final VectorSpecies<Float> SPECIES = Lanes.FLOATS;
  private static final VectorSpecies<Integer> INTEGERS = SPECIES.withLanes(int.class);

  private LogitColumnsKernel() {}

  /**
   * Computes rows {@code max(key, first query row) … toRow-1} of each column, as far as they are
   * not before {@code fromRow}.
   *
   * @param inputs causal queries and keys, and the scale
   * @param head query head
   * @param keys key rows, the columns, increasing
   * @param fromRow first row, not before the first query row
   * @param toRow end of the rows, exclusive
   * @param targets for each key receives the logit of row i at {@code i - key}; those that overflow
   *     float32 are not finite
   * @param scratch work space for this depth and at least so many keys, any contents
   * @return the greatest absolute value of these logits, 0 if there are none; infinite or NaN if
   *     one of them is not finite
   */
  public static double compute(
      AttentionInputs inputs,
      int head,
      int[] keys,
      int fromRow,
      int toRow,
      double[][] targets,
      LogitScratch scratch) {
    HeadTensor queries = inputs.queries();
    int depth = queries.width();
    assert scratch.depth == depth && scratch.mostKeys >= keys.length : scratch.depth;
    int firstRow = inputs.visibleKeys(0) - 1;
    assert fromRow >= firstRow && toRow <= firstRow + queries.rows() : fromRow + ", " + toRow;
    packKeys(inputs, head, keys, scratch);
    double scale = inputs.scale();
    int active = 0;
    int greatest = 0;
    for (int from = fromRow; from < toRow; from += LANES) {
      int count = Math.min(LANES, toRow - from);
      while (active < keys.length && keys[active] < from + count) {
        active++;
      }
      if (active == 0) {
        continue;
      }
      for (int lane = 0; lane < LANES; lane++) {
        int row = Math.min(from + lane, toRow - 1) - firstRow;
        scratch.starts[lane] = queries.index(head, row);
      }
      Packing.queries(queries, scratch.starts, 0, 1, scratch.queries, 0, scratch.transposition);
      for (int first = 0; first < active; first += LogitScratch.CHUNK) {
        int end = Math.min(first + LogitScratch.CHUNK, active);
        LogitTile.compute(
            scratch.queries,
            0,
            scratch.keys,
            first * depth,
            depth,
            depth,
            LogitTile.roundUp(end - first),
            scratch.tile,
            0,
            AttentionScratch.GROUP_ROWS);
        int whole = first;
        while (count == LANES && whole < end && keys[whole] <= from) {
          whole++;
        }
        greatest = Math.max(greatest, greatestMagnitude(scratch.tile, 0, (whole - first) * LANES));
        for (int k = first; k < whole; k++) {
          scale(scratch.tile, (k - first) * LANES, scale, targets[k], from - keys[k]);
        }
        for (int k = whole; k < end; k++) {
          int at = (k - first) * LANES;
          int most = scalePart(scratch.tile, at, count, keys[k] - from, scale, targets[k]);
          greatest = Math.max(greatest, most);
        }
      }
    }
    return Math.abs(scale) * Float.intBitsToFloat(greatest);
  }

  /**
   * Returns the bits of the greatest magnitude of whole groups; magnitudes of floats are ordered
   * like their bits, with infinity and then NaN on top.
   */
  private static int greatestMagnitude(float[] tile, int from, int to) {
    IntVector greatest = IntVector.zero(INTEGERS);
    for (int i = from; i < to; i += SPECIES.length()) {
      FloatVector logits = FloatVector.fromArray(SPECIES, tile, i);
      greatest = greatest.max(logits.reinterpretAsInts().and(MAGNITUDE));
    }
    return greatest.reduceLanes(VectorOperators.MAX);
  }

  /** Scales a whole group; a loop that the compiler turns into vectors, conversion and all. */
  private static void scale(float[] tile, int at, double scale, double[] target, int to) {
    for (int lane = 0; lane < LANES; lane++) {
      target[to + lane] = scale * tile[at + lane];
    }
  }

  /** Both for one key and the lanes from {@code offset} on, which go to the column's start. */
  private static int scalePart(
      float[] tile, int at, int count, int offset, double scale, double[] target) {
    int greatest = 0;
    for (int lane = Math.max(0, offset); lane < count; lane++) {
      float logit = tile[at + lane];
      target[lane - offset] = scale * logit;
      greatest = Math.max(greatest, Float.floatToRawIntBits(logit) & MAGNITUDE);
    }
    return greatest;
  }

  private static void packKeys(AttentionInputs inputs, int head, int[] keys, LogitScratch scratch) {
    int depth = scratch.depth;
    int keyHead = inputs.keyHead(head);
    for (int k = 0; k < keys.length; k++) {
      Packing.row(inputs.keys(), keyHead, keys[k], depth, scratch.keys, k * depth);
    }
    int end = LogitTile.roundUp(keys.length) * depth;
    Arrays.fill(scratch.keys, keys.length * depth, end, 0);
  }
}
