package io.github.convbasis.bench;

import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.training.AttentionGradient;
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
import org.openjdk.jmh.annotations.Warmup;

/**
 * Attention forward and backward beside PyTorch's {@code scaled_dot_product_attention} (causal,
 * CPU) and its automatic differentiation, one float32 head, d = 64, one thread each, on the same
 * inputs, which are exactly 16-conv.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 3)
@Measurement(iterations = 3, time = 4)
@Fork(
    value = 1,
    jvmArgsAppend = {
      "-XX:+UseG1GC",
      "--add-modules=jdk.incubator.vector",
      "--enable-native-access=ALL-UNNAMED"
    })
public class GradientPeersBenchmark {
  private static final int D = 64;
  private static final int SEGMENTS = 16;

  /** Sequence length. */
  @Param({"4096", "16384", "65536"})
  public int n;

  private AttentionInputs inputs;
  private HeadTensor upstream;
  private HeadTensor output;
  private AttentionGradient exact;
  private PyTorchGradient peer;

  /** Gives all the same numbers, and checks that they agree up to some tens of roundings. */
  @Setup(Level.Trial)
  public void prepare() {
    inputs = Inputs.segmented(n, D, SEGMENTS);
    upstream = HeadTensor.of(Inputs.numbers(n * D), 1, n, D);
    output = HeadTensor.allocate(true, 1, n, D);
    exact = AttentionGradient.exact(Backends.select("simd"));
    peer = new PyTorchGradient(inputs, upstream);
    float[][] expected = peer.result();
    Gradients gradients = exact();
    Agreement.require("PyTorch, by queries", gradients.queries().floats(), expected[0], 1e-4);
    Agreement.require("PyTorch, by keys", gradients.keys().floats(), expected[1], 1e-4);
    Agreement.require("PyTorch, by values", gradients.values().floats(), expected[2], 1e-4);
  }

  /**
   * Attends and differentiates exactly.
   *
   * @return the gradients
   */
  @Benchmark
  public Gradients exact() {
    Gradients gradients = Gradients.zeros(inputs);
    Parallelism alone = Parallelism.sequential();
    exact.backward(exact.forward(inputs, output, alone), upstream, gradients, alone);
    return gradients;
  }

  /**
   * Attends and differentiates with PyTorch.
   *
   * @return something of the gradients, so that they are computed
   */
  @Benchmark
  public long pytorch() {
    return peer.run();
  }
}
