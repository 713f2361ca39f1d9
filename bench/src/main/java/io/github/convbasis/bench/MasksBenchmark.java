package io.github.convbasis.bench;

import io.github.convbasis.masks.CausalMask;
import io.github.convbasis.masks.ContinuousRowMask;
import io.github.convbasis.masks.DistinctColumnsMask;
import io.github.convbasis.masks.DistinctRowsMask;
import io.github.convbasis.masks.LowRankMask;
import io.github.convbasis.masks.RowChangeMask;
import io.github.convbasis.matrix.HeadTensor;
import java.util.Arrays;
import java.util.SplittableRandom;
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

/** Masked low-rank products of rank 16 and width 64, for their growth with n. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 3, time = 3)
@Fork(
    value = 2,
    jvmArgsAppend = {"-XX:+UseG1GC"})
public class MasksBenchmark {
  private static final int RANK = 16;
  private static final int WIDTH = 64;
  private static final int WINDOW = 256;
  private static final int PATTERNS = 4;

  /** Sequence length. */
  @Param({"4096", "16384", "65536"})
  public int n;

  /** Kind of mask. */
  @Param({"causal", "rowChange", "continuousRow", "distinctColumns", "distinctRows"})
  public String kind;

  private LowRankMask mask;
  private HeadTensor factors;
  private HeadTensor values;
  private HeadTensor output;

  /** Makes the inputs. */
  @Setup(Level.Trial)
  public void prepare() {
    mask =
        switch (kind) {
          case "causal" -> new CausalMask(n);
          case "rowChange" -> RowChangeMask.slidingWindow(n, WINDOW);
          case "continuousRow" -> ContinuousRowMask.slidingWindow(n, WINDOW);
          case "distinctColumns" -> new DistinctColumnsMask(classes(), patterns());
          case "distinctRows" -> new DistinctRowsMask(classes(), patterns());
          default -> throw new IllegalArgumentException("kind must be a mask, was " + kind);
        };
    factors = HeadTensor.of(Inputs.numbers(n * RANK), 1, n, RANK);
    values = HeadTensor.of(Inputs.numbers(n * WIDTH), 1, n, WIDTH);
    output = HeadTensor.allocate(true, 1, n, WIDTH);
  }

  private int[] classes() {
    int[] classes = new int[n];
    Arrays.setAll(classes, line -> line % PATTERNS);
    return classes;
  }

  /** Half of all entries, anywhere. */
  private boolean[][] patterns() {
    SplittableRandom random = new SplittableRandom(1);
    boolean[][] patterns = new boolean[PATTERNS][n];
    for (boolean[] pattern : patterns) {
      for (int i = 0; i < n; i++) {
        pattern[i] = random.nextBoolean();
      }
    }
    return patterns;
  }

  /**
   * Multiplies.
   *
   * @return the output, so that nothing is optimised away
   */
  @Benchmark
  public HeadTensor multiply() {
    mask.multiply(factors, factors, values, output);
    return output;
  }
}
