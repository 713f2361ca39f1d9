package io.github.convbasis.bench;

import io.github.convbasis.attention.AttentionWorkspace;
import io.github.convbasis.attention.ConvAttention;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.attention.ExactAttention;
import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
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
 * Conv-basis attention beside its alternatives: PyTorch's and our own exact attention, and the same
 * algorithm as the paper writes it, on one float32 head, d = 64, whose logits are exactly a sum of
 * as many convolution matrices as terms are allowed. One thread each. Ours includes recovery, the
 * paper's form is given the basis.
 *
 * <p>A sample of the slow ones may outlast an iteration, which then has that one sample.
 */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 3, time = 3)
@Fork(
    value = 1,
    jvmArgsAppend = {
      "-XX:+UseG1GC",
      "--add-modules=jdk.incubator.vector",
      "--enable-native-access=ALL-UNNAMED"
    })
public class ConvAttentionPeersBenchmark {
  private static final int D = 64;

  /**
   * One way to attend, every element of its output checked against our exact attention: all rows
   * relative to the greatest element, then the second half, whose averages over many values are
   * small, relative to its own greatest.
   */
  @State(Scope.Benchmark)
  public abstract static class Head {
    /** Sequence length. */
    @Param({"4096", "16384", "65536"})
    public int n;

    /** Segments of the input and terms allowed. */
    @Param("64")
    public int terms;

    // Where every normaliser is large, and outputs are small, all must be close.
    private static final double LATE_TOLERANCE = 1e-4;

    private HeadTensor output;

    /** Makes what is timed. */
    abstract void prepare(AttentionInputs inputs);

    /** Attends and returns the output. */
    abstract float[] result();

    /** Returns how far the output may be from exact, relative to its greatest element. */
    abstract double tolerance();

    /** Makes the inputs, and checks. */
    @Setup(Level.Trial)
    public void check() {
      AttentionInputs inputs = Inputs.segmented(n, D, terms);
      output = HeadTensor.allocate(true, 1, n, D);
      new ExactAttention(Backends.select("simd"))
          .forward(inputs, output, Parallelism.sequential());
      float[] exact = output.floats().clone();
      prepare(inputs);
      float[] result = result();
      Agreement.require(this + ", all rows", exact, result, tolerance());
      int half = exact.length / 2;
      Agreement.require(
          this + ", second half",
          Arrays.copyOfRange(exact, half, exact.length),
          Arrays.copyOfRange(result, half, exact.length),
          LATE_TOLERANCE);
    }

    final HeadTensor output() {
      return output;
    }
  }

  /** Conv-basis attention: guards its rows at 1e-4 of the greatest value, promises no more. */
  @State(Scope.Benchmark)
  public static class ConvBasis extends Head {
    private AttentionInputs inputs;
    private ConvAttention attention;
    private AttentionWorkspace workspace;

    @Override
    void prepare(AttentionInputs inputs) {
      this.inputs = inputs;
      Backend simd = Backends.select("simd");
      attention = ConvAttention.of(simd, ConvBasisRecovery.ofTerms(terms));
      workspace = AttentionWorkspace.of(simd);
    }

    @Override
    float[] result() {
      attention.forward(inputs, output(), workspace, Parallelism.sequential());
      return output().floats();
    }

    @Override
    public String toString() {
      return "conv-basis";
    }

    @Override
    double tolerance() {
      return 1e-4;
    }
  }

  /** Our exact attention; its check is of two runs being the same. */
  @State(Scope.Benchmark)
  public static class Exact extends Head {
    private AttentionInputs inputs;
    private ExactAttention attention;

    @Override
    void prepare(AttentionInputs inputs) {
      this.inputs = inputs;
      attention = new ExactAttention(Backends.select("simd"));
    }

    @Override
    float[] result() {
      attention.forward(inputs, output(), Parallelism.sequential());
      return output().floats();
    }

    @Override
    public String toString() {
      return "exact";
    }

    @Override
    double tolerance() {
      return 0;
    }
  }

  /** PyTorch: float32 logits and sums in another order, some tens of roundings of 6e-8. */
  @State(Scope.Benchmark)
  public static class PyTorch extends Head {
    private PyTorchAttention attention;

    @Override
    void prepare(AttentionInputs inputs) {
      attention = new PyTorchAttention(inputs);
    }

    @Override
    float[] result() {
      return attention.result();
    }

    @Override
    public String toString() {
      return "PyTorch";
    }

    @Override
    double tolerance() {
      return 1e-5;
    }
  }

  /**
   * The paper's form: the rounding of full-length float32 transforms, which grows as √n, lands
   * unguarded on the first rows, whose normaliser is small.
   */
  @State(Scope.Benchmark)
  public static class Paper extends Head {
    private PaperForm form;

    @Override
    void prepare(AttentionInputs inputs) {
      form = new PaperForm(inputs, terms);
    }

    @Override
    float[] result() {
      return form.attend();
    }

    @Override
    public String toString() {
      return "paper's form";
    }

    @Override
    double tolerance() {
      return 2e-2;
    }
  }

  /**
   * Recovers and attends.
   *
   * @param ours inputs
   * @return the output
   */
  @Benchmark
  public float[] convBasis(ConvBasis ours) {
    return ours.result();
  }

  /**
   * Attends exactly.
   *
   * @param ours inputs
   * @return the output
   */
  @Benchmark
  public float[] exact(Exact ours) {
    return ours.result();
  }

  /**
   * Attends with PyTorch.
   *
   * @param peer inputs
   * @return something of the output
   */
  @Benchmark
  public long pytorch(PyTorch peer) {
    return peer.attention.attend();
  }

  /**
   * Applies a given basis as the paper writes it: few calls, as each takes seconds.
   *
   * @param peer basis and values
   * @return the output
   */
  @Benchmark
  @Warmup(iterations = 1, time = 1)
  @Measurement(iterations = 3, time = 1)
  public float[] paperForm(Paper peer) {
    return peer.result();
  }
}
