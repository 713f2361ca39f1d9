package io.github.convbasis.variants;

import io.github.convbasis.matrix.HeadTensor;
import java.util.Arrays;

/**
 * Adds up, for the rows of one block, {@code Σ_j exp(z_ij)·V_j} and {@code Σ_j exp(z_ij)} over
 * parts that each have a shift of their own: the true sums are {@code e^shift} times what is held,
 * with the greatest shift of the row's parts.
 *
 * <p>Mutable: one thread at a time.
 */
final class BlockSums {
  private int width;
  private double[] shifts = new double[0];
  private double[] sums = new double[0];
  private double[] noises = new double[0];
  private double[] numerators = new double[0];
  private double[] line = new double[0];
  private boolean empty;

  /** Forgets everything and makes room. */
  void reset(int rows, int width) {
    this.width = width;
    empty = true;
    int elements = Math.multiplyExact(rows, width);
    if (shifts.length < rows) {
      shifts = new double[rows];
      sums = new double[rows];
      noises = new double[rows];
    }
    if (numerators.length < elements) {
      numerators = new double[elements];
    }
    line = new double[width];
    // A row's first part overwrites its numerators.
    Arrays.fill(shifts, 0, rows, Double.NEGATIVE_INFINITY);
    Arrays.fill(sums, 0, rows, 0);
    Arrays.fill(noises, 0, rows, 0);
  }

  /** Tells whether nothing was added since {@link #reset}. */
  boolean isEmpty() {
    return empty;
  }

  /**
   * Lends the numerators of all rows, to be filled with weighted values; {@link #setFirst} then
   * completes the rows. Only while empty.
   */
  double[] numerators() {
    assert empty;
    return numerators;
  }

  /** Completes a row whose numerators were filled in place. */
  void setFirst(int row, double sum, double noise, double shift) {
    empty = false;
    shifts[row] = shift;
    sums[row] = sum;
    noises[row] = noise;
  }

  /**
   * Adds one part to a row.
   *
   * @param row block row
   * @param products holds the part's weighted values
   * @param productRow where
   * @param sum the part's sum of weights
   * @param noise bound on the rounding of its weighted values
   * @param shift its shift
   */
  void add(int row, HeadTensor products, int productRow, double sum, double noise, double shift) {
    products.copyRow(0, productRow, line);
    int at = row * width;
    if (shifts[row] == Double.NEGATIVE_INFINITY) {
      setFirst(row, sum, noise, shift);
      System.arraycopy(line, 0, numerators, at, width);
      return;
    }
    double common = Math.max(shifts[row], shift);
    double oldFactor = Math.exp(shifts[row] - common);
    double newFactor = Math.exp(shift - common);
    shifts[row] = common;
    sums[row] = sums[row] * oldFactor + sum * newFactor;
    noises[row] = noises[row] * oldFactor + noise * newFactor;
    for (int c = 0; c < width; c++) {
      numerators[at + c] = numerators[at + c] * oldFactor + line[c] * newFactor;
    }
  }

  /**
   * Tells whether a row's quotient is good to a tolerance.
   *
   * @param row block row
   * @param guardTolerance relative to the greatest value
   * @param valueSup greatest value among the keys the row sees
   * @return false if rounding could show
   */
  boolean isTrusted(int row, double guardTolerance, double valueSup) {
    return sums[row] >= Double.MIN_NORMAL && noises[row] <= guardTolerance * sums[row] * valueSup;
  }

  /** Writes {@code factor·Σ exp(z)·V / Σ exp(z)} of a row that is trusted. */
  void write(int row, double factor, HeadTensor output, int outputRow) {
    int at = row * width;
    // The sum is a normal number, and so its inverse is finite.
    double inverse = 1 / sums[row];
    for (int c = 0; c < width; c++) {
      line[c] = numerators[at + c] * inverse * factor;
    }
    output.setRow(0, outputRow, line);
  }
}
