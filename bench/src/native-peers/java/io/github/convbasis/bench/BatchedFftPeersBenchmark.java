package io.github.convbasis.bench;

import io.github.convbasis.bench.Fftw.Planning;
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
 * Complex float32 transforms of a batch of {@value #COLUMNS} columns, forth and back in place
 * without the factor 1/N, one thread each, every library in the layout it likes best: 10·N·log₂N
 * flops a column. A group of columns goes forth and back before the next is touched.
 */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 1,
    jvmArgsAppend = {
      "-XX:+UseG1GC",
      "--add-modules=jdk.incubator.vector",
      "--enable-native-access=ALL-UNNAMED"
    })
public class BatchedFftPeersBenchmark {
  static final int COLUMNS = 64;

  /** A batch of one library, checked against a transform in double. */
  @State(Scope.Benchmark)
  public abstract static class Batch {
    // A trip multiplies by N: after four of them the greatest N is still far from infinity.
    private static final int TRIPS = 4;

    /** Complex numbers in a column. */
    @Param({"256", "1024", "4096", "16384", "65536"})
    public int size;

    private ColumnBatch batch;
    private int trips;

    abstract ColumnBatch plan();

    /** Plans, and checks. */
    @Setup(Level.Trial)
    public void prepare() {
      batch = plan();
      batch.requireCorrect();
    }

    /** Goes back to the first numbers before they overflow; not timed. */
    @Setup(Level.Invocation)
    public void restore() {
      if (trips % TRIPS == 0) {
        batch.restore();
      }
      trips++;
    }
  }

  /** Ours. */
  @State(Scope.Benchmark)
  public static class Ours extends Batch {
    @Override
    ColumnBatch plan() {
      return new LaneBatch(size, COLUMNS);
    }
  }

  /** JTransforms. */
  @State(Scope.Benchmark)
  public static class JTransforms extends Batch {
    @Override
    ColumnBatch plan() {
      return new JTransformsBatch(size, COLUMNS);
    }
  }

  /** FFTW. */
  @State(Scope.Benchmark)
  public static class FftwPlans extends Batch {
    /** A name of {@code FftwBatch.Layout}. */
    @Param({"ONE_BY_ONE", "CONTIGUOUS", "INTERLEAVED", "INTERLEAVED_BY_16", "SPLIT_BY_16"})
    public String layout;

    /** A name of {@code Fftw.Planning}. */
    @Param("MEASURE")
    public String planning;

    @Override
    ColumnBatch plan() {
      return new FftwBatch(
          size, COLUMNS, FftwBatch.Layout.valueOf(layout), Planning.valueOf(planning));
    }
  }

  /**
   * Transforms with {@code BatchFft}.
   *
   * @param ours plan and data
   */
  @Benchmark
  public void convBasis(Ours ours) {
    ((Batch) ours).batch.roundTrip();
  }

  /**
   * Transforms with FFTW.
   *
   * @param peer plan and data
   */
  @Benchmark
  public void fftw(FftwPlans peer) {
    ((Batch) peer).batch.roundTrip();
  }

  /**
   * Transforms with JTransforms.
   *
   * @param peer plan and data
   */
  @Benchmark
  public void jtransforms(JTransforms peer) {
    ((Batch) peer).batch.roundTrip();
  }
}
