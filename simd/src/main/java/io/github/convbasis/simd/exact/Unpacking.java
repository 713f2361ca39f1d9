package io.github.convbasis.simd.exact;

import io.github.convbasis.matrix.HeadTensor;

/**
 * Transposes the output of a block of rows back into rows and checks that float32 held it.
 *
 * <p>Adding positive zero turns -0 into +0: hidden keys add signed zeros to sums that underflowed,
 * and how many of them a row meets depends on its neighbours. Stateless and thread-safe.
 */
final class Unpacking {
  private static final int LANES = AttentionScratch.GROUP_ROWS;

  private Unpacking() {}

  /** Writes {@code O/D} of the first {@code count} rows. */
  static void normalised(AttentionScratch scratch, int head, int count, HeadTensor output) {
    for (int r = 0; r < count; r++) {
      double factor = 1 / rowSum(scratch, head, r);
      int at = output.index(head, scratch.rows[r]);
      float check =
          output.isSinglePrecision()
              ? gather(scratch, r, (float) factor, output.floats(), at)
              : gather(scratch, r, factor, output.doubles(), at);
      requireFinite(check, scratch, head, r);
    }
  }

  /** Writes O of the first {@code count} rows, row by row. */
  static void numerators(
      AttentionScratch scratch, int head, int count, float[] target, int targetAt) {
    for (int r = 0; r < count; r++) {
      float check = gather(scratch, r, 1, target, targetAt + r * scratch.width);
      requireFinite(check, scratch, head, r);
    }
  }

  /** Returns D of a row; overflow of any of its logits has made it NaN. */
  static double rowSum(AttentionScratch scratch, int head, int r) {
    double sum = (double) scratch.sums[r] + scratch.errors[r];
    if (!(sum < Double.POSITIVE_INFINITY)) {
      throw new ArithmeticException(
          String.format(
              "a logit of head %d and query row %d overflows float32", head, scratch.rows[r]));
    }
    return sum;
  }

  private static void requireFinite(float check, AttentionScratch scratch, int head, int r) {
    if (check != 0) {
      throw new ArithmeticException(
          String.format(
              "values of head %d overflow float32 in the sum of query row %d",
              head, scratch.rows[r]));
    }
  }

  /** Returns 0 if all elements are finite, else NaN. */
  private static float gather(
      AttentionScratch scratch, int r, float factor, float[] target, int at) {
    float check = 0;
    int width = scratch.paddedWidth;
    for (int block = 0; block < ValueTile.blocks(width); block++) {
      int from = ValueTile.firstColumn(block, width);
      int source = index(scratch, r, block);
      for (int c = from; c < Math.min(from + ValueTile.COLUMNS, scratch.width); c++) {
        float numerator = scratch.output[source + (c - from) * LANES];
        check += numerator * 0;
        target[at + c] = numerator * factor + 0f;
      }
    }
    return check;
  }

  private static float gather(
      AttentionScratch scratch, int r, double factor, double[] target, int at) {
    float check = 0;
    int width = scratch.paddedWidth;
    for (int block = 0; block < ValueTile.blocks(width); block++) {
      int from = ValueTile.firstColumn(block, width);
      int source = index(scratch, r, block);
      for (int c = from; c < Math.min(from + ValueTile.COLUMNS, scratch.width); c++) {
        float numerator = scratch.output[source + (c - from) * LANES];
        check += numerator * 0;
        target[at + c] = numerator * factor + 0.0;
      }
    }
    return check;
  }

  private static int index(AttentionScratch scratch, int r, int block) {
    return r / LANES * scratch.groupOutput() + block * (ValueTile.COLUMNS * LANES) + r % LANES;
  }
}
