package io.github.convbasis.conv;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.ConvolutionPlan;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.SegmentPlan;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;
import java.util.Arrays;

/**
 * Multiplies a {@link ConvBasis}, or its transpose, with vectors and n × columns matrices in
 * O(terms·n log n) per column, without the n × n matrix.
 *
 * <p>Rounding error per element about {@code u·log₂n·Σ ‖kernel‖₂·‖x on its segment‖₂} at worst, u
 * that of the backend's arithmetic; with a backend in float32 x is the greatest column of the head.
 *
 * <p>Immutable and thread-safe; a workspace is not.
 */
public final class ConvBasisOperator {
  /** How the terms are put to work; both give the same matrix. */
  public enum Form {
    /**
     * {@code Σ_r conv(u_r, m_r)·(x restricted to segment r)}, u_r the running sums: no sums of
     * opposite sign where the matrix is positive. The production form.
     */
    SEGMENT,
    /** {@code Σ_r conv(b_r, m_r)·x} as the paper writes it; kept for checking. */
    DIFFERENCE
  }

  private final PlannedProduct product;

  private ConvBasisOperator(Backend backend, ConvolutionPlan plan) {
    product = new PlannedProduct(backend, plan, 0);
  }

  /**
   * Plans the product with a segmented matrix.
   *
   * @param backend what computes
   * @param matrix the matrix
   * @return its operator, in segment form
   */
  public static ConvBasisOperator of(Backend backend, SegmentedToeplitz matrix) {
    return new ConvBasisOperator(backend, backend.segmentConvolution(matrix));
  }

  /**
   * Plans the product with a segmented matrix as the reference does it: in double, with one
   * full-length transform size, for the scalar backend and for checking.
   *
   * @param matrix the matrix
   * @return the plan, which uses no workspace
   */
  public static SegmentPlan reference(SegmentedToeplitz matrix) {
    return SegmentConvolution.of(matrix);
  }

  /**
   * Plans the product with a basis in segment form, in double, on the scalar backend.
   *
   * @param basis the matrix
   * @return its operator
   */
  public static ConvBasisOperator of(ConvBasis basis) {
    return of(basis, Form.SEGMENT);
  }

  /**
   * Plans the product with a basis in double, on the scalar backend.
   *
   * @param basis the matrix
   * @param form how to compute
   * @return its operator
   */
  public static ConvBasisOperator of(ConvBasis basis, Form form) {
    if (form == Form.SEGMENT) {
      return of(basis.toSegments());
    }
    int terms = basis.terms();
    int[] starts = new int[terms];
    int[] ends = new int[terms];
    double[][] kernels = new double[terms][];
    for (int r = 0; r < terms; r++) {
      starts[r] = basis.size() - basis.support(r);
      kernels[r] = basis.coefficients(r);
    }
    Arrays.fill(ends, basis.size());
    return new ConvBasisOperator(
        Backends.scalar(), new SegmentConvolution(basis.size(), starts, ends, kernels));
  }

  /**
   * Plans the product with a segmented matrix in double, on the scalar backend.
   *
   * @param matrix the matrix
   * @return its operator, in segment form
   */
  public static ConvBasisOperator of(SegmentedToeplitz matrix) {
    return of(Backends.scalar(), matrix);
  }

  /**
   * Computes {@code H·X} of every head.
   *
   * @param x heads × n × columns
   * @param y receives the result; must lie in another array than x
   * @param workspace from the backend of the plan
   * @param parallelism how many tasks may work
   * @throws IllegalArgumentException if shapes do not fit or x is not finite
   * @throws ArithmeticException if a result overflows the backend's arithmetic or y
   */
  public void apply(HeadTensor x, HeadTensor y, Workspace workspace, Parallelism parallelism) {
    product.apply(x, y, false, workspace, parallelism);
  }

  /**
   * Computes {@code Hᵀ·Y} of every head.
   *
   * @param y heads × n × columns
   * @param z receives the result; must lie in another array than y
   * @param workspace from the backend of the plan
   * @param parallelism how many tasks may work
   * @throws IllegalArgumentException if shapes do not fit or y is not finite
   * @throws ArithmeticException if a result overflows the backend's arithmetic or z
   */
  public void applyTranspose(
      HeadTensor y, HeadTensor z, Workspace workspace, Parallelism parallelism) {
    product.apply(y, z, true, workspace, parallelism);
  }

  /**
   * Computes {@code H·x}.
   *
   * @param x n elements
   * @return n elements
   * @throws IllegalArgumentException if x has another length or is not finite
   */
  public double[] apply(double[] x) {
    return product.apply(x, 1, false);
  }

  /**
   * Computes {@code H·X}.
   *
   * @param x n × columns, row-major
   * @param columns number of columns, at least 1
   * @return n × columns
   * @throws IllegalArgumentException if x has another length or is not finite
   */
  public double[] apply(double[] x, int columns) {
    return product.apply(x, columns, false);
  }

  /**
   * Computes {@code Hᵀ·y}.
   *
   * @param y n elements
   * @return n elements
   * @throws IllegalArgumentException if y has another length or is not finite
   */
  public double[] applyTranspose(double[] y) {
    return product.apply(y, 1, true);
  }

  /**
   * Computes {@code Hᵀ·Y}.
   *
   * @param y n × columns, row-major
   * @param columns number of columns, at least 1
   * @return n × columns
   * @throws IllegalArgumentException if y has another length or is not finite
   */
  public double[] applyTranspose(double[] y, int columns) {
    return product.apply(y, columns, true);
  }
}
