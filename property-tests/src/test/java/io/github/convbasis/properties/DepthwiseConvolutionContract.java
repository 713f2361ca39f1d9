package io.github.convbasis.properties;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.conv.CausalConvolution;
import io.github.convbasis.matrix.HeadTensor;
import java.util.Arrays;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Convolution of each column with a kernel of its own is the direct sum. */
abstract class DepthwiseConvolutionContract extends ProductContract {

  /** Kernels and columns by their recipe. */
  record Sample(SignalSample kernel, ColumnsSample columns) implements Product.Sample {
    double[][] kernels() {
      double[][] kernels = new double[columns.columns()][];
      Arrays.setAll(kernels, kernel::lane);
      return kernels;
    }

    @Override
    public Product plan(Backend backend) {
      double[][] kernels = kernels();
      return new CausalConvolutionContract.Convolution(
          kernels, false, CausalConvolution.depthwise(backend, kernels));
    }
  }

  @Override
  Arbitrary<Product.Sample> samples() {
    return CausalConvolutionContract.signals().map(both -> new Sample(both.get1(), both.get2()));
  }

  @Override
  Tolerances tolerance() {
    return Tolerances.CONVOLUTION;
  }

  @Property
  void equalKernelsAreASharedOne(
      @ForAll("products") Product.Sample sample, @ForAll boolean transpose) {
    double[] kernel = ((Sample) sample).kernel().lane(0);
    double[][] copies = new double[sample.columns().columns()][];
    Arrays.fill(copies, kernel);
    Product depthwise =
        new CausalConvolutionContract.Convolution(
            copies, false, CausalConvolution.depthwise(backend(), copies));
    Product shared =
        new CausalConvolutionContract.Convolution(
            copies, true, CausalConvolution.of(backend(), kernel));
    HeadTensor input = sample.columns().input(kernel.length);
    HeadTensor expected = sample.columns().blankOutput(kernel.length);
    HeadTensor actual = sample.columns().blankOutput(kernel.length);
    Parallelism alone = Parallelism.sequential();
    shared.multiply(transpose, input, expected, backend().newWorkspace(), alone);
    depthwise.multiply(transpose, input, actual, backend().newWorkspace(), alone);
    for (int head = 0; head < input.heads(); head++) {
      double[] units = units(shared, transpose, input, head);
      for (int c = 0; c < input.width(); c++) {
        Tolerances.CONVOLUTION.requireClose(
            ColumnsSample.column(actual, head, c),
            ColumnsSample.column(expected, head, c),
            2 * units[c]);
      }
    }
  }

  /** EXACT: a column's bits come from its own kernel and its own elements. */
  @Property
  void columnsDoNotDependOnEachOther(
      @ForAll("products") Product.Sample sample, @ForAll boolean transpose) {
    double[][] kernels = ((Sample) sample).kernels();
    int n = kernels[0].length;
    int width = kernels.length;
    double[] x = Arrays.copyOf(sample.columns().elements(n), n * width);
    double[] all = sample.plan(backend()).multiply(transpose, x, width);
    int c = (int) Math.floorMod(sample.columns().seed(), (long) width);
    double[] column = ColumnsSample.column(HeadTensor.of(x, 1, n, width), 0, c);
    double[][] own = {kernels[c]};
    Product alone =
        new CausalConvolutionContract.Convolution(
            own, false, CausalConvolution.depthwise(backend(), own));
    Tolerances.requireSameBits(
        ColumnsSample.column(HeadTensor.of(all, 1, n, width), 0, c),
        alone.multiply(transpose, column, 1),
        "column " + c);
  }
}
