package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.convbasis.fft.ComplexFft;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** The complex transform against its definition and its own algebra. */
class ComplexFftProperties {

  /** Two lanes of a sample as one complex vector. */
  private record Complex(double[] re, double[] im) {
    static Complex of(SignalSample sample) {
      return new Complex(sample.lane(0), sample.lane(1));
    }

    Complex transformed() {
      Complex copy = new Complex(re.clone(), im.clone());
      new ComplexFft(re.length).forward(copy.re, copy.im);
      return copy;
    }

    double norm() {
      return Math.hypot(Reference.norm2(re), Reference.norm2(im));
    }
  }

  @Property
  void forwardIsTheDiscreteFourierTransform(
      @ForAll(supplier = SignalSample.ShortTransform.class) SignalSample sample) {
    Complex x = Complex.of(sample);
    Complex actual = x.transformed();
    double unit = Tolerances.fft(Tolerances.DOUBLE, sample.n(), x.norm());
    for (int f = 0; f < sample.n(); f++) {
      double[] expected = definition(x, f);
      Tolerances.COMPLEX_TRANSFORM.require(actual.re[f] - expected[0], unit, "real " + f);
      Tolerances.COMPLEX_TRANSFORM.require(actual.im[f] - expected[1], unit, "imaginary " + f);
    }
  }

  /** Returns Σ_t x[t]·e^(-2πi·f·t/N); f·t is reduced modulo N so that the angle stays small. */
  private static double[] definition(Complex x, int f) {
    int n = x.re.length;
    Reference.Accumulator re = new Reference.Accumulator();
    Reference.Accumulator im = new Reference.Accumulator();
    for (int t = 0; t < n; t++) {
      double angle = -2 * Math.PI * (f * t % n) / n;
      re.addProduct(x.re[t], Math.cos(angle));
      re.addProduct(-x.im[t], Math.sin(angle));
      im.addProduct(x.re[t], Math.sin(angle));
      im.addProduct(x.im[t], Math.cos(angle));
    }
    return new double[] {re.value(), im.value()};
  }

  @Property
  void inverseUndoesForward(
      @ForAll(supplier = SignalSample.LongTransform.class) SignalSample sample) {
    Complex x = Complex.of(sample);
    Complex back = x.transformed();
    new ComplexFft(sample.n()).inverse(back.re, back.im);
    double unit = Tolerances.fft(Tolerances.DOUBLE, sample.n(), x.norm());
    Tolerances.COMPLEX_ROUND_TRIP.requireClose(back.re, x.re, unit);
    Tolerances.COMPLEX_ROUND_TRIP.requireClose(back.im, x.im, unit);
  }

  @Property
  void forwardIsLinear(
      @ForAll(supplier = SignalSample.LongTransform.class) SignalSample sample,
      @ForAll @IntRange(min = -9, max = 9) int factor) {
    Complex x = Complex.of(sample);
    Complex y = new Complex(sample.lane(2), sample.lane(3));
    Complex combined = new Complex(x.re.clone(), x.im.clone());
    for (int t = 0; t < sample.n(); t++) {
      combined.re[t] += factor * y.re[t];
      combined.im[t] += factor * y.im[t];
    }
    Complex actual = combined.transformed();
    Complex left = x.transformed();
    Complex right = y.transformed();
    double norms = x.norm() + Math.abs(factor) * y.norm();
    double unit = Tolerances.fft(Tolerances.DOUBLE, sample.n(), norms);
    for (int f = 0; f < sample.n(); f++) {
      double re = left.re[f] + factor * right.re[f];
      double im = left.im[f] + factor * right.im[f];
      Tolerances.COMPLEX_LINEARITY.require(actual.re[f] - re, unit, "real " + f);
      Tolerances.COMPLEX_LINEARITY.require(actual.im[f] - im, unit, "imaginary " + f);
    }
  }

  @Property
  void forwardKeepsTheEnergy(
      @ForAll(supplier = SignalSample.LongTransform.class) SignalSample sample) {
    Complex x = Complex.of(sample);
    double before = Math.sqrt(sample.n()) * x.norm();
    double after = x.transformed().norm();
    double unit = Tolerances.fft(Tolerances.DOUBLE, sample.n(), before);
    Tolerances.COMPLEX_ENERGY.require(after - before, unit, "norm of the spectrum");
  }

  @Property
  void paddedSizeIsTheLeastPowerOfTwoThatFits(@ForAll @IntRange(min = 1, max = 1 << 30) int n) {
    int padded = ComplexFft.paddedSize(n);
    assertEquals(1, Integer.bitCount(padded), "powers of two in " + padded);
    assertEquals(true, padded >= n && padded / 2 < n, padded + " for " + n);
  }
}
