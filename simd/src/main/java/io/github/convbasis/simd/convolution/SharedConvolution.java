package io.github.convbasis.simd.convolution;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.simd.Lanes;
import io.github.convbasis.simd.fft.BatchFft;
import io.github.convbasis.simd.fft.RealBatchFft;
import java.util.Arrays;

/**
 * Applies conv(a), the lower-triangular Toeplitz matrix of one kernel, to all columns of a head:
 * {@code y_i = Σ_{j≤i} a[i-j]·x_j}, and its transpose {@code z_j = Σ_{i≥j} a[i-j]·y_i}, in float.
 *
 * <p>Blocked overlap-save, see {@link BlockedConvolution}. Columns c and c + lanes are real and
 * imaginary parts: the kernel is real, so they need no splitting. Windows are kept at all
 * frequencies, as pairs {@code [frequency][window]}: {@code 16n} bytes, few beside {@code 4n·d} of
 * x, and half of them would cost products with mirrored rows.
 *
 * <p>About {@code n·d·(10·log₂2L + 4·n/L)} flops for blocks of L rows, {@link BlockSizes}. Error of
 * an element below {@code 2·u·log₂2L·‖a‖₂·‖x‖₂}, u = 2⁻²⁴, with the greater norm of the two columns
 * that share complex numbers. Magnitudes do not matter, as kernel and blocks are scaled by powers
 * of two: only results beyond float overflow, and only what is far below {@code u·‖a‖·‖x‖}
 * underflows.
 *
 * <p>Rows of an output block do not change by a bit when rows of x after that block change, nor
 * those of the transpose when rows before it change. Doubles are narrowed when read.
 *
 * <p>Immutable and thread-safe.
 */
public final class SharedConvolution {
  private static final int LANES = Lanes.COUNT;
  private static final int ROW = BatchFft.ROW;

  private final BlockedConvolution convolution;

  /**
   * Plans the convolution with one kernel.
   *
   * @param kernel n finite entries by lag, n from 1 to {@value BlockSizes#MAX_ROWS}
   * @throws IllegalArgumentException if there are too few, too many, or one is not finite
   */
  public SharedConvolution(double[] kernel) {
    this(kernel, BlockSizes.of(kernel.length));
  }

  /** Plans for blocks of a given size, a power of two from 8. */
  SharedConvolution(double[] kernel, int blockSize) {
    int n = kernel.length;
    int blocks = BlockedConvolution.blocks(n, blockSize);
    double greatest = 0;
    for (int lag = 0; lag < n; lag++) {
      if (!Double.isFinite(kernel[lag])) {
        throw new IllegalArgumentException(
            "kernel must be finite, was " + kernel[lag] + " at lag " + lag);
      }
      greatest = Math.max(greatest, Math.abs(kernel[lag]));
    }
    int exponent = BlockScales.kernelExponent(greatest);
    float[] windows = windows(kernel, exponent, blockSize, blocks);
    int[] exponents = new int[LANES];
    Arrays.fill(exponents, exponent);
    ToeplitzProduct[] products = {new SharedProduct(windows, 2 * blocks)};
    convolution = new BlockedConvolution(n, 0, true, blockSize, products, 2 * blocks, exponents);
  }

  /** Transforms windows, as many at a time as there are lanes, times 1/N for the inverse. */
  private static float[] windows(double[] kernel, int exponent, int blockSize, int blocks) {
    int size = 2 * blockSize;
    RealBatchFft fft = new RealBatchFft(size);
    float[] windows = new float[Math.toIntExact(2L * size * blocks)];
    float[] samples = new float[blockSize * ROW];
    float[] re = new float[(blockSize + 1) * LANES];
    float[] im = new float[(blockSize + 1) * LANES];
    for (int first = 0; first < blocks; first += LANES) {
      int count = Math.min(LANES, blocks - first);
      sample(kernel, exponent, blockSize, first, count, samples);
      fft.forwardDoubled(samples, 0, re, im, 0, LANES);
      for (int row = 0; row < size; row++) {
        int mirror = BatchFft.mirror(row);
        int from = RealBatchFft.number(Math.min(row, mirror)) * LANES;
        float sign = row > mirror ? -1 : 1;
        int at = 2 * (row * blocks + first);
        for (int j = 0; j < count; j++) {
          windows[at + 2 * j] = re[from + j];
          windows[at + 2 * j + 1] = sign * im[from + j];
        }
      }
    }
    return windows;
  }

  private static void sample(
      double[] kernel, int exponent, int blockSize, int first, int count, float[] samples) {
    int size = 2 * blockSize;
    // The transform doubles.
    double factor = 0.5 / size;
    Arrays.fill(samples, 0);
    for (int j = 0; j < count; j++) {
      long firstLag = (first + j - 1L) * blockSize;
      int from = (int) Math.max(0, -firstLag);
      int to = (int) Math.min(size, kernel.length - firstLag);
      for (int m = from; m < to; m++) {
        double value = Math.scalb(kernel[(int) (firstLag + m)], -exponent);
        samples[m / 2 * ROW + m % 2 * LANES + j] = (float) (value * factor);
      }
    }
  }

  /**
   * Computes {@code y = conv(a)·x}.
   *
   * @param x finite, n rows of any width; float or double
   * @param xHead which head
   * @param y as many rows and columns, distinct; x itself, or no part of it
   * @param yHead which head
   * @param scratch not in use by another call
   * @param parallelism how many tasks may work
   * @throws IllegalArgumentException if a shape is wrong
   * @throws ArithmeticException naming row and column, if an input or a result is too large for
   *     float; y is then partly written
   */
  public void apply(
      HeadTensor x,
      int xHead,
      HeadTensor y,
      int yHead,
      ConvolutionScratch scratch,
      Parallelism parallelism) {
    convolution.apply(x, xHead, y, yHead, false, scratch, parallelism);
  }

  /**
   * Computes {@code z = conv(a)ᵀ·y}.
   *
   * @param y finite, n rows of any width; float or double
   * @param yHead which head
   * @param z as many rows and columns, distinct; y itself, or no part of it
   * @param zHead which head
   * @param scratch not in use by another call
   * @param parallelism how many tasks may work
   * @throws IllegalArgumentException if a shape is wrong
   * @throws ArithmeticException naming row and column, if an input or a result is too large for
   *     float; z is then partly written
   */
  public void applyTranspose(
      HeadTensor y,
      int yHead,
      HeadTensor z,
      int zHead,
      ConvolutionScratch scratch,
      Parallelism parallelism) {
    convolution.apply(y, yHead, z, zHead, true, scratch, parallelism);
  }
}
