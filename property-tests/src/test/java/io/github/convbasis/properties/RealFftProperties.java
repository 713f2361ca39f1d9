package io.github.convbasis.properties;

import io.github.convbasis.fft.ComplexFft;
import io.github.convbasis.fft.RealFft;
import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** The real transform against the complex one. */
class RealFftProperties {

  @Property
  void forwardIsTheComplexTransformOfRealNumbers(
      @ForAll(supplier = SignalSample.LongTransform.class) SignalSample sample) {
    double[] x = sample.lane(0);
    RealFft fft = new RealFft(sample.n());
    double[] re = dirty(fft.spectrumSize());
    double[] im = dirty(fft.spectrumSize());
    double[] untouched = x.clone();
    fft.forward(x, re, im);
    Tolerances.requireSameBits(x, untouched, "samples after the transform");

    double[] expectedRe = x.clone();
    double[] expectedIm = new double[sample.n()];
    new ComplexFft(sample.n()).forward(expectedRe, expectedIm);
    double unit = Tolerances.fft(Tolerances.DOUBLE, sample.n(), Reference.norm2(x));
    int bins = fft.spectrumSize();
    Tolerances.REAL_TRANSFORM.requireClose(re, Arrays.copyOf(expectedRe, bins), unit);
    Tolerances.REAL_TRANSFORM.requireClose(im, Arrays.copyOf(expectedIm, bins), unit);
  }

  @Property
  void theFirstAndTheLastBinAreReal(
      @ForAll(supplier = SignalSample.LongTransform.class) SignalSample sample) {
    RealFft fft = new RealFft(sample.n());
    double[] re = new double[fft.spectrumSize()];
    double[] im = new double[fft.spectrumSize()];
    fft.forward(sample.lane(0), re, im);
    // Adding zero makes both zeros positive.
    Tolerances.requireSameBits(im[0] + 0.0, 0.0, "imaginary part of bin 0");
    Tolerances.requireSameBits(im[sample.n() / 2] + 0.0, 0.0, "imaginary part of the last bin");
  }

  @Property
  void inverseUndoesForward(
      @ForAll(supplier = SignalSample.LongTransform.class) SignalSample sample) {
    double[] x = sample.lane(0);
    RealFft fft = new RealFft(sample.n());
    double[] re = new double[fft.spectrumSize()];
    double[] im = new double[fft.spectrumSize()];
    fft.forward(x, re, im);
    double[] back = dirty(sample.n());
    fft.inverse(re, im, back);
    double unit = Tolerances.fft(Tolerances.DOUBLE, sample.n(), Reference.norm2(x));
    Tolerances.REAL_ROUND_TRIP.requireClose(back, x, unit);
  }

  /** Work space as a caller may hand it in: a result that depends on it turns into NaN. */
  private static double[] dirty(int length) {
    double[] x = new double[length];
    Arrays.fill(x, Double.NaN);
    return x;
  }
}
