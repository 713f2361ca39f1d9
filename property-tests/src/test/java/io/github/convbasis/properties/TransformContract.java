package io.github.convbasis.properties;

import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/**
 * Complex transforms of a batch of columns against their definition, JTransforms and their own
 * algebra. The seam has no transforms, so a binding adapts what its module has.
 */
abstract class TransformContract implements BackendContract {
  /** Columns of complex numbers: for each its real and imaginary parts. */
  record Batch(double[][] re, double[][] im) {
    Batch copy() {
      return new Batch(clone(re), clone(im));
    }

    private static double[][] clone(double[][] columns) {
      return Arrays.stream(columns).map(double[]::clone).toArray(double[][]::new);
    }

    double norm(int column) {
      return Math.hypot(Reference.norm2(re[column]), Reference.norm2(im[column]));
    }
  }

  /** Transforms of one size, in place, in natural order. */
  interface Transform {
    void forward(Batch batch);

    /** With the factor 1/N. */
    void inverse(Batch batch);
  }

  /** Columns of a batch. */
  abstract int columns();

  abstract Transform transform(int size);

  private Batch batch(SignalSample sample, int firstLane) {
    Batch batch = new Batch(new double[columns()][], new double[columns()][]);
    for (int column = 0; column < columns(); column++) {
      batch.re[column] = stored(sample.lane(firstLane + 2 * column));
      batch.im[column] = stored(sample.lane(firstLane + 2 * column + 1));
    }
    return batch;
  }

  /** As numbers of the arithmetic: rounding equal inputs alike would add up in one frequency. */
  private double[] stored(double[] x) {
    boolean narrow = unitRoundoff() == Tolerances.FLOAT;
    return Arrays.stream(x).map(value -> narrow ? (float) value : value).toArray();
  }

  private Batch transformed(Batch batch) {
    Batch copy = batch.copy();
    transform(batch.re[0].length).forward(copy);
    return copy;
  }

  private double unit(int size, double norm) {
    return Tolerances.fft(unitRoundoff(), size, norm);
  }

  @Property
  void forwardIsTheDiscreteFourierTransform(
      @ForAll(supplier = SignalSample.ShortTransform.class) SignalSample sample) {
    int n = sample.n();
    Batch x = batch(sample, 0);
    Batch actual = transformed(x);
    double[] cosines = new double[n];
    double[] sines = new double[n];
    Arrays.setAll(cosines, t -> Math.cos(2 * Math.PI * t / n));
    Arrays.setAll(sines, t -> Math.sin(2 * Math.PI * t / n));
    for (int column = 0; column < columns(); column++) {
      double unit = unit(n, x.norm(column));
      for (int f = 0; f < n; f++) {
        Reference.Accumulator re = new Reference.Accumulator();
        Reference.Accumulator im = new Reference.Accumulator();
        for (int t = 0; t < n; t++) {
          int angle = f * t % n;
          re.addProduct(x.re[column][t], cosines[angle]);
          re.addProduct(x.im[column][t], sines[angle]);
          im.addProduct(-x.re[column][t], sines[angle]);
          im.addProduct(x.im[column][t], cosines[angle]);
        }
        Tolerances tolerance = Tolerances.COMPLEX_TRANSFORM;
        tolerance.require(actual.re[column][f] - re.value(), unit, "real " + f);
        tolerance.require(actual.im[column][f] - im.value(), unit, "imaginary " + f);
      }
    }
  }

  @Property
  void forwardAgreesWithJTransforms(
      @ForAll(supplier = SignalSample.LongTransform.class) SignalSample sample) {
    Batch x = batch(sample, 0);
    Batch actual = transformed(x);
    for (int column = 0; column < columns(); column++) {
      double[] expected = OutsideTransforms.forward(x.re[column], x.im[column]);
      double unit = unit(sample.n(), x.norm(column));
      for (int f = 0; f < sample.n(); f++) {
        Tolerances tolerance = Tolerances.OUTSIDE_TRANSFORM;
        tolerance.require(actual.re[column][f] - expected[2 * f], unit, "real " + f);
        tolerance.require(actual.im[column][f] - expected[2 * f + 1], unit, "imaginary " + f);
      }
    }
  }

