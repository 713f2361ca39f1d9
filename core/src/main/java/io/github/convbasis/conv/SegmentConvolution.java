package io.github.convbasis.conv;

import io.github.convbasis.fft.ComplexFft;
import io.github.convbasis.fft.RealFft;
import io.github.convbasis.matrix.SegmentedToeplitz;
import java.util.Arrays;

/**
 * Applies {@code Σ_r conv(kernel_r, m_r)·(x restricted to columns start_r … end_r-1)} and its
 * transpose with one full-length transform size.
 *
 * <p>Spectra of all terms are summed, so applying costs terms + 1 real transforms of N ≥ 2n-1 per
 * column, and so does the transpose. Kernel spectra are kept: 2·terms·(N/2+1) doubles.
 *
 * <p>Immutable and thread-safe.
 */
final class SegmentConvolution {
  private final int size;
  private final int[] starts;
  private final int[] ends;
  private final RealFft fft;
  private final double[][] kernelRe;
  private final double[][] kernelIm;

  SegmentConvolution(int size, int[] starts, int[] ends, double[][] kernels) {
    this.size = size;
    this.starts = starts;
    this.ends = ends;
    // A term's linear convolution ends before row n + (end - start) - 1 ≤ 2n - 1: nothing wraps.
    fft = new RealFft(ComplexFft.paddedSize(2L * size - 1));
    kernelRe = new double[kernels.length][fft.spectrumSize()];
    kernelIm = new double[kernels.length][fft.spectrumSize()];
    double[] padded = new double[fft.size()];
    for (int r = 0; r < kernels.length; r++) {
      Arrays.fill(padded, 0);
      System.arraycopy(kernels[r], 0, padded, 0, kernels[r].length);
      fft.forward(padded, kernelRe[r], kernelIm[r]);
    }
  }

  /**
   * Plans the product with a segmented matrix.
   *
   * @param matrix the matrix to apply
   * @return its operator
   */
  static SegmentConvolution of(SegmentedToeplitz matrix) {
    int terms = matrix.terms();
    int[] starts = new int[terms];
    int[] ends = new int[terms];
    double[][] kernels = new double[terms][];
    for (int r = 0; r < terms; r++) {
      starts[r] = matrix.start(r);
      ends[r] = matrix.end(r);
      kernels[r] = matrix.kernel(r);
    }
    return new SegmentConvolution(matrix.size(), starts, ends, kernels);
  }

  /**
   * Multiplies the matrix with every column.
   *
   * @param x n × columns, row-major
   * @param columns number of columns, at least 1
   * @return n × columns
   * @throws IllegalArgumentException if x has another length or is not finite
   */
  double[] apply(double[] x, int columns) {
    requireShape(x, columns);
    double[] result = new double[x.length];
    Workspace work = new Workspace(fft);
    for (int column = 0; column < columns; column++) {
      Arrays.fill(work.sumRe, 0);
      Arrays.fill(work.sumIm, 0);
      for (int r = 0; r < starts.length; r++) {
        work.load(x, columns, column, starts[r], ends[r]);
        fft.forward(work.samples, work.re, work.im);
        for (int f = 0; f < work.re.length; f++) {
          work.sumRe[f] += kernelRe[r][f] * work.re[f] - kernelIm[r][f] * work.im[f];
          work.sumIm[f] += kernelRe[r][f] * work.im[f] + kernelIm[r][f] * work.re[f];
        }
      }
      fft.inverse(work.sumRe, work.sumIm, work.samples);
      for (int row = 0; row < size; row++) {
        result[row * columns + column] = work.samples[row];
      }
    }
    return result;
  }

  /**
   * Multiplies the transposed matrix with every column: correlations, by conjugate spectra.
   *
   * @param y n × columns, row-major
   * @param columns number of columns, at least 1
   * @return n × columns
   * @throws IllegalArgumentException if y has another length or is not finite
   */
  double[] applyTranspose(double[] y, int columns) {
    requireShape(y, columns);
    double[] result = new double[y.length];
    Workspace work = new Workspace(fft);
    for (int column = 0; column < columns; column++) {
      work.load(y, columns, column, 0, size);
      fft.forward(work.samples, work.re, work.im);
      for (int r = 0; r < starts.length; r++) {
        for (int f = 0; f < work.re.length; f++) {
          work.sumRe[f] = kernelRe[r][f] * work.re[f] + kernelIm[r][f] * work.im[f];
          work.sumIm[f] = kernelRe[r][f] * work.im[f] - kernelIm[r][f] * work.re[f];
        }
        fft.inverse(work.sumRe, work.sumIm, work.samples);
        for (int row = starts[r]; row < ends[r]; row++) {
          result[row * columns + column] += work.samples[row];
        }
      }
    }
    return result;
  }

  private void requireShape(double[] x, int columns) {
    if (columns < 1 || x.length != (long) size * columns) {
      throw new IllegalArgumentException(
          String.format(
              "input must have %d × %d = %d elements, was %d",
              size, columns, (long) size * columns, x.length));
    }
    for (int i = 0; i < x.length; i++) {
      // A transform would spread it over every row.
      if (!Double.isFinite(x[i])) {
        throw new IllegalArgumentException(
            String.format(
                "input must be finite, was %s at row %d, column %d",
                x[i], i / columns, i % columns));
      }
    }
  }

  /** Arrays of one call. */
  private static final class Workspace {
    final double[] samples;
    final double[] re;
    final double[] im;
    final double[] sumRe;
    final double[] sumIm;

    Workspace(RealFft fft) {
      samples = new double[fft.size()];
      re = new double[fft.spectrumSize()];
      im = new double[fft.spectrumSize()];
      sumRe = new double[fft.spectrumSize()];
      sumIm = new double[fft.spectrumSize()];
    }

    /** Places rows {@code from … to-1} of a column at their own index and zeros elsewhere. */
    void load(double[] x, int columns, int column, int from, int to) {
      Arrays.fill(samples, 0);
      for (int row = from; row < to; row++) {
        samples[row] = x[row * columns + column];
      }
    }
  }
}
