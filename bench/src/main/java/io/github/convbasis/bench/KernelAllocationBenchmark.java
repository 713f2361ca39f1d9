package io.github.convbasis.bench;

import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.simd.Lanes;
import io.github.convbasis.simd.exact.AttentionScratch;
import io.github.convbasis.simd.exact.ExactAttentionKernel;
import io.github.convbasis.simd.fft.BatchFft;
import io.github.convbasis.simd.fft.FloatScratch;
import io.github.convbasis.simd.fft.RealBatchFft;
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
 * Kernels with their work space given, for {@code -prof gc}: {@code gc.alloc.rate.norm} must be 0
 * bytes per call, else a vector was boxed. The data are zeros, a fixed point of every transform;
 * the times are beside the point.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(
    value = 1,
    jvmArgsAppend = {"-XX:+UseG1GC", "--add-modules=jdk.incubator.vector"})
public class KernelAllocationBenchmark {

  /** Transforms of one group of columns. */
  @State(Scope.Benchmark)
  public static class Transforms {
    /** Samples of a column: an even and an odd power of two. */
    @Param({"256", "2048", "16384"})
    public int size;

    private BatchFft fft;
    private RealBatchFft realFft;
    private float[] data;
    private float[] re;
    private float[] im;

    /** Plans and allocates. */
    @Setup(Level.Trial)
    public void prepare() {
      fft = new BatchFft(size);
      realFft = new RealBatchFft(size);
      data = FloatScratch.allocate((long) size * BatchFft.ROW);
      re = FloatScratch.allocate((size / 2 + 1L) * Lanes.COUNT);
      im = FloatScratch.allocate((size / 2 + 1L) * Lanes.COUNT);
    }
  }

  /** Exact attention of one head. */
  @State(Scope.Benchmark)
  public static class Rows {
    /** Sequence length. */
    @Param("4096")
    public int n;

    private AttentionInputs inputs;
    private HeadTensor output;
    private AttentionScratch scratch;
    private int[] scattered;

    /** Allocates. */
    @Setup(Level.Trial)
    public void prepare() {
      inputs = Inputs.gaussian(n, 64);
      output = HeadTensor.allocate(true, 1, n, 64);
      scratch = AttentionScratch.of(inputs);
      scattered = new int[n / 16];
      for (int i = 0; i < scattered.length; i++) {
        scattered[i] = 16 * i;
      }
    }
  }

  /**
   * Transforms.
   *
   * @param given plan and data
   * @return the data
   */
  @Benchmark
  public float[] forward(Transforms given) {
    given.fft.forward(given.data, FloatScratch.OFFSET);
    return given.data;
  }

  /**
   * Transforms columns whose second half is zero.
   *
   * @param given plan and data
   * @return the data
   */
  @Benchmark
  public float[] forwardPadded(Transforms given) {
    given.fft.forwardPadded(given.data, FloatScratch.OFFSET);
    return given.data;
  }

  /**
   * Transforms back.
   *
   * @param given plan and data
   * @return the data
   */
  @Benchmark
  public float[] inverse(Transforms given) {
    given.fft.inverse(given.data, FloatScratch.OFFSET);
    return given.data;
  }

  /**
   * Transforms back where only the second half is wanted.
   *
   * @param given plan and data
   * @return the data
   */
  @Benchmark
  public float[] inverseUpperHalf(Transforms given) {
    given.fft.inverseUpperHalf(given.data, FloatScratch.OFFSET);
    return given.data;
  }

  /**
   * Transforms real columns.
   *
   * @param given plan and data
   * @return the real parts
   */
  @Benchmark
  public float[] realForward(Transforms given) {
    given.realFft.forwardDoubled(
        given.data, FloatScratch.OFFSET, given.re, given.im, FloatScratch.OFFSET, Lanes.COUNT);
    return given.re;
  }

  /**
   * Attends in the last sixteenth of the rows.
   *
   * @param given inputs and work space
   * @return the output
   */
  @Benchmark
  public HeadTensor exactRows(Rows given) {
    int from = given.n - given.n / 16;
    ExactAttentionKernel.attend(given.inputs, 0, from, given.n, given.output, given.scratch);
    return given.output;
  }

  /**
   * Attends in every sixteenth row.
   *
   * @param given inputs and work space
   * @return the output
   */
  @Benchmark
  public HeadTensor scatteredExactRows(Rows given) {
    ExactAttentionKernel.attendRows(
        given.inputs, 0, given.scattered, 0, given.scattered.length, given.output, given.scratch);
    return given.output;
  }
}
