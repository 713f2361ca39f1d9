package io.github.convbasis.simd.convolution;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.simd.Tolerance;
import java.util.Arrays;
import java.util.SplittableRandom;

/** Kernels, inputs and direct sums in double for tests of convolutions. */
final class ConvolutionSamples {
  /** A convolution of either kind. */
  interface Operator {
    void apply(HeadTensor x, HeadTensor y, ConvolutionScratch scratch, Parallelism parallelism);
  }

  private ConvolutionSamples() {}

  static double[] random(long seed, int length, double scale) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] data = new double[length];
    for (int i = 0; i < length; i++) {
      // Floats, so that narrowing changes nothing.
      data[i] = (float) (scale * (2 * random.nextDouble() - 1));
    }
    return data;
  }

  static float[] floats(double[] data) {
    float[] result = new float[data.length];
    for (int i = 0; i < data.length; i++) {
      result[i] = (float) data[i];
    }
    return result;
  }

  static HeadTensor singleHead(double[] data, int n, int width) {
    return HeadTensor.of(floats(data), 1, n, width);
  }

  /** Makes the operator of a kernel by lag and column; one column means that all share it. */
  static Operator operator(double[] kernels, int n, int width, int blockSize, boolean transpose) {
    if (kernels.length == n) {
      SharedConvolution shared = new SharedConvolution(kernels, blockSize);
      return transpose
          ? (x, y, scratch, tasks) -> shared.applyTranspose(x, 0, y, 0, scratch, tasks)
          : (x, y, scratch, tasks) -> shared.apply(x, 0, y, 0, scratch, tasks);
    }
    HeadTensor tensor = HeadTensor.of(kernels, 1, n, width);
    DepthwiseConvolution depthwise = new DepthwiseConvolution(tensor, 0, blockSize);
    return transpose
        ? (x, y, scratch, tasks) -> depthwise.applyTranspose(x, 0, y, 0, scratch, tasks)
        : (x, y, scratch, tasks) -> depthwise.apply(x, 0, y, 0, scratch, tasks);
  }

  static double[] direct(double[] kernels, double[] x, int n, int width, boolean transpose) {
    int kernelWidth = kernels.length / n;
    double[] y = new double[n * width];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j <= i; j++) {
        for (int c = 0; c < width; c++) {
          double a = kernels[(i - j) * kernelWidth + c % kernelWidth];
          if (transpose) {
            y[j * width + c] += a * x[i * width + c];
          } else {
            y[i * width + c] += a * x[j * width + c];
          }
        }
      }
    }
    return y;
  }

  static double norm(double[] data, int column, int width) {
    double squares = 0;
    for (int i = column; i < data.length; i += width) {
      squares += data[i] * data[i];
    }
    return Math.sqrt(squares);
  }

  /**
   * CONV(N): {@code c·u·log₂N·‖a‖₂·‖x‖₂}, N = 2L, with the greatest norm of the columns of x, as
   * two of them share complex numbers. The worst seen over all tests here is c = 0.5.
   */
  static void assertClose(
      double[] expected, HeadTensor actual, double[] kernels, double[] x, int n, int blockSize) {
    int width = actual.width();
    int kernelWidth = kernels.length / n;
    double levels = Math.max(3, Math.log(2.0 * blockSize) / Math.log(2));
    double norm = 0;
    for (int c = 0; c < width; c++) {
      norm = Math.max(norm, norm(x, c, width));
    }
    for (int c = 0; c < width; c++) {
      double kernel = norm(kernels, c % kernelWidth, kernelWidth);
      double tolerance = 2 * Tolerance.UNIT * levels * kernel * norm + Float.MIN_VALUE;
      for (int i = 0; i < n; i++) {
        assertEquals(expected[i * width + c], actual.get(0, i, c), tolerance, i + ", " + c);
      }
    }
  }

  /** Fills scratch that calls of some size have grown with what must not matter. */
  static void soil(ConvolutionScratch scratch) {
    Arrays.fill(scratch.spectra, Float.NaN);
    Arrays.fill(scratch.greatest, Integer.MAX_VALUE);
  }
}
