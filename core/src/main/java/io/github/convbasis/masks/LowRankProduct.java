package io.github.convbasis.masks;

import io.github.convbasis.matrix.HeadTensor;

/**
 * Factors and results of one head in dense arrays of double, with the steps that all masks share.
 * Sums {@code Σ_j u₂_j ⊗ v_j} are k × width arrays. Mutable: one thread.
 */
final class LowRankProduct {
  final int size;
  final int rank;

  /** Of the values, and one more for the row sums if they are wanted. */
  final int width;

  private final double[] left;
  private final double[] right;
  private final double[] values;
  private final double[] results;

  LowRankProduct(
      HeadTensor left, HeadTensor right, HeadTensor values, int head, boolean withRowSums) {
    size = values.rows();
    rank = left.width();
    width = values.width() + (withRowSums ? 1 : 0);
    this.left = dense(left, head, rank);
    this.right = dense(right, head, rank);
    this.values = dense(values, head, width);
    if (withRowSums) {
      for (int row = 0; row < size; row++) {
        this.values[row * width + width - 1] = 1;
      }
    }
    results = new double[Math.multiplyExact(size, width)];
  }

  private static double[] dense(HeadTensor tensor, int head, int width) {
    double[] copy = new double[Math.multiplyExact(tensor.rows(), width)];
    double[] row = new double[tensor.width()];
    for (int r = 0; r < tensor.rows(); r++) {
      tensor.copyRow(head, r, row);
      System.arraycopy(row, 0, copy, r * width, row.length);
    }
    return copy;
  }

  double[] newSums() {
    return new double[Math.multiplyExact(rank, width)];
  }

  /** Adds the outer product of a column's factors, {@code sums += u₂ ⊗ v}. */
  void addColumn(int column, double[] sums) {
    for (int k = 0; k < rank; k++) {
      double factor = right[column * rank + k];
      for (int c = 0; c < width; c++) {
        sums[k * width + c] += factor * values[column * width + c];
      }
    }
  }

  /**
   * Adds {@code sign·u₂ ⊗ v} and the rounding error of doing so (Knuth's two-sum) to a second
   * array: a product that is added and later subtracted leaves about u² of itself instead of u.
   */
  void addColumn(int column, double sign, double[] sums, double[] errors) {
    for (int k = 0; k < rank; k++) {
      double factor = sign * right[column * rank + k];
      for (int c = 0; c < width; c++) {
        int at = k * width + c;
        double term = factor * values[column * width + c];
        double before = sums[at];
        double after = before + term;
        double added = after - before;
        errors[at] += (before - (after - added)) + (term - added);
        sums[at] = after;
      }
    }
  }

  /** Adds {@code u₁·sums} to a row of the result. */
  void addRow(int row, double[] sums) {
    for (int k = 0; k < rank; k++) {
      double factor = left[row * rank + k];
      for (int c = 0; c < width; c++) {
        results[row * width + c] += factor * sums[k * width + c];
      }
    }
  }

  /** Adds {@code u₁·(sums + errors)} to a row of the result. */
  void addRow(int row, double[] sums, double[] errors) {
    for (int k = 0; k < rank; k++) {
      double factor = left[row * rank + k];
      for (int c = 0; c < width; c++) {
        int at = k * width + c;
        results[row * width + c] += factor * (sums[at] + errors[at]);
      }
    }
  }

  /** Returns {@code ‖u₂‖∞·‖v‖∞}, a bound on the column's part in every sum. */
  double magnitude(int column) {
    return sup(right, column, rank) * sup(values, column, width);
  }

  private static double sup(double[] rows, int row, int width) {
    double sup = 0;
    for (int c = 0; c < width; c++) {
      sup = Math.max(sup, Math.abs(rows[row * width + c]));
    }
    return sup;
  }

  void store(HeadTensor output, int head, boolean normalised) {
    double[] row = new double[output.width()];
    for (int r = 0; r < size; r++) {
      double rowSum = normalised ? results[r * width + width - 1] : 1;
      if (!(rowSum > 0)) {
        throw new ArithmeticException(
            String.format("row sum of head %d, row %d must be positive, was %s", head, r, rowSum));
      }
      for (int c = 0; c < row.length; c++) {
        row[c] = results[r * width + c] / rowSum;
        if (!Double.isFinite(row[c]) || Double.isInfinite(rowSum)) {
          throw new ArithmeticException(
              String.format("sum of head %d, row %d, column %d overflows", head, r, c));
        }
      }
      output.setRow(head, r, row);
    }
  }
}
