package io.github.convbasis.bench;

import io.github.convbasis.attention.LogitColumns;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Backends;
import io.github.convbasis.conv.ConvBasis;
import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.fft.ComplexFft;
import io.github.convbasis.matrix.AttentionInputs;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.jtransforms.fft.FloatFFT_1D;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.visnow.jlargearrays.ConcurrencyUtils;

/**
 * The peer of {@link ConvAttentionBenchmark}: the same attention as the paper writes it, on
 * JTransforms, float32, one thread. One full-length convolution per term and column, difference
 * form, normaliser included; the basis is given, its recovery not timed.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 1)
@Measurement(iterations = 3)
@Fork(
    value = 1,
    jvmArgsAppend = {"-XX:+UseG1GC", "--add-modules=jdk.incubator.vector"})
public class PaperFormBenchmark {
  private static final int D = 64;

  /** Sequence length. */
  @Param({"4096", "16384", "65536"})
  public int n;

  /** Segments of the input and terms of the basis. */
  @Param("64")
  public int terms;

  private ConvBasis basis;
  private float[] values;
  private FloatFFT_1D fft;
  private int size;

  /** Recovers the basis. */
  @Setup(Level.Trial)
  public void prepare() {
    ConcurrencyUtils.setNumberOfThreads(1);
    AttentionInputs inputs = Inputs.segmented(n, D, terms);
    Backend scalar = Backends.scalar();
    basis =
        ConvBasis.of(
                ConvBasisRecovery.ofTerms(terms)
                    .recover(new LogitColumns(scalar, inputs, 0))
                    .matrix())
            .exponential();
    values = inputs.values().floats();
    size = ComplexFft.paddedSize(2L * n - 1);
    fft = new FloatFFT_1D(size);
  }

  /**
   * Applies the basis to values and ones and divides.
   *
   * @return the output
   */
  @Benchmark
  public float[] attend() {
    float[] output = new float[n * D];
    float[] rowSums = new float[n];
    float[] kernel = new float[2 * size];
    float[] signal = new float[2 * size];
    for (int term = 0; term < basis.terms(); term++) {
      double[] coefficients = basis.coefficients(term);
      Arrays.fill(kernel, 0);
      for (int lag = 0; lag < coefficients.length; lag++) {
        kernel[2 * lag] = (float) coefficients[lag];
      }
      fft.complexForward(kernel);
      int start = n - coefficients.length;
      for (int column = 0; column <= D; column++) {
        convolve(kernel, signal, start, column);
        for (int row = start; row < n; row++) {
          float sum = signal[2 * (row - start)];
          if (column == D) {
            rowSums[row] += sum;
          } else {
            output[row * D + column] += sum;
          }
        }
      }
    }
    for (int i = 0; i < output.length; i++) {
      output[i] /= rowSums[i / D];
    }
    return output;
  }

  private void convolve(float[] kernel, float[] signal, int start, int column) {
    Arrays.fill(signal, 0);
    for (int row = start; row < n; row++) {
      signal[2 * (row - start)] = column == D ? 1 : values[row * D + column];
    }
    fft.complexForward(signal);
    for (int f = 0; f < 2 * size; f += 2) {
      float re = signal[f] * kernel[f] - signal[f + 1] * kernel[f + 1];
      signal[f + 1] = signal[f] * kernel[f + 1] + signal[f + 1] * kernel[f];
      signal[f] = re;
    }
    fft.complexInverse(signal, true);
  }
}
