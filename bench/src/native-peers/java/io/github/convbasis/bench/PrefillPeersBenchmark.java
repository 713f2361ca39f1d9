package io.github.convbasis.bench;

import io.github.convbasis.attention.AttentionWorkspace;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.inference.model.AttentionStep;
import io.github.convbasis.inference.model.BundledModel;
import io.github.convbasis.inference.model.LlamaModel;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.plan.PlannedAttention;
import io.github.convbasis.plan.Planner;
import java.io.IOException;
import java.io.InputStream;
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
 * All logits of a prompt by the bundled Llama model beside PyTorch's of the same weights, float32,
 * one thread each.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 3)
@Measurement(iterations = 3, time = 3)
@Fork(
    value = 2,
    jvmArgsAppend = {
      "-XX:+UseG1GC",
      "--add-modules=jdk.incubator.vector",
      "--enable-native-access=ALL-UNNAMED"
    })
public class PrefillPeersBenchmark {
  /** Of the greatest logit, which is about 30: a thousandth of a logit. */
  private static final double AGREEMENT = 3e-5;

  private static final double TOLERANCE = 0.1;

  /** Tokens. */
  @Param("2048")
  public int n;

  private LlamaModel model;
  private int[] tokens;
  private AttentionStep exact;
  private AttentionStep planned;
  private AttentionStep allowed;
  private PyTorchLlama peer;

  /**
   * Gives both the same weights and tokens, and checks that logits agree.
   *
   * @throws IOException if the bundled model cannot be read
   */
  @Setup(Level.Trial)
  public void prepare() throws IOException {
    Backend backend = Backends.select("simd");
    model = BundledModel.load(backend);
    tokens = new int[n];
    try (InputStream text = BundledModel.openText()) {
      byte[] bytes = text.readNBytes(n);
      for (int i = 0; i < n; i++) {
        tokens[i] = bytes[i] & 0xff;
      }
    }
    exact = AttentionStep.exact(backend);
    planned = planned(Planner.of(backend, TOLERANCE));
    allowed = planned(Planner.of(backend, TOLERANCE).withMostOverhead(2));
    peer = new PyTorchLlama(model.config(), tokens);
    Agreement.require("PyTorch", exact(), peer.logits(), AGREEMENT);
  }

  private static AttentionStep planned(Planner planner) {
    PlannedAttention attention = PlannedAttention.of(planner);
    AttentionWorkspace workspace = AttentionWorkspace.of(planner.backend());
    return (layer, queries, keys, values, output, parallelism) ->
        attention.forward(
            AttentionInputs.causal(queries, keys, values), output, workspace, parallelism);
  }

  /**
   * Runs the model with exact attention.
   *
   * @return the logits
   */
  @Benchmark
  public float[] exact() {
    return model.forward(tokens, exact, Parallelism.sequential());
  }

  /**
   * Runs the model at a tolerance of 0.1, with the planner's default overhead.
   *
   * @return the logits
   */
  @Benchmark
  public float[] convBasis() {
    return model.forward(tokens, planned, Parallelism.sequential());
  }

  /**
   * Runs the model at a tolerance of 0.1, with plans whatever planning costs.
   *
   * @return the logits
   */
  @Benchmark
  public float[] convBasisPlansAllowed() {
    return model.forward(tokens, allowed, Parallelism.sequential());
  }

  /**
   * Runs the model with PyTorch.
   *
   * @return something of the logits, so that they are computed
   */
  @Benchmark
  public long pytorch() {
    return peer.forward();
  }
}
