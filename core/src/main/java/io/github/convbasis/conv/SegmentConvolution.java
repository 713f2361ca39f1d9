package io.github.convbasis.conv;

import io.github.convbasis.backend.BoundedConvolutionPlan;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.fft.ComplexFft;
import io.github.convbasis.fft.RealFft;
import io.github.convbasis.matrix.HeadTensor;
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
final class SegmentConvolution implements BoundedConvolutionPlan {
  private static final double UNIT_ROUNDOFF = 0x1p-53;

  private final int size;
  private final int[] starts;
  private final int[] ends;
  private final RealFft fft;
  private final double[][] kernelRe;
  private final double[][] kernelIm;
  private final double[] kernelNorms;

  SegmentConvolution(int size, int[] starts, int[] ends, double[][] kernels) {
    this.size = size;
    this.starts = starts;
    this.ends = ends;
    // A term's linear convolution ends before row n + (end - start) - 1 ≤ 2n - 1: nothing wraps.
    fft = new RealFft(ComplexFft.paddedSize(2L * size - 1));
    kernelRe = new double[kernels.length][fft.spectrumSize()];
    kernelIm = new double[kernels.length][fft.spectrumSize()];
    kernelNorms = new double[kernels.length];
    double[] padded = new double[fft.size()];
    for (int r = 0; r < kernels.length; r++) {
      Arrays.fill(padded, 0);
      System.arraycopy(kernels[r], 0, padded, 0, kernels[r].length);
      fft.forward(padded, kernelRe[r], kernelIm[r]);
      kernelNorms[r] = norm(kernels[r], 0, kernels[r].length);
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
    eachColumn(x, y, head, parallelism, (column, input) -> product(input));
  }

  @Override
  public void apply(
      HeadTensor x,
      HeadTensor y,
      int head,
      double[] noise,
      Workspace workspace,
      Parallelism parallelism) {
    double[] noises = new double[x.width()];
    eachColumn(
        x,
        y,
        head,
        parallelism,
        (column, input) -> {
          noises[column] = noise(input);
          return product(input);
        });
    Arrays.fill(noise, 0, size, Arrays.stream(noises).max().getAsDouble());
  }

  /**
   * Bounds the rounding error of one column, {@code (2/3)·u·log₂N·Σ_r ‖kernel_r‖₂·‖x on segment
   * r‖₂}, N the transform size. It is the same for all rows, since a transform spreads its error
   * evenly. The worst seen is half of it: 3·2u·Σ at N = 2¹⁸, nearly constant positive data.
   */
  private double noise(double[] x) {
    double sum = 0;
    for (int r = 0; r < starts.length; r++) {
      sum += kernelNorms[r] * norm(x, starts[r], ends[r]);
    }
    double passes = Math.max(3, 1 + Math.log(2.0 * size) / Math.log(2));
    return 2 * UNIT_ROUNDOFF * passes / 3 * sum;
  }

  private static double norm(double[] x, int from, int to) {
    double squares = 0;
    for (int i = from; i < to; i++) {
      squares += x[i] * x[i];
    }
    return Math.sqrt(squares);
  }

  @Override
  public void applyTranspose(
      HeadTensor y, HeadTensor z, int head, Workspace workspace, Parallelism parallelism) {
    eachColumn(y, z, head, parallelism, (column, input) -> transposedProduct(input));
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
      ColumnProduct product) {
    int width = source.width();
    double[][] results = new double[width][];
    parallelism.forEach(
        width,
        column -> {
          double[] input = new double[size];
          for (int row = 0; row < size; row++) {
            input[row] = source.get(head, row, column);
          }
          results[column] = product.of(column, input);
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

  /** What is done with one column. */
  private interface ColumnProduct {
    double[] of(int column, double[] input);
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
