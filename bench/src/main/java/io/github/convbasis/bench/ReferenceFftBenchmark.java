package io.github.convbasis.bench;

import io.github.convbasis.fft.ComplexFft;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.jtransforms.fft.DoubleFFT_1D;
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
import org.visnow.jlargearrays.ConcurrencyUtils;

/** One complex transform pair in double: the scalar reference beside JTransforms, one thread. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 3, time = 2)
@Fork(2)
public class ReferenceFftBenchmark {
  /** Complex elements. */
  @Param({"256", "4096", "65536"})
  public int size;

  private ComplexFft reference;
  private DoubleFFT_1D peer;
  private double[] re;
  private double[] im;
  private double[] interleaved;

  /** Makes plans and data. */
  @Setup(Level.Trial)
  public void prepare() {
    ConcurrencyUtils.setNumberOfThreads(1);
    reference = new ComplexFft(size);
    peer = new DoubleFFT_1D(size);
    SplittableRandom random = new SplittableRandom(1);
    re = random.doubles(size).toArray();
    im = random.doubles(size).toArray();
    interleaved = random.doubles(2L * size).toArray();
  }

  /**
   * Transforms there and back by the reference.
   *
   * @return the data, so that nothing is optimised away
   */
  @Benchmark
  public double[] reference() {
    reference.forward(re, im);
    reference.inverse(re, im);
    return re;
  }

  /**
   * Transforms there and back by JTransforms.
   *
   * @return the data, so that nothing is optimised away
   */
  @Benchmark
  public double[] jtransforms() {
    peer.complexForward(interleaved);
    peer.complexInverse(interleaved, true);
    return interleaved;
  }
}
