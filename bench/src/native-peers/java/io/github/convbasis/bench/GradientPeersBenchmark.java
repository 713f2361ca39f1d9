package io.github.convbasis.bench;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.training.ConvGradient;
import io.github.convbasis.training.GradientMode;
import io.github.convbasis.training.Gradients;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
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
import org.openjdk.jmh.infra.Blackhole;

/**
 * Forward and backward passes beside PyTorch's {@code scaled_dot_product_attention} (causal, CPU)
 * with automatic differentiation: one float32 head whose logits are exactly 16 convolution
 * matrices, d = 64, one thread each, on the same numbers. An iteration is one call of each, unless
 * it is given more time than that takes.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 5, time = 1, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 20, time = 1, timeUnit = TimeUnit.MILLISECONDS)
@Fork(
    value = 1,
    jvmArgsAppend = {
      "-XX:+UseG1GC",
      "--add-modules=jdk.incubator.vector",
      "--enable-native-access=ALL-UNNAMED"
    })
public class GradientPeersBenchmark {
  private static final int D = 64;
  private static final int TERMS = 16;

  /** Float roundings of sums over n rows, beside the greatest gradient. */
  private static final double EXACT_AGREEMENT = 1e-4;

  /** A segment in the last columns, shorter than the window of the search, may be missed. */
  private static final double CONV_AGREEMENT = 5e-3;

  /** Sequence length. */
  @Param({"4096", "16384", "65536"})
  public int n;

  private final Backend simd = Backends.select("simd");
  private AttentionInputs inputs;
  private HeadTensor output;
  private HeadTensor upstream;
  private Workspace workspace;
  private Gradients sums;
  private PyTorchGradient peer;

  /** Gives all the same numbers, and checks that gradients of the same function agree. */
  @Setup(Level.Trial)
  public void prepare() {
    inputs = Inputs.segmented(n, D, TERMS);
    upstream = HeadTensor.of(Inputs.numbers(n * D), 1, n, D);
    output = HeadTensor.allocate(true, 1, n, D);
    workspace = simd.newWorkspace();
    sums = Gradients.zeros(inputs);
    peer = new PyTorchGradient(inputs, upstream);
    float[][] expected = peer.gradients();
    Gradients exact = differentiate(GradientMode.EXACT, Gradients.zeros(inputs));
    Agreement.require("dQ", expected[0], exact.queries().floats(), EXACT_AGREEMENT);
    Agreement.require("dK", expected[1], exact.keys().floats(), EXACT_AGREEMENT);
    Agreement.require("dV", expected[2], exact.values().floats(), EXACT_AGREEMENT);
    Gradients operator = differentiate(GradientMode.OPERATOR, Gradients.zeros(inputs));
    Agreement.require("operator dQ", expected[0], operator.queries().floats(), CONV_AGREEMENT);
    Agreement.require("operator dK", expected[1], operator.keys().floats(), CONV_AGREEMENT);
    Agreement.require("operator dV", expected[2], operator.values().floats(), CONV_AGREEMENT);
    // Gradients of queries and keys go to other rows in this mode, by definition.
    Gradients segment = differentiate(GradientMode.SEGMENT, Gradients.zeros(inputs));
    Agreement.require("segment dV", expected[2], segment.values().floats(), CONV_AGREEMENT);
  }

  private Gradients differentiate(GradientMode mode, Gradients target) {
    ConvGradient gradient =
        ConvGradient.of(simd, ConvBasisRecovery.ofTerms(TERMS)).withMode(mode);
    Parallelism alone = Parallelism.sequential();
    ConvGradient.Context context = gradient.forward(inputs, output, workspace, alone);
    gradient.backward(context, upstream, target, workspace, alone);
    return target;
  }

  /**
   * Lets PyTorch and the three modes differentiate in turn, once each: what slows the machine for
   * seconds slows all. The times are in the counters.
   *
   * @param times receives the time of each
   * @param consumer takes the gradients
   */
  @Benchmark
  public void inTurn(Times times, Blackhole consumer) {
    times.pytorchMillis += Stopwatch.millis(consumer, peer::differentiate);
    times.exactMillis += Stopwatch.millis(consumer, () -> differentiate(GradientMode.EXACT, sums));
    times.segmentMillis += Stopwatch.millis(consumer, () -> differentiate(GradientMode.SEGMENT, sums));
    times.operatorMillis += Stopwatch.millis(consumer, () -> differentiate(GradientMode.OPERATOR, sums));
  }

  /** Milliseconds of all calls of an iteration; JMH sets them to 0 before it. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.EVENTS)
  public static class Times {
    /** Of exact attention. */
    public double exactMillis;

    /** Of the paper's form. */
    public double operatorMillis;

    /** Of the segment form. */
    public double segmentMillis;

    /** PyTorch's. */
    public double pytorchMillis;
  }
}
