package io.github.convbasis.simd.exact;

import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.simd.Lanes;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Transposes the output of a block of rows back into rows and checks that float32 held it.
 *
 * <p>Lanes without a row of their own are unpacked like the others: they repeat the last row bit
 * for bit, to the same place. Adding positive zero turns -0 into +0: hidden keys add signed zeros
 * to sums that underflowed, and how many of them a row meets depends on its neighbours. Stateless
 * and thread-safe.
 */
final class Unpacking {
  private static final VectorSpecies<Float> F = Lanes.FLOATS;
  private static final int L = Lanes.COUNT;
  private static final int LANES = AttentionScratch.GROUP_ROWS;

  private Unpacking() {}

  /** Writes {@code O/D} of the first {@code count} rows. */
  static void normalised(AttentionScratch scratch, int count, HeadTensor output) {
    if (!output.isSinglePrecision()) {
      for (int r = 0; r < count; r++) {
        double factor = 1 / rowSum(scratch, r);
        int at = output.index(scratch.heads[r], scratch.rows[r]);
        requireFinite(gather(scratch, r, factor, output.doubles(), at), scratch, r);
      }
      return;
    }
    int lanes = roundUp(count);
    for (int r = 0; r < lanes; r++) {
      scratch.factors[r] = (float) (1 / rowSum(scratch, r));
      scratch.starts[r] = output.index(scratch.heads[r], scratch.rows[r]);
    }
    rows(scratch, 0, lanes, output.floats());
  }

  /** Writes the logarithms of D of the first {@code count} rows, by head and row. */
  static void logSums(AttentionScratch scratch, int count, double[][] logSums) {
    for (int r = 0; r < count; r++) {
      logSums[scratch.heads[r]][scratch.rows[r]] =
          scratch.maxima[r] / ExactAttentionKernel.LOG2_E + Math.log(rowSum(scratch, r));
    }
  }

  /** Writes O of {@code count} rows from a group's first lane on, row by row. */
  static void numerators(
      AttentionScratch scratch, int fromLane, int count, float[] target, int targetAt) {
    int end = fromLane + roundUp(count);
    Arrays.fill(scratch.factors, fromLane, end, 1);
    for (int r = fromLane; r < end; r++) {
      scratch.starts[r] = targetAt + Math.min(r - fromLane, count - 1) * scratch.width;
    }
    rows(scratch, fromLane, end, target);
  }

  private static int roundUp(int count) {
    return (count + LANES - 1) / LANES * LANES;
  }

  /** Returns D of a row; overflow of any of its logits has made it NaN. */
  static double rowSum(AttentionScratch scratch, int r) {
    double sum = (double) scratch.sums[r] + scratch.errors[r];
    if (!(sum < Double.POSITIVE_INFINITY)) {
      throw new ArithmeticException(
          String.format(
              "a logit of head %d and query row %d overflows float32",
              scratch.heads[r], scratch.rows[r]));
    }
    return sum;
  }

  /** Refuses a row of which {@code check} is not 0: an element of its output is not finite. */
  static void requireFinite(float check, AttentionScratch scratch, int r) {
    if (check != 0) {
      throw new ArithmeticException(
          String.format(
              "values of head %d overflow float32 in the sum of query row %d",
              scratch.heads[r], scratch.rows[r]));
    }
  }

  /** Writes {@code factor·O} of each lane to where its row starts. */
  private static void rows(AttentionScratch scratch, int fromLane, int end, float[] target) {
    for (int lane = fromLane; lane < end; lane += LANES) {
      int at = lane / LANES * scratch.groupOutput();
      finish(
          scratch.output,
          at,
          scratch.paddedWidth,
          scratch.width,
          scratch.factors,
          scratch.tileSums,
          lane);
      for (int r = lane; r < lane + LANES; r++) {
        requireFinite(scratch.tileSums[r], scratch, r);
      }
      Transposition.toRows(
          scratch.output, at, scratch.width, target, scratch.starts, lane, scratch.transposition);
    }
  }

  /**
   * Multiplies the output of a group with a factor for each lane, and closes the gap before the
   * columns of the last block that no other block has.
   *
   * @param output O, blocks × columns × 2L from {@code at}; becomes width × 2L
   * @param at start of O
   * @param paddedWidth columns that the blocks cover
   * @param width columns wanted
   * @param factors 2L factors from {@code lane}
   * @param checks receives for each lane, from {@code lane}, 0 if all elements are finite, else NaN
   * @param lane start of the group
   */
  static void finish(
      float[] output,
      int at,
      int paddedWidth,
      int width,
      float[] factors,
      float[] checks,
      int lane) {
    FloatVector zero = FloatVector.zero(F);
    FloatVector factorA = FloatVector.fromArray(F, factors, lane);
    FloatVector factorB = FloatVector.fromArray(F, factors, lane + L);
    FloatVector checkA = zero;
    FloatVector checkB = zero;
    int slots = ValueTile.blocks(paddedWidth) * ValueTile.COLUMNS;
    int regular = slots - ValueTile.COLUMNS;
    int gap = (slots - paddedWidth) * LANES;
    for (int c = 0; c < width; c++) {
      int to = at + c * LANES;
      int from = c < regular ? to : to + gap;
      FloatVector a = FloatVector.fromArray(F, output, from);
      FloatVector b = FloatVector.fromArray(F, output, from + L);
      checkA = a.fma(zero, checkA);
      checkB = b.fma(zero, checkB);
      a.mul(factorA).add(zero).intoArray(output, to);
      b.mul(factorB).add(zero).intoArray(output, to + L);
    }
    checkA.intoArray(checks, lane);
    checkB.intoArray(checks, lane + L);
  }

  /** Returns 0 if all elements are finite, else NaN. */
  private static float gather(
      AttentionScratch scratch, int r, double factor, double[] target, int at) {
    float check = 0;
    int width = scratch.paddedWidth;
    int group = r / LANES * scratch.groupOutput() + r % LANES;
    for (int block = 0; block < ValueTile.blocks(width); block++) {
      int from = ValueTile.firstColumn(block, width);
      int source = group + block * (ValueTile.COLUMNS * LANES);
      for (int c = from; c < Math.min(from + ValueTile.COLUMNS, scratch.width); c++) {
        float numerator = scratch.output[source + (c - from) * LANES];
        check += numerator * 0;
        target[at + c] = numerator * factor + 0.0;
      }
    }
    return check;
  }
}
