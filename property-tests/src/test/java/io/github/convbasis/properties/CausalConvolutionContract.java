package io.github.convbasis.properties;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.conv.CausalConvolution;
import io.github.convbasis.matrix.HeadTensor;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Tuple;

/** conv(a) and its transpose, for one kernel, are the direct sums, and what others compute. */
abstract class CausalConvolutionContract extends ProductContract {

  /** A kernel and columns by their recipe. */
  record Sample(SignalSample kernel, ColumnsSample columns) implements Product.Sample {
    @Override
    public Product plan(Backend backend) {
      double[] a = kernel.lane(0);
      return new Convolution(new double[][] {a}, true, CausalConvolution.of(backend, a));
    }
  }

  /** A convolution with one kernel, or with one for each column. */
  record Convolution(double[][] kernels, boolean shared, CausalConvolution planned)
      implements Product {
    private double[] kernel(int column) {
      return kernels[shared ? 0 : column];
    }

    @Override
    public int size() {
      return planned.size();
    }

    @Override
    public void multiply(
        boolean transpose,
        HeadTensor input,
        HeadTensor output,
        Workspace workspace,
        Parallelism parallelism) {
      if (transpose) {
        planned.applyTranspose(input, output, workspace, parallelism);
      } else {
        planned.apply(input, output, workspace, parallelism);
      }
    }

    @Override
    public double[] multiply(boolean transpose, double[] input, int columns) {
      return transpose ? planned.applyTranspose(input, columns) : planned.apply(input, columns);
    }

    @Override
    public double[] expected(boolean transpose, int column, double[] input) {
      return transpose
          ? reversed(Reference.convolve(kernel(column), reversed(input)))
          : Reference.convolve(kernel(column), input);
    }

    @Override
    public double norms(boolean transpose, int column, double[] input) {
      return Reference.norm2(kernel(column)) * Reference.norm2(input);
    }

    @Override
    public boolean columnsShareRounding() {
      return shared;
    }
  }

  static double[] reversed(double[] x) {
    double[] result = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      result[i] = x[x.length - 1 - i];
    }
    return result;
  }

  /** Lengths up to 130 and any number of columns; in one of twelve up to 1,500 and few columns. */
  static Arbitrary<Tuple.Tuple2<SignalSample, ColumnsSample>> signals() {
    return Arbitraries.frequencyOf(
        Tuple.of(
            11,
            Combinators.combine(new SignalSample.ShortConvolution().get(), ColumnsSample.any())
                .as(Tuple::of)),
        Tuple.of(
            1,
            Combinators.combine(new SignalSample.LongConvolution().get(), ColumnsSample.of(3))
                .as(Tuple::of)));
  }

  @Override
  Arbitrary<Product.Sample> samples() {
    return signals().map(both -> new Sample(both.get1(), both.get2()));
  }

  @Override
  Tolerances tolerance() {
    return Tolerances.CONVOLUTION;
  }

  @Property
  void anyLengthAgreesWithJTransforms(
      @ForAll(supplier = SignalSample.LongConvolution.class) SignalSample sample) {
    double[] kernel = sample.lane(0);
    double[] x = sample.lane(1);
    CausalConvolution convolution = CausalConvolution.of(backend(), kernel);
    double norms = Reference.norm2(kernel) * Reference.norm2(x);
    double unit = Tolerances.fft(unitRoundoff(), 2 * sample.n(), norms);
    Tolerances.OUTSIDE_CONVOLUTION.requireClose(
        convolution.apply(x, 1), OutsideTransforms.convolve(kernel, x), unit);
    Tolerances.OUTSIDE_CONVOLUTION.requireClose(
        convolution.applyTranspose(x, 1),
        reversed(OutsideTransforms.convolve(kernel, reversed(x))),
        unit);
  }
}
