package io.github.convbasis.bench;

import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.training.AttentionRegression;
import io.github.convbasis.training.RegressionProblem;
import io.github.convbasis.training.RegressionResult;
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
 * Loss and gradients of the attention regression where the logits are exactly some convolutions.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 5)
@Measurement(iterations = 3, time = 5)
@Fork(
    value = 2,
    jvmArgsAppend = {"-XX:+UseG1GC", "--add-modules=jdk.incubator.vector"})
public class RegressionBenchmark {
  private static final int D = 32;

  /** Sequence length. */
  @Param({"4096", "16384", "65536"})
  public int n;

  /** Terms of the logits, and as many are asked for. */
  @Param("16")
  public int terms;

  /** What computes f. */
  @Param({"exact", "basis"})
  public String mode;

  private AttentionRegression regression;
  private RegressionProblem problem;
  private HeadTensor x;
  private HeadTensor w;

  /** Makes the inputs. */
  @Setup(Level.Trial)
  public void prepare() {
    AttentionInputs inputs = Inputs.segmented(n, D, terms);
    HeadTensor e = HeadTensor.of(Inputs.numbers(n * D), 1, n, D);
    problem = new RegressionProblem(inputs.queries(), inputs.keys(), inputs.values(), e);
    x = HeadTensor.allocate(true, 1, D, D);
    w = HeadTensor.allocate(true, 1, D, D);
    for (int a = 0; a < D; a++) {
      x.floats()[a * D + a] = (float) inputs.scale();
      w.floats()[a * D + a] = 1;
    }
    regression =
        mode.equals("exact")
            ? AttentionRegression.exact(Backends.auto())
            : AttentionRegression.convBasis(Backends.auto(), ConvBasisRecovery.ofTerms(terms));
  }

  /**
   * Evaluates.
   *
   * @return the result, so that nothing is optimised away
   */
  @Benchmark
  public RegressionResult evaluate() {
    return regression.evaluate(problem, x, w, Parallelism.sequential());
  }
}
