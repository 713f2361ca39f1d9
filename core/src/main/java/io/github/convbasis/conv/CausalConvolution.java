package io.github.convbasis.conv;

import io.github.convbasis.matrix.SegmentedToeplitz;

/**
 * Applies conv(a), the lower-triangular Toeplitz matrix {@code conv(a)[i,j] = a[i-j]} for i ≥ j,
 * and its transpose.
 *
 * <p>One transform pair of the least power of two ≥ 2n-1: O(n log n) per column. Rounding error per
 * element about {@code 2⁻⁵³·log₂n·‖a‖₂·‖x‖₂}.
 *
 * <p>Immutable and thread-safe.
 */
public final class CausalConvolution {
  private final SegmentConvolution convolution;

  /**
   * Plans the convolution with one kernel.
   *
   * @param kernel n finite entries by lag
   * @throws IllegalArgumentException if it is empty or not finite
   */
  public CausalConvolution(double[] kernel) {
    if (kernel.length == 0) {
      throw new IllegalArgumentException("kernel must have at least 1 entry, was empty");
    }
    convolution =
        SegmentConvolution.of(
            SegmentedToeplitz.of(kernel.length, new int[] {0}, new double[][] {kernel}));
  }

  /**
   * Computes the causal convolution {@code y_i = Σ_{j≤i} a[i-j]·x_j} of every column.
   *
   * @param x n × columns, row-major
   * @param columns number of columns, at least 1
   * @return y, n × columns
   * @throws IllegalArgumentException if x has another length or is not finite
   */
  public double[] apply(double[] x, int columns) {
    return convolution.apply(x, columns);
  }

  /**
   * Computes the causal correlation {@code z_j = Σ_{i≥j} a[i-j]·y_i} of every column.
   *
   * @param y n × columns, row-major
   * @param columns number of columns, at least 1
   * @return z, n × columns
   * @throws IllegalArgumentException if y has another length or is not finite
   */
  public double[] applyTranspose(double[] y, int columns) {
    return convolution.applyTranspose(y, columns);
  }
}
