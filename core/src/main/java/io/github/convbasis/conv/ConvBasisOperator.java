package io.github.convbasis.conv;

import io.github.convbasis.matrix.SegmentedToeplitz;
import java.util.Arrays;

/**
 * Multiplies a {@link ConvBasis}, or its transpose, with vectors and n × columns matrices in
 * O(terms·n log n) per column, without the n × n matrix.
 *
 * <p>Immutable and thread-safe.
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

  private final SegmentConvolution convolution;

  private ConvBasisOperator(SegmentConvolution convolution) {
    this.convolution = convolution;
  }

  /**
   * Plans the product with a basis in segment form.
   *
   * @param basis the matrix
   * @return its operator
   */
  public static ConvBasisOperator of(ConvBasis basis) {
    return of(basis, Form.SEGMENT);
  }

  /**
   * Plans the product with a basis.
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
    return new ConvBasisOperator(new SegmentConvolution(basis.size(), starts, ends, kernels));
  }

  /**
   * Plans the product with a segmented matrix.
   *
   * @param matrix the matrix
   * @return its operator, in segment form
   */
  public static ConvBasisOperator of(SegmentedToeplitz matrix) {
    return new ConvBasisOperator(SegmentConvolution.of(matrix));
  }

  /**
   * Computes {@code H·x}.
   *
   * @param x n elements
   * @return n elements
   * @throws IllegalArgumentException if x has another length or is not finite
   */
  public double[] apply(double[] x) {
    return convolution.apply(x, 1);
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
    return convolution.apply(x, columns);
  }

  /**
   * Computes {@code Hᵀ·y}.
   *
   * @param y n elements
   * @return n elements
   * @throws IllegalArgumentException if y has another length or is not finite
   */
  public double[] applyTranspose(double[] y) {
    return convolution.applyTranspose(y, 1);
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
    return convolution.applyTranspose(y, columns);
  }
}
