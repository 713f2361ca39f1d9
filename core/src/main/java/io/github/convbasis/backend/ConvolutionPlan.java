package io.github.convbasis.backend;

import io.github.convbasis.matrix.HeadTensor;

/**
 * A prepared product with a lower-triangular n × n matrix H that is Toeplitz, for every column of
 * the input alike or for each its own, or Toeplitz on blocks of columns.
 *
 * <p>Implementations are immutable and thread-safe.
 */
public interface ConvolutionPlan {
  /**
   * Returns n.
   *
   * @return rows and columns of H
   */
  int size();

  /**
   * Computes {@code y = H·x} for every column.
   *
   * @param x n × columns, finite
   * @param y n × columns, rows disjoint, sharing nothing with x
   * @param head head of both to read and write
   * @param workspace from the backend that made the plan
   * @param parallelism how many tasks may work
   * @throws ArithmeticException if a result overflows
   */
  void apply(HeadTensor x, HeadTensor y, int head, Workspace workspace, Parallelism parallelism);

  /**
   * Computes {@code z = Hᵀ·y} for every column.
   *
   * @param y n × columns, finite
   * @param z n × columns, rows disjoint, sharing nothing with y
   * @param head head of both to read and write
   * @param workspace from the backend that made the plan
   * @param parallelism how many tasks may work
   * @throws ArithmeticException if a result overflows
   */
  void applyTranspose(
      HeadTensor y, HeadTensor z, int head, Workspace workspace, Parallelism parallelism);
}
