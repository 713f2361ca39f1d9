package io.github.convbasis.properties;

import org.jtransforms.fft.DoubleFFT_1D;
import org.visnow.jlargearrays.ConcurrencyUtils;

/** JTransforms as an oracle written by others, on the calling thread only. */
final class OutsideTransforms {
  static {
    ConcurrencyUtils.setNumberOfThreads(1);
  }

  private OutsideTransforms() {}

  /** Returns the spectrum of re + i·im as interleaved pairs; any length. */
  static double[] forward(double[] re, double[] im) {
    double[] pairs = new double[2 * re.length];
    for (int t = 0; t < re.length; t++) {
      pairs[2 * t] = re[t];
      pairs[2 * t + 1] = im[t];
    }
    new DoubleFFT_1D(re.length).complexForward(pairs);
    return pairs;
  }

  /**
   * Returns the first n elements of the linear convolution, by transforms of length 2n-1: not a
   * power of two, so even the algorithm differs.
   */
  static double[] convolve(double[] kernel, double[] x) {
    int n = kernel.length;
    int length = 2 * n - 1;
    DoubleFFT_1D fft = new DoubleFFT_1D(length);
    double[] a = new double[2 * length];
    double[] b = new double[2 * length];
    for (int t = 0; t < n; t++) {
      a[2 * t] = kernel[t];
      b[2 * t] = x[t];
    }
    fft.complexForward(a);
    fft.complexForward(b);
    for (int f = 0; f < length; f++) {
      double re = a[2 * f] * b[2 * f] - a[2 * f + 1] * b[2 * f + 1];
      double im = a[2 * f] * b[2 * f + 1] + a[2 * f + 1] * b[2 * f];
      a[2 * f] = re;
      a[2 * f + 1] = im;
    }
    fft.complexInverse(a, true);
    double[] result = new double[n];
    for (int t = 0; t < n; t++) {
      result[t] = a[2 * t];
    }
    return result;
  }
}
