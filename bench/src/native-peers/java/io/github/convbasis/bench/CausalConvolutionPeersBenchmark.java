package io.github.convbasis.bench;

import io.github.convbasis.bench.Fftw.Planning;
import io.github.convbasis.matrix.HeadTensor;
import java.util.concurrent.TimeUnit;
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

/**
 * Causal convolution of {@value Convolution#WIDTH} row-major float32 columns with one real kernel
 * as long as they are, one thread each; plans and the kernel's spectrum are made beforehand,
 * padding and transposition are timed.
 */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 3, time = 3)
@Fork(
    value = 1,
    jvmArgsAppend = {
      "-XX:+UseG1GC",
      "--add-modules=jdk.incubator.vector",
      "--enable-native-access=ALL-UNNAMED"
    })
public class CausalConvolutionPeersBenchmark {

  /** A convolution by one library, checked against the sum that defines it. */
  @State(Scope.Benchmark)
  public abstract static class Problem {
    /** Rows, and entries of the kernel. */
    @Param({"65536", "1048576"})
    public int n;

    private HeadTensor x;
    private HeadTensor y;
    private Convolution convolution;

    abstract Convolution plan(double[] kernel);

    /** Plans, and checks. */
    @Setup(Level.Trial)
    public void prepare() {
      x = HeadTensor.of(Inputs.numbers(n * Convolution.WIDTH), 1, n, Convolution.WIDTH);
      y = HeadTensor.allocate(true, 1, n, Convolution.WIDTH);
      double[] kernel = Inputs.kernel(n);
      convolution = plan(kernel);
      apply();
      Convolution.requireCorrect(convolution.getClass().getSimpleName(), kernel, x, y);
    }

    HeadTensor apply() {
      convolution.apply(x, y);
      return y;
    }
  }

  /** Ours. */
  @State(Scope.Benchmark)
  public static class Ours extends Problem {
    @Override
    Convolution plan(double[] kernel) {
      return new OurConvolution(kernel);
    }
  }

  /** JTransforms. */
  @State(Scope.Benchmark)
  public static class JTransforms extends Problem {
    @Override
    Convolution plan(double[] kernel) {
      return new JTransformsConvolution(kernel);
    }
  }

  /** FFTW. */
  @State(Scope.Benchmark)
  public static class FftwPlans extends Problem {
    /** A name of {@code FftwConvolution.Layout}. */
    @Param({"REAL_COLUMNS", "PAIRED_COLUMNS", "REAL_ROWS", "PAIRED_ROWS"})
    public String layout;

    /** A name of {@code Fftw.Planning}. */
    @Param("MEASURE")
    public String planning;

    @Override
    Convolution plan(double[] kernel) {
      return new FftwConvolution(
          kernel, FftwConvolution.Layout.valueOf(layout), Planning.valueOf(planning));
    }
  }

  /**
   * Convolves with the SIMD backend.
   *
   * @param ours plan and data
   * @return y
   */
  @Benchmark
  public HeadTensor convBasis(Ours ours) {
    return ours.apply();
  }

  /**
   * Convolves with FFTW.
   *
   * @param peer plan and data
   * @return y
   */
  @Benchmark
  public HeadTensor fftw(FftwPlans peer) {
    return peer.apply();
  }

  /**
   * Convolves with JTransforms.
   *
   * @param peer plan and data
   * @return y
   */
  @Benchmark
  public HeadTensor jtransforms(JTransforms peer) {
    return peer.apply();
  }
}
