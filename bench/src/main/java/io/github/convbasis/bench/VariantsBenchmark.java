package io.github.convbasis.bench;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.variants.AlibiBias;
import io.github.convbasis.variants.ConvVariantAttention;
import io.github.convbasis.variants.ExactVariantAttention;
import io.github.convbasis.variants.T5Bias;
import io.github.convbasis.variants.VariantInputs;
import io.github.convbasis.variants.VariantWorkspace;
import io.github.convbasis.variants.Visibility;
import java.util.Arrays;
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
 * Variants of attention of one float32 head, d = 64, one thread, whose logits have exactly 16
 * segments: exact, and from a basis, recovery included.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 3, time = 3)
@Fork(
    value = 2,
    jvmArgsAppend = {"-XX:+UseG1GC", "--add-modules=jdk.incubator.vector"})
public class VariantsBenchmark {
  private static final int D = 64;
  private static final int SEGMENTS = 16;
  private static final int WINDOW = 256;

  /** Sequence length. */
  @Param({"4096", "16384"})
  public int n;

  /** Which variant. */
  @Param({
    "causal",
    "band",
    "window",
    "documents",
    "padded",
    "bidirectional",
    "cross",
    "alibi",
    "t5"
  })
  public String variant;

  private VariantInputs inputs;
  private HeadTensor output;
  private ExactVariantAttention exact;
  private ConvVariantAttention conv;
  private VariantWorkspace workspace;

  /** Makes the inputs. */
  @Setup(Level.Trial)
  public void prepare() {
    inputs = inputs();
    output = HeadTensor.allocate(true, 1, inputs.queries().rows(), D);
    Backend backend = Backends.select("simd");
    exact = new ExactVariantAttention(backend);
    conv = ConvVariantAttention.of(backend, ConvBasisRecovery.ofTerms(SEGMENTS));
    workspace = VariantWorkspace.of(backend);
  }

  private VariantInputs inputs() {
    AttentionInputs causal = Inputs.segmented(n, D, SEGMENTS);
    // Cross attention has half as many queries as keys.
    int rows = variant.equals("cross") ? n / 2 : n;
    VariantInputs seen =
        VariantInputs.of(
            causal.queries().rows(0, rows), causal.keys(), causal.values(), visibility(rows));
    return switch (variant) {
      case "alibi" -> seen.withBias(AlibiBias.ofSlopes(0x1p-8));
      case "t5" -> seen.withBias(T5Bias.causal(table(), 128));
      default -> seen;
    };
  }

  private Visibility visibility(int rows) {
    return switch (variant) {
      case "band" -> Visibility.causal(n).withBand(n / 8);
      case "window" -> Visibility.causal(n).withBand(WINDOW);
      case "documents" -> Visibility.causal(n).withDocuments(0, n / 8, n / 2);
      case "padded" -> Visibility.causal(n).withKeys(n - n / 8);
      case "bidirectional", "cross" -> Visibility.full(rows, n);
      default -> Visibility.causal(n);
    };
  }

  private static double[][] table() {
    double[][] table = new double[32][1];
    Arrays.setAll(table, bucket -> new double[] {Math.sin(bucket)});
    return table;
  }

  /**
   * Attends exactly.
   *
   * @return the output, so that nothing is optimised away
   */
  @Benchmark
  public HeadTensor exact() {
    exact.forward(inputs, output, workspace, Parallelism.sequential());
    return output;
  }

  /**
   * Recovers and attends.
   *
   * @return the output, so that nothing is optimised away
   */
  @Benchmark
  public HeadTensor conv() {
    conv.forward(inputs, output, workspace, Parallelism.sequential());
    return output;
  }
}
