package io.github.convbasis.conv;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.matrix.HeadTensor;

/**
 * Convolves columns with kernels as long as they are: applies conv(a), the lower-triangular
 * Toeplitz matrix {@code conv(a)[i,j] = a[i-j]} for i ≥ j, and its transpose.
 *
 * <p>One kernel for all columns, or one for each (depthwise, as in Hyena or S4 layers). O(n log n)
 * per column; rounding error per element about {@code u·log₂n·‖a‖₂·‖x‖₂} at worst, u that of the
 * backend's arithmetic. A backend in float32 refuses inputs beyond its range, and where all columns
 * share a kernel x is then the greatest column of the head. Kernel spectra are kept.
 *
 * <p>Immutable and thread-safe; a workspace is not.
 */
public final class CausalConvolution {
  private final PlannedProduct product;

  private CausalConvolution(PlannedProduct product) {
    this.product = product;
  }

  /**
   * Plans the convolution of any number of columns with one kernel.
   *
   * @param backend what computes
   * @param kernel n finite entries by lag
   * @return the plan
   * @throws IllegalArgumentException if the kernel is empty or not finite
   */
  public static CausalConvolution of(Backend backend, double[] kernel) {
    requireKernel(kernel, "kernel");
    return new CausalConvolution(
        new PlannedProduct(backend, backend.sharedConvolution(kernel.clone()), 0));
  }

  /**
   * Plans the convolution of each column with its own kernel.
   *
   * @param backend what computes
   * @param kernels for each column n finite entries by lag
   * @return the plan
   * @throws IllegalArgumentException if there is no kernel, or kernels are empty, not finite or of
   *     different lengths
   */
  public static CausalConvolution depthwise(Backend backend, double[][] kernels) {
    if (kernels.length == 0) {
      throw new IllegalArgumentException("kernels must be at least 1, was 0");
    }
    double[][] copies = new double[kernels.length][];
    for (int c = 0; c < kernels.length; c++) {
      requireKernel(kernels[c], "kernels[" + c + "]");
      if (kernels[c].length != kernels[0].length) {
        throw new IllegalArgumentException(
            String.format(
                "kernels[%d] must have %d entries like kernels[0], was %d",
                c, kernels[0].length, kernels[c].length));
      }
      copies[c] = kernels[c].clone();
    }
    return new CausalConvolution(
        new PlannedProduct(backend, backend.depthwiseConvolution(copies), kernels.length));
  }

  private static void requireKernel(double[] kernel, String name) {
    if (kernel.length == 0) {
      throw new IllegalArgumentException(name + " must have at least 1 entry, was empty");
    }
    for (int lag = 0; lag < kernel.length; lag++) {
      if (!Double.isFinite(kernel[lag])) {
        throw new IllegalArgumentException(
            name + " must be finite, was " + kernel[lag] + " at lag " + lag);
      }
    }
  }

  /**
   * Returns the number of rows, n.
   *
   * @return entries of a kernel
   */
  public int size() {
    return product.size();
  }

  /**
   * Computes the causal convolution {@code y_i = Σ_{j≤i} a[i-j]·x_j} of every column of every head.
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
   * Computes the causal correlation {@code z_j = Σ_{i≥j} a[i-j]·y_i} of every column of every head.
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
   * Computes {@link #apply(HeadTensor, HeadTensor, Workspace, Parallelism)} of one head of doubles,
   * sequentially.
   *
   * @param x n × columns, row-major
   * @param columns number of columns, at least 1
   * @return y, n × columns
   * @throws IllegalArgumentException if x has another length or is not finite
   * @throws ArithmeticException if a result overflows the backend's arithmetic
   */
  public double[] apply(double[] x, int columns) {
    return product.apply(x, columns, false);
  }

  /**
   * Computes {@link #applyTranspose(HeadTensor, HeadTensor, Workspace, Parallelism)} of one head of
   * doubles, sequentially.
   *
   * @param y n × columns, row-major
   * @param columns number of columns, at least 1
   * @return z, n × columns
   * @throws IllegalArgumentException if y has another length or is not finite
   * @throws ArithmeticException if a result overflows the backend's arithmetic
   */
  public double[] applyTranspose(double[] y, int columns) {
    return product.apply(y, columns, true);
  }
}
