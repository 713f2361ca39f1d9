package io.github.convbasis.bench;

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
 * The peer of {@link ConvAttentionBenchmark}: the same attention as {@link PaperForm the paper
 * writes it}; the basis is given, its recovery not timed.
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

  private PaperForm form;

  /** Recovers the basis. */
  @Setup(Level.Trial)
  public void prepare() {
    form = new PaperForm(Inputs.segmented(n, D, terms), terms);
  }

  /**
   * Applies the basis to values and ones and divides.
   *
   * @return the output
   */
  @Benchmark
  public float[] attend() {
    return form.attend();
  }
}
