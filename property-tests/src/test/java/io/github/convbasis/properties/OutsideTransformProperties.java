package io.github.convbasis.properties;

import io.github.convbasis.backend.Backends;
import io.github.convbasis.conv.CausalConvolution;
import io.github.convbasis.fft.ComplexFft;
import io.github.convbasis.fft.RealFft;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Transforms and convolution against JTransforms. */
class OutsideTransformProperties {

  @Property
  void complexTransformAgrees(
      @ForAll(supplier = SignalSample.LongTransform.class) SignalSample sample) {
    double[] re = sample.lane(0);
    double[] im = sample.lane(1);
    double[] expected = OutsideTransforms.forward(re, im);
    double norm = Math.hypot(Reference.norm2(re), Reference.norm2(im));
    new ComplexFft(sample.n()).forward(re, im);
    requireSpectrum(re, im, expected, sample.n(), norm);
  }

  @Property
  void realTransformAgrees(
      @ForAll(supplier = SignalSample.LongTransform.class) SignalSample sample) {
    double[] x = sample.lane(0);
    RealFft fft = new RealFft(sample.n());
    double[] re = new double[fft.spectrumSize()];
    double[] im = new double[fft.spectrumSize()];
    fft.forward(x, re, im);
    double[] expected = OutsideTransforms.forward(x, new double[sample.n()]);
    requireSpectrum(re, im, expected, fft.spectrumSize(), Reference.norm2(x));
  }

  private static void requireSpectrum(
      double[] re, double[] im, double[] expected, int bins, double norm) {
    double unit = Tolerances.fft(Tolerances.DOUBLE, expected.length / 2, norm);
    for (int f = 0; f < bins; f++) {
      Tolerances.OUTSIDE_TRANSFORM.require(re[f] - expected[2 * f], unit, "real " + f);
      Tolerances.OUTSIDE_TRANSFORM.require(im[f] - expected[2 * f + 1], unit, "imaginary " + f);
    }
  }

  @Property
  void causalConvolutionAgreesForAnyLength(
      @ForAll(supplier = SignalSample.LongConvolution.class) SignalSample sample) {
    double[] kernel = sample.lane(0);
    double[] x = sample.lane(1);
    double norms = Reference.norm2(kernel) * Reference.norm2(x);
    double unit = Tolerances.fft(Tolerances.DOUBLE, 2 * sample.n(), norms);
    double[] actual = CausalConvolution.of(Backends.scalar(), kernel).apply(x, 1);
    Tolerances.OUTSIDE_CONVOLUTION.requireClose(
        actual, OutsideTransforms.convolve(kernel, x), unit);
  }

  @Property
  void causalCorrelationIsTheReversedConvolution(
      @ForAll(supplier = SignalSample.LongConvolution.class) SignalSample sample) {
    double[] kernel = sample.lane(0);
    double[] y = sample.lane(1);
    double norms = Reference.norm2(kernel) * Reference.norm2(y);
    double unit = Tolerances.fft(Tolerances.DOUBLE, 2 * sample.n(), norms);
    double[] actual = CausalConvolution.of(Backends.scalar(), kernel).applyTranspose(y, 1);
    double[] expected = reversed(OutsideTransforms.convolve(kernel, reversed(y)));
    Tolerances.OUTSIDE_CONVOLUTION.requireClose(actual, expected, unit);
  }

  private static double[] reversed(double[] x) {
    double[] result = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      result[i] = x[x.length - 1 - i];
    }
    return result;
  }
}
