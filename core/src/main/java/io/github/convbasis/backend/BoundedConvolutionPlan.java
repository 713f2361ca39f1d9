package io.github.convbasis.backend;

import io.github.convbasis.matrix.HeadTensor;

/**
 * A plan that can also say how far rounding may have moved its products.
 *
 * <p>Implementations are immutable and thread-safe.
 */
public interface BoundedConvolutionPlan extends ConvolutionPlan {
  /**
   * Computes {@code y = H·x} for every column, and bounds its rounding. Rounding of transforms is
   * absolute: the bound is of the order {@code u·log n·Σ ‖kernel‖₂·‖x‖₂} over what is transformed
   * together, however small the row itself is.
   *
   * @param x n × columns, finite
   * @param y n × columns, rows disjoint, sharing nothing with x
   * @param head head of both to read and write
   * @param noise receives for each row a bound on the error of all its elements
   * @param workspace from the backend that made the plan
   * @param parallelism how many tasks may work
   * @throws ArithmeticException if a result overflows
   */
  void apply(
      HeadTensor x,
      HeadTensor y,
      int head,
      double[] noise,
      Workspace workspace,
      Parallelism parallelism);
}
