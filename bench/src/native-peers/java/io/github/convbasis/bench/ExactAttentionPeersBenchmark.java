package io.github.convbasis.bench;

import io.github.convbasis.attention.ExactAttention;
import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
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
 * Exact causal attention beside PyTorch's {@code scaled_dot_product_attention} (causal, CPU), one
 * float32 head, d = 64, one thread each, on the same numbers. An iteration is one call of each,
 * unless it is given more time than that takes.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 20, time = 1, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 60, time = 1, timeUnit = TimeUnit.MILLISECONDS)
@Fork(
    value = 1,
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
    Agreement.require("PyTorch", attend().floats(), peer.result(), 1e-5);
  }

  private HeadTensor attend() {
    attention.forward(inputs, output, Parallelism.sequential());
    return output;
  }

  /**
   * Lets both attend in turn, once each: what slows the machine for seconds slows both. The times
   * are in the counters.
   *
   * @param times receives the time of each
   * @param consumer takes the outputs
   */
  @Benchmark
  public void inTurn(Times times, Blackhole consumer) {
    times.pytorchMillis += Stopwatch.millis(consumer, peer::attend);
    times.convBasisMillis += Stopwatch.millis(consumer, this::attend);
  }

  /** Milliseconds of all calls of an iteration; JMH sets them to 0 before it. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.EVENTS)
  public static class Times {
    /** Of the SIMD backend. */
    public double convBasisMillis;

    /** PyTorch's. */
    public double pytorchMillis;
  }
}
