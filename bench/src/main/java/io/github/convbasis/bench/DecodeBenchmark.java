package io.github.convbasis.bench;

import io.github.convbasis.attention.ExactAttention;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.matrix.AttentionInputs;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Exact attention of the last rows over a cache, as decoding asks for it: 8 query heads, {@code
 * 32·n·d·rows} flops. Keys and values are {@code 8·keyHeads·n·d} bytes, which divided by the time
 * is the bandwidth.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 4)
@Measurement(iterations = 3, time = 3)
@Fork(
    value = 1,
    jvmArgsAppend = {"-XX:+UseG1GC", "--add-modules=jdk.incubator.vector"})
public class DecodeBenchmark {
  private static final int HEADS = 8;

  /** Keys in the cache. */
  @Param({"4096", "32768"})
  public int n;

  /** Columns of queries, keys and values. */
  @Param({"64", "128"})
  public int d;

  /** Heads of keys and values. */
  @Param({"8", "2"})
  public int keyHeads;

  /** Query rows of each head. */
  @Param("1")
  public int rows;

  /** Tasks at once, each on a thread of its own. */
  @Param("1")
  public int tasks;

  private AttentionInputs inputs;
  private HeadTensor output;
  private Workspace workspace;
  private Tasks threads;
  private ExactAttention attention;

  /** Makes the inputs. */
  @Setup(Level.Trial)
  public void prepare() {
    inputs = Inputs.decoding(rows, n, d, HEADS, keyHeads);
    output = HeadTensor.allocate(true, HEADS, rows, d);
    threads = new Tasks(tasks);
    Backend backend = Backends.auto();
    workspace = backend.newWorkspace();
    attention = new ExactAttention(backend);
  }

  /** Ends the threads. */
  @TearDown(Level.Trial)
  public void release() {
    threads.close();
  }

  /**
   * Attends.
   *
   * @return the output, so that nothing is optimised away
   */
  @Benchmark
  public HeadTensor attend() {
    attention.forward(inputs, output, workspace, threads.parallelism());
    return output;
  }
}
