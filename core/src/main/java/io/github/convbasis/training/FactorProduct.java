package io.github.convbasis.training;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.HeadTensor;
import java.util.Arrays;

/**
 * Products of a tall n × d factor with a small matrix and, transposed, with another tall one, in
 * double. Work items and the order of sums are fixed, so results do not depend on the tasks.
 * Stateless and thread-safe.
 */
final class FactorProduct {
  private static final int ROWS_PER_ITEM = 1024;

  private FactorProduct() {}

  /**
   * Computes {@code A·B}.
   *
   * @param name what to call the product if it overflows
   * @param a 1 × n × d
   * @param b 1 × d × width
   * @param parallelism how many tasks may work
   * @return 1 × n × width in double
   * @throws ArithmeticException if an element overflows
   */
  static HeadTensor of(String name, HeadTensor a, HeadTensor b, Parallelism parallelism) {
    HeadTensor product = HeadTensor.allocate(false, 1, a.rows(), b.width());
    parallelism.forEachRange(
        a.rows(),
        ROWS_PER_ITEM,
        (from, to) -> {
          double[] factors = new double[a.width()];
          double[] sum = new double[b.width()];
          for (int row = from; row < to; row++) {
            a.copyRow(0, row, factors);
            Arrays.fill(sum, 0);
            for (int k = 0; k < factors.length; k++) {
              b.addScaledRow(0, k, factors[k], sum);
            }
            product.setRow(0, row, sum);
          }
        });
    requireNoOverflow(name, product);
    return product;
  }

  /**
   * Computes {@code Aᵀ·B}.
   *
   * @param name what to call the product if it overflows
   * @param a 1 × n × d
   * @param b 1 × n × width
   * @param singlePrecision whether the product is stored as float32
   * @param parallelism how many tasks may work
   * @return 1 × d × width
   * @throws ArithmeticException if an element overflows
   */
  static HeadTensor transposed(
      String name, HeadTensor a, HeadTensor b, boolean singlePrecision, Parallelism parallelism) {
    int items = Parallelism.ranges(a.rows(), ROWS_PER_ITEM);
    double[][][] parts = new double[items][a.width()][b.width()];
    parallelism.forEachRange(
        a.rows(),
        ROWS_PER_ITEM,
        (from, to) -> {
          double[] factors = new double[a.width()];
          double[][] part = parts[from / ROWS_PER_ITEM];
          for (int row = from; row < to; row++) {
            a.copyRow(0, row, factors);
            for (int k = 0; k < factors.length; k++) {
              b.addScaledRow(0, row, factors[k], part[k]);
            }
          }
        });
    HeadTensor product = HeadTensor.allocate(singlePrecision, 1, a.width(), b.width());
    double[] sum = new double[b.width()];
    for (int k = 0; k < a.width(); k++) {
      Arrays.fill(sum, 0);
      for (double[][] part : parts) {
        for (int c = 0; c < sum.length; c++) {
          sum[c] += part[k][c];
        }
      }
      product.setRow(0, k, sum);
    }
    requireNoOverflow(name, product);
    return product;
  }

  /** Refuses sums that left the range of numbers. */
  static void requireNoOverflow(String name, HeadTensor tensor) {
    try {
      tensor.requireFinite(name);
    } catch (IllegalArgumentException e) {
      ArithmeticException overflow = new ArithmeticException(name + " overflows");
      overflow.initCause(e);
      throw overflow;
    }
  }
}
