package io.github.convbasis.backend;

import io.github.convbasis.matrix.HeadTensor;

/**
 * The product of a prepared matrix H that is Toeplitz on blocks of columns, with what training
 * needs beside it: bounds on rounding, and the derivative of {@code ⟨Y, H·X⟩} by the kernels of H
 * beside those by Y, {@link #apply H·X}, and by X, {@link #applyTranspose HᵀY}.
 *
 * <p>Implementations are immutable and thread-safe.
 */
public interface SegmentPlan extends ConvolutionPlan {
  /**
   * Computes {@code y = H·x} and bounds its rounding, without the bounds for an x of ones.
   *
   * @param x n × columns, finite
   * @param y n × columns, rows disjoint, sharing nothing with x
   * @param head head of both to read and write
   * @param noises receives for each row a bound on the rounding error of its elements
   * @param workspace from the backend that made the plan
   * @param parallelism how many tasks may work
   * @throws ArithmeticException if a result overflows
   */
  default void apply(
      HeadTensor x,
      HeadTensor y,
      int head,
      double[] noises,
      Workspace workspace,
      Parallelism parallelism) {
    apply(x, y, head, noises, null, workspace, parallelism);
  }

  /**
   * Computes {@code y = H·x} in the bits of {@link ConvolutionPlan#apply}, and says how far
   * rounding of transforms may have moved each row: it is absolute, the same for entries of any
   * size.
   *
   * @param x n × columns, finite
   * @param y n × columns, rows disjoint, sharing nothing with x
   * @param head head of both to read and write
   * @param noises receives for each row a bound on the rounding error of its elements
   * @param sumNoises receives for each row the same bound for an x of ones; null to do without
   * @param workspace from the backend that made the plan
   * @param parallelism how many tasks may work
   * @throws ArithmeticException if a result overflows
   */
  void apply(
      HeadTensor x,
      HeadTensor y,
      int head,
      double[] noises,
      double[] sumNoises,
      Workspace workspace,
      Parallelism parallelism);

  /**
   * Computes the derivative of {@code Σ_i ⟨y_i, (H·x)_i⟩} by the kernels of H, which does not
   * depend on them: for segment r and lag l {@code Σ_j ⟨y_{j+l}, x_j⟩} over the columns j of the
   * segment with {@code j + l < n}.
   *
   * @param y n × columns, finite
   * @param x n × columns, finite
   * @param head head of both to read
   * @param gradients for each segment receives {@code n - start} elements by lag from its start;
   *     null for segments that do not matter
   * @param workspace from the backend that made the plan
   * @param parallelism how many tasks may work
   * @throws ArithmeticException if a result overflows
   */
  void kernelGradients(
      HeadTensor y,
      HeadTensor x,
      int head,
      double[][] gradients,
      Workspace workspace,
      Parallelism parallelism);
}
