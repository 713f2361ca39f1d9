package io.github.convbasis.properties;

import io.github.convbasis.fft.RealFft;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** The real transform against JTransforms. */
class OutsideTransformProperties {

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
}
