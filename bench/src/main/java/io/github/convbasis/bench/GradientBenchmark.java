package io.github.convbasis.bench;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.training.ConvGradient;
import io.github.convbasis.training.GradientMode;
import io.github.convbasis.training.Gradients;
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
 * Forward and backward passes of one float32 head, d = 64, whose logits are exactly a sum of as
 * many convolution matrices as terms are allowed; recovery and checks included.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 4)
@Measurement(iterations = 3, time = 4)
@Fork(
    value = 2,
    jvmArgsAppend = {"-XX:+UseG1GC", "--add-modules=jdk.incubator.vector"})
public class GradientBenchmark {
  private static final int D = 64;

  /** Sequence length. */
  @Param({"4096", "16384", "65536"})
  public int n;

  /** Segments of the input and terms allowed. */
  @Param("16")
  public int terms;

  /** What is differentiated, and how. */
  @Param({"EXACT", "OPERATOR", "SEGMENT"})
  public GradientMode gradientMode;

  /** Tasks at once, each on a thread of its own. */
  @Param("1")
  public int tasks;

  private AttentionInputs inputs;
  private HeadTensor output;
  private HeadTensor upstream;
  private Gradients gradients;
  private Tasks threads;
  private ConvGradient gradient;
  private Workspace workspace;

  /** Makes the inputs. */
  @Setup(Level.Trial)
  public void prepare() {
    inputs = Inputs.segmented(n, D, terms);
    upstream = HeadTensor.of(Inputs.numbers(n * D), 1, n, D);
    output = HeadTensor.allocate(true, 1, n, D);
    gradients = Gradients.zeros(inputs);
    threads = new Tasks(tasks);
    Backend simd = Backends.select("simd");
    gradient = ConvGradient.of(simd, ConvBasisRecovery.ofTerms(terms)).withMode(gradientMode);
    workspace = simd.newWorkspace();
  }

  /** Ends the threads. */
  @TearDown(Level.Trial)
  public void release() {
    threads.close();
  }

  /**
   * Attends and differentiates. Gradients add up from call to call, far from overflow.
   *
   * @return the gradients, so that nothing is optimised away
   */
  @Benchmark
  public Gradients differentiate() {
    ConvGradient.Context context =
        gradient.forward(inputs, output, workspace, threads.parallelism());
    gradient.backward(context, upstream, gradients, workspace, threads.parallelism());
    return gradients;
  }
}
