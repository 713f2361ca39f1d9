package io.github.convbasis.conv;

import io.github.convbasis.backend.ConvolutionPlan;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.fft.ComplexFft;
import io.github.convbasis.fft.RealFft;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;
import java.util.Arrays;
import java.util.function.UnaryOperator;

/**
 * Applies {@code Σ_r conv(kernel_r, m_r)·(x restricted to columns start_r … end_r-1)} and its
 * transpose with one full-length transform size.
 *
 * <p>Spectra of all terms are summed, so applying costs terms + 1 real transforms of N ≥ 2n-1 per
 * column, and so does the transpose. Kernel spectra are kept: 2·terms·(N/2+1) doubles.
 *
 * <p>Immutable and thread-safe.
 */
final class SegmentConvolution implements ConvolutionPlan {
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

  @Override
  public int size() {
    return size;
  }

  @Override
  public void apply(
      HeadTensor x, HeadTensor y, int head, Workspace workspace, Parallelism parallelism) {
    eachColumn(x, y, head, parallelism, this::product);
  }

  @Override
  public void applyTranspose(
      HeadTensor y, HeadTensor z, int head, Workspace workspace, Parallelism parallelism) {
    eachColumn(y, z, head, parallelism, this::transposedProduct);
  }

  private double[] product(double[] x) {
    Spectra work = new Spectra(fft);
    for (int r = 0; r < starts.length; r++) {
      work.transform(x, starts[r], ends[r]);
      for (int f = 0; f < work.re.length; f++) {
        work.sumRe[f] += kernelRe[r][f] * work.re[f] - kernelIm[r][f] * work.im[f];
        work.sumIm[f] += kernelRe[r][f] * work.im[f] + kernelIm[r][f] * work.re[f];
      }
    }
    fft.inverse(work.sumRe, work.sumIm, work.samples);
    return Arrays.copyOf(work.samples, size);
  }

  /** Correlates, by conjugate spectra. */
  private double[] transposedProduct(double[] y) {
    Spectra work = new Spectra(fft);
    double[] result = new double[size];
    work.transform(y, 0, size);
    for (int r = 0; r < starts.length; r++) {
      for (int f = 0; f < work.re.length; f++) {
        work.sumRe[f] = kernelRe[r][f] * work.re[f] + kernelIm[r][f] * work.im[f];
        work.sumIm[f] = kernelRe[r][f] * work.im[f] - kernelIm[r][f] * work.re[f];
      }
      fft.inverse(work.sumRe, work.sumIm, work.samples);
      for (int row = starts[r]; row < ends[r]; row++) {
        result[row] += work.samples[row];
      }
    }
    return result;
  }

  private void eachColumn(
      HeadTensor source,
      HeadTensor target,
      int head,
      Parallelism parallelism,
      UnaryOperator<double[]> product) {
    int width = source.width();
    double[][] results = new double[width][];
    parallelism.forEach(
        width,
        column -> {
          double[] input = new double[size];
          for (int row = 0; row < size; row++) {
            input[row] = source.get(head, row, column);
          }
          results[column] = product.apply(input);
        });
    double[] line = new double[width];
    for (int row = 0; row < size; row++) {
      for (int column = 0; column < width; column++) {
        line[column] = results[column][row];
        if (!Double.isFinite(line[column])) {
          throw new ArithmeticException("product overflows at row " + row + ", column " + column);
        }
      }
      target.setRow(head, row, line);
    }
  }

  /** Spectra of one column. */
  private static final class Spectra {
    final RealFft fft;
    final double[] samples;
    final double[] re;
    final double[] im;
    final double[] sumRe;
    final double[] sumIm;

    Spectra(RealFft fft) {
      this.fft = fft;
      samples = new double[fft.size()];
      re = new double[fft.spectrumSize()];
      im = new double[fft.spectrumSize()];
      sumRe = new double[fft.spectrumSize()];
      sumIm = new double[fft.spectrumSize()];
    }

    /** Transforms rows {@code from … to-1} at their own index and zeros elsewhere. */
    void transform(double[] x, int from, int to) {
      Arrays.fill(samples, 0);
      System.arraycopy(x, from, samples, from, to - from);
      fft.forward(samples, re, im);
    }
  }
}
