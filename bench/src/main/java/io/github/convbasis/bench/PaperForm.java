package io.github.convbasis.bench;

import io.github.convbasis.attention.LogitColumns;
import io.github.convbasis.backend.Backends;
import io.github.convbasis.conv.ConvBasis;
import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.fft.ComplexFft;
import io.github.convbasis.matrix.AttentionInputs;
import java.util.Arrays;
import org.jtransforms.fft.FloatFFT_1D;
import org.visnow.jlargearrays.ConcurrencyUtils;

/**
 * Conv-basis attention as the paper writes it, on JTransforms, float32, one thread: one full-length
 * convolution per term and column, difference form, normaliser included.
 */
final class PaperForm {
  private final ConvBasis basis;
  private final int n;
  private final int d;
  private final float[] values;
  private final FloatFFT_1D fft;
  private final float[] kernel;
  private final float[] signal;
  private final float[] output;
  private final float[] rowSums;

  /** Recovers the basis and plans. */
  PaperForm(AttentionInputs inputs, int terms) {
    ConcurrencyUtils.setNumberOfThreads(1);
    basis =
        ConvBasis.of(
                ConvBasisRecovery.ofTerms(terms)
                    .recover(new LogitColumns(Backends.scalar(), inputs, 0))
                    .matrix())
            .exponential();
    n = inputs.rows();
    d = inputs.values().width();
    values = inputs.values().floats();
    int size = ComplexFft.paddedSize(2L * n - 1);
    fft = new FloatFFT_1D(size);
    kernel = new float[2 * size];
    signal = new float[2 * size];
    output = new float[n * d];
    rowSums = new float[n];
  }

  /** Applies the basis to values and ones and divides; the result lives until the next call. */
  float[] attend() {
    Arrays.fill(output, 0);
    Arrays.fill(rowSums, 0);
    for (int term = 0; term < basis.terms(); term++) {
      double[] coefficients = basis.coefficients(term);
      Arrays.fill(kernel, 0);
      for (int lag = 0; lag < coefficients.length; lag++) {
        kernel[2 * lag] = (float) coefficients[lag];
      }
      fft.complexForward(kernel);
      int start = n - coefficients.length;
      for (int column = 0; column <= d; column++) {
        convolve(start, column);
        for (int row = start; row < n; row++) {
          float sum = signal[2 * (row - start)];
          if (column == d) {
            rowSums[row] += sum;
          } else {
            output[row * d + column] += sum;
          }
        }
      }
    }
    for (int i = 0; i < output.length; i++) {
      output[i] /= rowSums[i / d];
    }
    return output;
  }

  private void convolve(int start, int column) {
    Arrays.fill(signal, 0);
    for (int row = start; row < n; row++) {
      signal[2 * (row - start)] = column == d ? 1 : values[row * d + column];
    }
    fft.complexForward(signal);
    for (int f = 0; f < signal.length; f += 2) {
      float re = signal[f] * kernel[f] - signal[f + 1] * kernel[f + 1];
      signal[f + 1] = signal[f] * kernel[f + 1] + signal[f + 1] * kernel[f];
      signal[f] = re;
    }
    fft.complexInverse(signal, true);
  }
}
