package io.github.convbasis.conv;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.SegmentPlan;
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
final class SegmentConvolution implements SegmentPlan {
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
      kernelNorms[r] = norm(kernels[r], 0, kernels[r].length);
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

  /**
   * {@inheritDoc}
   *
   * <p>The bound is {@code (2/3)·u·(4 + log₂2n)·Σ_r ‖kernel_r‖₂·‖x on segment r‖₂}, and the same
   * for all rows, since a transform spreads its error evenly. The worst seen is 0.65 of it, for n =
   * 9, and half of it at n = 2¹⁷, both for nearly constant positive data.
   */
  @Override
  public void apply(
      HeadTensor x,
      HeadTensor y,
      int head,
      double[] noises,
      double[] sumNoises,
      Workspace workspace,
      Parallelism parallelism) {
    apply(x, y, head, workspace, parallelism);
    double factor = 2 * UNIT_ROUNDOFF * (4 + Math.log(2.0 * size) / Math.log(2)) / 3;
    double[] columnNorms = new double[x.width()];
    parallelism.forEach(x.width(), column -> columnNorms[column] = norms(column(x, head, column)));
    Arrays.fill(noises, 0, size, factor * Arrays.stream(columnNorms).max().orElseThrow());
    if (sumNoises != null) {
      double sum = 0;
      for (int r = 0; r < starts.length; r++) {
        sum += kernelNorms[r] * Math.sqrt(ends[r] - starts[r]);
      }
      Arrays.fill(sumNoises, 0, size, factor * sum);
    }
  }

  /** Returns {@code Σ_r ‖kernel_r‖₂·‖x on segment r‖₂}. */
  private double norms(double[] x) {
    double sum = 0;
    for (int r = 0; r < starts.length; r++) {
      sum += kernelNorms[r] * norm(x, starts[r], ends[r]);
    }
    return sum;
  }

  /** Returns a 2-norm whose squares neither overflow nor vanish. */
  private static double norm(double[] x, int from, int to) {
    double greatest = 0;
    for (int i = from; i < to; i++) {
      greatest = Math.max(greatest, Math.abs(x[i]));
    }
    double squares = 0;
    for (int i = from; i < to && greatest > 0; i++) {
      squares += x[i] / greatest * (x[i] / greatest);
    }
    return greatest * Math.sqrt(squares);
  }

  @Override
  public void kernelGradients(
      HeadTensor y,
      HeadTensor x,
      int head,
      double[][] gradients,
      Workspace workspace,
      Parallelism parallelism) {
    double[][] columns = new double[y.width()][];
    Spectra[] upstream = new Spectra[y.width()];
    parallelism.forEach(
        y.width(),
        column -> {
          upstream[column] = new Spectra(fft);
          upstream[column].transform(column(y, head, column), 0, size);
          columns[column] = column(x, head, column);
        });
    parallelism.forEach(
        starts.length,
        r -> {
          if (gradients[r] != null) {
            correlate(upstream, columns, r, gradients[r]);
          }
        });
  }

  /** Adds up the correlations of all columns of one segment as spectra. */
  private void correlate(Spectra[] upstream, double[][] columns, int r, double[] gradient) {
    Spectra work = new Spectra(fft);
    for (int column = 0; column < columns.length; column++) {
      Spectra y = upstream[column];
      work.transform(columns[column], starts[r], ends[r]);
      for (int f = 0; f < work.re.length; f++) {
        work.sumRe[f] += y.re[f] * work.re[f] + y.im[f] * work.im[f];
        work.sumIm[f] += y.im[f] * work.re[f] - y.re[f] * work.im[f];
      }
    }
    fft.inverse(work.sumRe, work.sumIm, work.samples);
    for (int lag = 0; lag < size - starts[r]; lag++) {
      gradient[lag] = work.samples[lag];
      if (!Double.isFinite(gradient[lag])) {
        throw new ArithmeticException("the gradient of kernel " + r + " overflows at lag " + lag);
      }
    }
  }

  private double[] column(HeadTensor source, int head, int column) {
    double[] elements = new double[size];
    for (int row = 0; row < size; row++) {
      elements[row] = source.get(head, row, column);
    }
    return elements;
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
        width, column -> results[column] = product.apply(column(source, head, column)));
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
