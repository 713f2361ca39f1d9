package io.github.convbasis.simd.exact;

import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.simd.Lanes;
import java.util.Arrays;

/**
 * Computes a few rows of exact attention, as decoding asks for: what {@link ExactAttentionKernel}
 * does with query rows in lanes, which a few rows leave idle, with keys and value columns in lanes.
 * 4·d flops per visible key and row.
 *
 * <p>Every logit, weight, sum and output element comes from the same operations in the same order,
 * tile by tile, so the bits are those of that kernel: a row does not show with how many others it
 * was computed. Keys and values of float32 are read where they lie, at any stride, and once for all
 * rows; doubles are copied tile by tile. Stateless and thread-safe; the scratch is not.
 */
final class FewRowsAttention {
  private static final int L = Lanes.COUNT;
  private static final int TILE_KEYS = AttentionScratch.TILE_KEYS;

  /**
   * Most rows for which this pays. AMD Zen 3, d = 64, 256 bits, ns a key: 480 keys, in cache, 21
   * for one row, 37 for four, 53 for five, 67 for eight, where {@link ExactAttentionKernel} takes
   * 58 for up to sixteen; 4,096 keys of eight heads, from beyond the second-level cache, eight rows
   * 120 against 183 (medians), which decides. 128 bits, in cache: 40 for two and 54 for four
   * against 55. With 512 bits not measured.
   */
  static final int MOST_ROWS = Math.min(8, L);

  /** A vector that ends with the last key may start before the tile. */
  private static final int LOGIT_STRIDE = L + TILE_KEYS;

  private FewRowsAttention() {}

  /**
   * Leaves unnormalised output, maxima and sums of the first {@code count} rows in the scratch;
   * their heads must share a key head.
   */
  private static void sweep(AttentionInputs inputs, int count, AttentionScratch scratch) {
    int end = start(inputs, count, scratch);
    int keyHead = inputs.keyHead(scratch.heads[0]);
    HeadTensor keys = inputs.keys();
    HeadTensor values = inputs.values();
    for (int begin = 0; begin < end; begin += TILE_KEYS) {
      int some = Math.min(TILE_KEYS, end - begin);
      logits(keys, keyHead, begin, some, count, scratch);
      if (values.isSinglePrecision()) {
        int at = values.index(keyHead, begin);
        add(begin, some, count, values.floats(), at, values.rowStride(), scratch);
      } else {
        KeyTile run = scratch.run;
        Packing.rows(values, keyHead, begin, some, some, run.valueStride, run.packedValues);
        add(begin, some, count, run.packedValues, 0, run.valueStride, scratch);
      }
    }
  }

  /** Prepares the rows and returns the end of the keys that any of them sees. */
  private static int start(AttentionInputs inputs, int count, AttentionScratch scratch) {
    int end = 0;
    for (int r = 0; r < count; r++) {
      scratch.visibleKeys[r] = inputs.visibleKeys(scratch.rows[r]);
      end = Math.max(end, scratch.visibleKeys[r]);
      Packing.query(
          inputs.queries(),
          scratch.heads[r],
          scratch.rows[r],
          inputs.scale() * ExactAttentionKernel.LOG2_E,
          scratch.queries,
          r * scratch.depth);
    }
    Arrays.fill(scratch.maxima, 0, count, Float.NEGATIVE_INFINITY);
    Arrays.fill(scratch.sums, 0, count, 0);
    Arrays.fill(scratch.errors, 0, count, 0);
    Arrays.fill(scratch.output, 0, count * ValueRow.slots(scratch.width), 0);
    return end;
  }

  /** Computes the logits of all rows and a tile of keys. */
  private static void logits(
      HeadTensor source, int keyHead, int begin, int some, int count, AttentionScratch scratch) {
    if (source.isSinglePrecision()) {
      int at = source.index(keyHead, begin);
      int rows = source.rows();
      logits(source.floats(), at, source.rowStride(), rows - begin, rows, some, count, scratch);
    } else {
      KeyTile run = scratch.run;
      Packing.rows(source, keyHead, begin, some, TILE_KEYS, run.keyStride, run.packedKeys);
      logits(run.packedKeys, 0, run.keyStride, TILE_KEYS, TILE_KEYS, some, count, scratch);
    }
  }

