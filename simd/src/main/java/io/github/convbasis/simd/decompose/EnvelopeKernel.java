package io.github.convbasis.simd.decompose;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** The envelope of a segment that grows to a tolerance. Stateless and thread-safe. */
final class EnvelopeKernel {
  private static final VectorSpecies<Double> D = Doubles.SPECIES;
  private static final int L = D.length();

  private EnvelopeKernel() {}

  static boolean spanExceeds(
      double[] least, double[] greatest, double[] column, int count, double width) {
    if (width == Double.POSITIVE_INFINITY) {
      return false;
    }
    int t = 0;
    for (; t <= count - 2 * L; t += 2 * L) {
      LongVector even = excess(least, greatest, column, t, width);
      LongVector odd = excess(least, greatest, column, t + L, width);
      if (even.or(odd).reduceLanes(VectorOperators.OR) < 0) {
        return true;
      }
    }
    for (; t < count; t++) {
      if (Math.max(greatest[t], column[t]) - Math.min(least[t], column[t]) > width) {
        return true;
      }
    }
    return false;
  }

  /**
   * Returns numbers whose sign bit says whether a span exceeds a finite width: the difference has
   * the right sign under gradual underflow. A span, rounded too since rounding is monotone, is the
   * greatest of three differences; Java's maximum and minimum would take several instructions each.
   */
  private static LongVector excess(
      double[] least, double[] greatest, double[] column, int at, double width) {
    DoubleVector low = DoubleVector.fromArray(D, least, at);
    DoubleVector high = DoubleVector.fromArray(D, greatest, at);
    DoubleVector c = DoubleVector.fromArray(D, column, at);
    DoubleVector most = DoubleVector.broadcast(D, width);
    LongVector above = most.sub(c.sub(low)).reinterpretAsLongs();
    LongVector below = most.sub(high.sub(c)).reinterpretAsLongs();
    LongVector before = most.sub(high.sub(low)).reinterpretAsLongs();
    return above.or(below).or(before);
  }

  static void widen(double[] least, double[] greatest, double[] column, int count) {
    int t = 0;
    for (; t <= count - L; t += L) {
      DoubleVector c = DoubleVector.fromArray(D, column, t);
      DoubleVector.fromArray(D, least, t).min(c).intoArray(least, t);
      DoubleVector.fromArray(D, greatest, t).max(c).intoArray(greatest, t);
    }
    for (; t < count; t++) {
      least[t] = Math.min(least[t], column[t]);
      greatest[t] = Math.max(greatest[t], column[t]);
    }
  }

  static void midpoints(double[] least, double[] greatest, double[] middle, int count) {
    int t = 0;
    for (; t <= count - L; t += L) {
      DoubleVector low = DoubleVector.fromArray(D, least, t);
      DoubleVector span = DoubleVector.fromArray(D, greatest, t).sub(low);
      low.add(span.mul(0.5)).intoArray(middle, t);
    }
    for (; t < count; t++) {
      middle[t] = least[t] + (greatest[t] - least[t]) * 0.5;
    }
  }
}