  @Property
  void inverseUndoesForward(
      @ForAll(supplier = SignalSample.LongTransform.class) SignalSample sample) {
    Batch x = batch(sample, 0);
    Batch back = transformed(x);
    transform(sample.n()).inverse(back);
    for (int column = 0; column < columns(); column++) {
      double unit = unit(sample.n(), x.norm(column));
      Tolerances.COMPLEX_ROUND_TRIP.requireClose(back.re[column], x.re[column], unit);
      Tolerances.COMPLEX_ROUND_TRIP.requireClose(back.im[column], x.im[column], unit);
    }
  }

  @Property
  void forwardIsLinear(
      @ForAll(supplier = SignalSample.LongTransform.class) SignalSample sample,
      @ForAll @IntRange(min = -9, max = 9) int factor) {
    Batch x = batch(sample, 0);
    Batch y = batch(sample, 2 * columns());
    for (int column = 0; column < columns(); column++) {
      roundTogether(x.re[column], y.re[column]);
      roundTogether(x.im[column], y.im[column]);
    }
    Batch combined = x.copy();
    add(combined, factor, y);
    Batch actual = transformed(combined);
    Batch expected = transformed(x);
    add(expected, factor, transformed(y));
    for (int column = 0; column < columns(); column++) {
      double norms = x.norm(column) + Math.abs(factor) * y.norm(column);
      double unit = unit(sample.n(), norms);
      Tolerances.COMPLEX_LINEARITY.requireClose(actual.re[column], expected.re[column], unit);
      Tolerances.COMPLEX_LINEARITY.requireClose(actual.im[column], expected.im[column], unit);
    }
  }

  /** Leaves 12 bits of the greatest of both, so that small multiples add up exactly. */
  private static void roundTogether(double[] x, double[] y) {
    double greatest = Math.max(Reference.normSup(x), Reference.normSup(y));
    double step = Math.scalb(1.0, Math.getExponent(greatest) - 11);
    for (int t = 0; t < x.length; t++) {
      x[t] = Math.rint(x[t] / step) * step;
      y[t] = Math.rint(y[t] / step) * step;
    }
  }

  private static void add(Batch sum, int factor, Batch batch) {
    for (int column = 0; column < sum.re.length; column++) {
      for (int t = 0; t < sum.re[column].length; t++) {
        sum.re[column][t] += factor * batch.re[column][t];
        sum.im[column][t] += factor * batch.im[column][t];
      }
    }
  }

  /** Parseval. */
  @Property
  void forwardKeepsTheEnergy(
      @ForAll(supplier = SignalSample.LongTransform.class) SignalSample sample) {
    Batch x = batch(sample, 0);
    Batch spectrum = transformed(x);
    for (int column = 0; column < columns(); column++) {
      double before = Math.sqrt(sample.n()) * x.norm(column);
      double unit = unit(sample.n(), before);
      Tolerances.COMPLEX_ENERGY.require(
          spectrum.norm(column) - before, unit, "norm of column " + column);
    }
  }

  /** EXACT: an impulse at 0 meets no twiddle but 1, and nothing but zeros. */
  @Property
  void anImpulseAtTheStartIsConstant(
      @ForAll @IntRange(min = 0, max = 12) int log, @ForAll @IntRange(min = 1, max = 9) int size) {
    int n = 1 << log;
    Batch x = new Batch(new double[columns()][n], new double[columns()][n]);
    for (int column = 0; column < columns(); column++) {
      x.re[column][0] = size + column;
      x.im[column][0] = -size;
    }
    Batch spectrum = transformed(x);
    for (int column = 0; column < columns(); column++) {
      for (int f = 0; f < n; f++) {
        Tolerances.requireSameBits(spectrum.re[column][f], size + column, "real " + f);
        Tolerances.requireSameBits(spectrum.im[column][f], -size, "imaginary " + f);
      }
    }
  }
}