  /** Of {@code rows} key rows in the array, {@code left} lie from {@code at} on. */
  private static void logits(
      float[] keys,
      int at,
      int stride,
      int left,
      int rows,
      int some,
      int count,
      AttentionScratch scratch) {
    int depth = scratch.depth;
    float[] queries = scratch.queries;
    float[] tile = scratch.tile;
    if (!LogitRow.isVectorised(depth, stride, rows)) {
      for (int r = 0; r < count; r++) {
        int to = r * LOGIT_STRIDE + L;
        LogitRow.scalar(queries, r * depth, keys, at, stride, depth, some, tile, to);
      }
      return;
    }
    scratch.touched = LogitRow.touch(keys, at, stride, depth, some);
    int last = left - L;
    int r = 0;
    for (; r < count - 1; r += LogitRow.ROWS) {
      int end = count - 1;
      LogitRow.four(
          queries,
          r,
          Math.min(r + 1, end),
          Math.min(r + 2, end),
          Math.min(r + 3, end),
          keys,
          at,
          stride,
          depth,
          some,
          last,
          tile,
          L,
          LOGIT_STRIDE);
    }
    if (r == count - 1) {
      int to = r * LOGIT_STRIDE + L;
      LogitRow.one(queries, r * depth, keys, at, stride, depth, some, last, tile, to);
    }
  }

  /** Turns logits into weights and adds weights and values. */
  private static void add(
      int begin,
      int some,
      int count,
      float[] values,
      int valueAt,
      int stride,
      AttentionScratch scratch) {
    int slots = ValueRow.slots(scratch.width);
    for (int r = 0; r < count; r++) {
      int seen = Math.min(some, scratch.visibleKeys[r] - begin);
      if (seen <= 0) {
        continue;
      }
      int at = r * LOGIT_STRIDE + L;
      float overflow = SoftmaxRow.weigh(scratch.tile, at, seen, scratch.maxima, scratch.factors, r);
      float sum =
          ValueRow.accumulate(
              scratch.tile,
              at,
              seen,
              values,
              valueAt,
              stride,
              scratch.width,
              scratch.factors[r],
              scratch.output,
              r * slots);
      SoftmaxRow.add(sum + overflow, scratch.factors, scratch.sums, scratch.errors, r);
    }
  }

  /**
   * Computes the first {@code count} rows of the scratch.
   *
   * @param inputs queries, keys, values, scale, mask
   * @param count rows, at most {@link #MOST_ROWS}
   * @param output receives these rows
   * @param scratch has rows and heads, which must share a key head
   * @throws ArithmeticException if a logit or a result overflows float32
   */
  static void attend(
      AttentionInputs inputs, int count, HeadTensor output, AttentionScratch scratch) {
    assert count <= MOST_ROWS : count;
    sweep(inputs, count, scratch);
    int width = scratch.width;
    int slots = ValueRow.slots(width);
    // Overflow of any logit comes before that of any value, as where rows share vectors.
    for (int r = 0; output.isSinglePrecision() && r < count; r++) {
      Unpacking.rowSum(scratch, r);
    }
    for (int r = 0; r < count; r++) {
      double factor = 1 / Unpacking.rowSum(scratch, r);
      int at = output.index(scratch.heads[r], scratch.rows[r]);
      float check =
          output.isSinglePrecision()
              ? ValueRow.finish(
                  scratch.output, r * slots, width, (float) factor, output.floats(), at)
              : ValueRow.finish(scratch.output, r * slots, width, factor, output.doubles(), at);
      Unpacking.requireFinite(check, scratch, r);
    }
  }
}
