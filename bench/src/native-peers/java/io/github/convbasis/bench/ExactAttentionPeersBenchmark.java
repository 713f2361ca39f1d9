package io.github.convbasis.bench;

import io.github.convbasis.attention.ExactAttention;
import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.Parallelism;
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
import org.openjdk.jmh.annotations.Warmup;

/**
 * Exact causal attention beside PyTorch's {@code scaled_dot_product_attention} (causal, CPU), one
 * float32 head, d = 64, one thread each, on the same numbers.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 3, time = 3)
@Fork(
    value = 2,
    jvmArgsAppend = {
      "-XX:+UseG1GC",
      "--add-modules=jdk.incubator.vector",
      "--enable-native-access=ALL-UNNAMED"
    })
public class ExactAttentionPeersBenchmark {
  private static final int D = 64;

  /** Sequence length. */
  @Param({"4096", "16384", "32768"})
  public int n;

  private AttentionInputs inputs;
  private HeadTensor output;
  private ExactAttention attention;
  private PyTorchAttention peer;

  /** Gives both the same numbers, and checks that they agree up to some tens of roundings. */
  @Setup(Level.Trial)
  public void prepare() {
    inputs = Inputs.gaussian(n, D);
    output = HeadTensor.allocate(true, 1, n, D);
    attention = new ExactAttention(Backends.select("simd"));
    peer = new PyTorchAttention(inputs);
    Agreement.require("PyTorch", convBasis().floats(), peer.result(), 1e-5);
  }

  /**
   * Attends with the SIMD backend.
   *
   * @return the output
   */
  @Benchmark
  public HeadTensor convBasis() {
    attention.forward(inputs, output, Parallelism.sequential());
    return output;
  }

  /**
   * Attends with PyTorch.
   *
   * @return something of the output, so that it is computed
   */
  @Benchmark
  public long pytorch() {
    return peer.attend();
  }
}
