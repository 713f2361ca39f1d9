package io.github.convbasis.bench;

import io.github.convbasis.attention.AttentionWorkspace;
import io.github.convbasis.attention.ConvAttention;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Backends;
import io.github.convbasis.decompose.ConvBasisRecovery;
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
 * Conv-basis attention of one float32 head, d = 64, one thread or two, whose logits are exactly a
 * sum of as many convolution matrices as terms are allowed; recovery included.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 3, time = 3)
@Fork(
    value = 2,
    jvmArgsAppend = {"-XX:+UseG1GC", "--add-modules=jdk.incubator.vector"})
public class ConvAttentionBenchmark {
  private static final int D = 64;

  /** Sequence length. */
  @Param({"4096", "16384", "65536"})
  public int n;

  /** Segments of the input and terms allowed. */
  @Param("64")
  public int terms;

  /** Backend by name. */
  @Param({"scalar", "simd"})
  public String backend;

  /** Tasks at once, each on a thread of its own. */
  @Param("1")
  public int tasks;

  private AttentionInputs inputs;
  private HeadTensor output;
  private Tasks threads;
  private ConvAttention attention;
  private AttentionWorkspace workspace;

  /** Makes the inputs. */
  @Setup(Level.Trial)
  public void prepare() {
    inputs = Inputs.segmented(n, D, terms);
    output = HeadTensor.allocate(true, 1, n, D);
    threads = new Tasks(tasks);
    Backend chosen = Backends.select(backend);
    attention = ConvAttention.of(chosen, ConvBasisRecovery.ofTerms(terms));
    workspace = AttentionWorkspace.of(chosen);
  }

  /** Ends the threads. */
  @TearDown(Level.Trial)
  public void release() {
    threads.close();
  }

  /**
   * Recovers and attends.
   *
   * @return the output, so that nothing is optimised away
   */
  @Benchmark
  public HeadTensor attend() {
    attention.forward(inputs, output, workspace, threads.parallelism());
    return output;
  }
}
