package io.github.convbasis.properties;

import io.github.convbasis.backend.Backends;
import io.github.convbasis.conv.CausalConvolution;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** conv(a) and its transpose against the direct sum. */
class CausalConvolutionProperties {

  @Property
  void applyIsTheDirectSum(
      @ForAll(supplier = SignalSample.ShortConvolution.class) SignalSample sample) {
    double[] kernel = sample.lane(0);
    double[] x = sample.lane(1);
    double[] expected = Reference.product(Reference.toeplitz(kernel), x);
    Tolerances.CONVOLUTION.requireClose(
        CausalConvolution.of(Backends.scalar(), kernel).apply(x, 1), expected, unit(kernel, x));
  }

  @Property
  void applyTransposeIsTheDirectSum(
      @ForAll(supplier = SignalSample.ShortConvolution.class) SignalSample sample) {
    double[] kernel = sample.lane(0);
    double[] y = sample.lane(1);
    double[][] transposed = Reference.transpose(Reference.toeplitz(kernel));
    Tolerances.CONVOLUTION.requireClose(
        CausalConvolution.of(Backends.scalar(), kernel).applyTranspose(y, 1),
        Reference.product(transposed, y),
        unit(kernel, y));
  }

  /** An impulse in a row tells what leaks to earlier rows: rounding and no more. */
  @Property
  void laterInputsDoNotReachEarlierOutputsButByRounding(
      @ForAll(supplier = SignalSample.ShortConvolution.class) SignalSample sample) {
    double[] kernel = sample.lane(0);
    double[] x = new double[sample.n()];
    int row = Math.floorMod(sample.seed(), sample.n());
    x[row] = sample.scale();
    double[] y = CausalConvolution.of(Backends.scalar(), kernel).apply(x, 1);
    for (int i = 0; i < row; i++) {
      Tolerances.CONVOLUTION.require(y[i], unit(kernel, x), "row " + i);
    }
  }

  private static double unit(double[] kernel, double[] x) {
    double norms = Reference.norm2(kernel) * Reference.norm2(x);
    return Tolerances.fft(Tolerances.DOUBLE, 2 * kernel.length, norms);
  }
}
