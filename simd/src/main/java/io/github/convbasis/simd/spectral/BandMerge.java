package io.github.convbasis.simd.spectral;

import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.simd.fft.BatchFft;

/**
 * Merges, for the rows of a diagonal block, the far field's sums with a near part, normalises, and
 * judges every row.
 *
 * <p>With e the far field's exponent, shift s and row sum N of the near part, {@code D = F +
 * e^(s-g)·2^(-e)·N} in the far field's scale, F its row sum. Three errors can spoil a row: rounding
 * of far numerators, at most {@code noise} each; of F where it is a column of the products, {@code
 * sumNoise}; and what is left where the near part subtracts, {@code 2⁻²³·cancelled} in N and that
 * times |V| in its numerators. As no element of the row is greater than the greatest |V| it sees, a
 * row is trusted if {@code noise + |V|·lost ≤ guard·D·|V|} and {@code lost ≤ guard·D} with {@code
 * lost = sumNoise + 2⁻²²·cancelled} and |V| the greatest before the block.
 *
 * <p>One for each call; different rows may be finished by different threads.
 */
final class BandMerge {
  /** A near part this many powers of two above the rest hides it. */
  private static final double NEGLIGIBLE = 60;

  /**
   * {@link FarSums} holds what is up to 2¹⁰⁰⁰ below the greatest weight; a block this far below it
   * keeps 2²⁰⁰ of that for its own smaller weights, more than float has.
   */
  private static final int MAX_SHIFT = 800;

  /**
   * Windows 2¹²⁶ below the greatest of their block are taken for zero, so a row must lie well above
   * them, even where that greatest window meets values of zero only.
   */
  private static final double LEAST_SUM = 0x1p-90;

  /** Near parts have a row sum of 1 unless they subtract; what hides the rest is at least this. */
  private static final double LEAST_NEAR = 0.5;

  /** Error of numerators and of the row sum by unit of subtracted weight. */
  private static final double CANCELLATION = 0x1p-22;

  /** Factors of rows stay far from the greatest float. */
  private static final double MAX_FACTOR = 0x1p100;

  private static final double LN2 = Math.log(2);

  private final FarField field;
  private final FarSums farSums;
  private final LogitPeaks peaks;
  private final ValuePeaks valuePeaks;
  private final ValueColumns values;
  private final FarOffsets offsets;
  private final double guardTolerance;
  private final HeadTensor output;
  private final int head;
  private final int first;
  private final boolean[] untrusted;

  /** Near sums of the rows of one diagonal block. Mutable, not thread-safe. */
  static final class Rows {
    private final float[] numerators;
    private final double[] shifts;
    private final double[] rowSums;
    private final double[] cancelled;

    Rows(int band, int width) {
      numerators = new float[band * width];
      shifts = new double[band];
      rowSums = new double[band];
      cancelled = new double[band];
    }
  }

  /**
   * Prepares a call.
   *
   * @param field sums left of the diagonal blocks
   * @param farSums their row sums, unless the values have a column of them
   * @param peaks exponents of these
   * @param valuePeaks the greatest |V|
   * @param values which columns the field has
   * @param offsets gives g
   * @param guardTolerance relative error from which a row is untrusted
   * @param output receives rows
   * @param head of the output
   * @param first position of the output's first row
   * @param untrusted receives flags by row of the output
   */
  BandMerge(
      FarField field,
      FarSums farSums,
      LogitPeaks peaks,
      ValuePeaks valuePeaks,
      ValueColumns values,
      FarOffsets offsets,
      double guardTolerance,
      HeadTensor output,
      int head,
      int first,
      boolean[] untrusted) {
    this.field = field;
    this.farSums = farSums;
    this.peaks = peaks;
    this.valuePeaks = valuePeaks;
    this.values = values;
    this.offsets = offsets;
    this.guardTolerance = guardTolerance;
    this.output = output;
    this.head = head;
    this.first = first;
    this.untrusted = untrusted;
  }

  /**
   * Finishes rows of one diagonal block.
   *
   * @param fromRow first row
   * @param toRow after the last row
   * @param bandStart first column of the block
   * @param near computes the near part
   * @param rows scratch for it
   */
  void finish(int fromRow, int toRow, int bandStart, NearPart near, Rows rows) {
    near.partial(
        fromRow, toRow, bandStart, rows.numerators, rows.shifts, rows.rowSums, rows.cancelled);
    int exponent = field.exponent(fromRow);
    double noise = field.noise(fromRow);
    double sumNoise = field.sumNoise(fromRow);
    // Rounding comes from values before the band, so only these may excuse it.
    double greatest = valuePeaks.beforeBand(fromRow);
    double allowed = guardTolerance * greatest;
    int farShift = farShift(fromRow, exponent);
    for (int row = fromRow; row < toRow; row++) {
      int r = row - fromRow;
      double excess = rows.shifts[r] - exponent * LN2 - offsets.rowOffset(row);
      double nearSum = rows.rowSums[r];
      double nearLost = CANCELLATION * rows.cancelled[r];
      if (exponent == SpectrumProduct.NOTHING || excess > NEGLIGIBLE * LN2) {
        boolean trusted = nearSum >= LEAST_NEAR && nearLost <= guardTolerance * nearSum;
        untrusted[row - first] = !trusted;
        write(row, r, 0, trusted ? (float) (1 / nearSum) : 0, rows);
        continue;
      }
      double factor = Math.exp(excess);
      double sum = farSum(row, farShift) + factor * nearSum;
      double lost = sumNoise + factor * nearLost;
      boolean trusted =
          farShift <= MAX_SHIFT
              && sum >= LEAST_SUM
              && factor <= MAX_FACTOR * sum
              && lost <= guardTolerance * sum
              && noise <= allowed * sum - greatest * lost;
      untrusted[row - first] = !trusted;
      double inverse = trusted ? 1 / sum : 0;
      write(row, r, (float) inverse, (float) (factor * inverse), rows);
    }
  }

  /** Returns what brings row sums to the exponent of the field. */
  private int farShift(int row, int exponent) {
    return values.hasSums()
        ? 0
        : (int) Math.max(-10_000L, (long) FarSums.exponent(peaks, row) - exponent);
  }

  private double farSum(int row, int farShift) {
    return values.hasSums()
        ? field.sums()[field.index(values.sumTile(), row) + values.sumLane()]
        : Math.scalb(farSums.sum(row), farShift);
  }

  private void write(int row, int r, float farFactor, float nearFactor, Rows rows) {
    int width = values.width();
    int near = r * width;
    for (int tile = 0; tile < values.valueTiles(); tile++) {
      int column = tile * BatchFft.ROW;
      int count = Math.min(BatchFft.ROW, width - column);
      int at = output.index(head, row - first) + column;
      int far = field.index(tile, row);
      if (output.isSinglePrecision()) {
        RowMerge.merge(
            field.sums(),
            far,
            farFactor,
            rows.numerators,
            near + column,
            nearFactor,
            output.floats(),
            at,
            count);
      } else {
        RowMerge.merge(
            field.sums(),
            far,
            farFactor,
            rows.numerators,
            near + column,
            nearFactor,
            output.doubles(),
            at,
            count);
      }
    }
  }
}
