package io.github.convbasis.simd.spectral;

import io.github.convbasis.simd.Lanes;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Computes {@code e^x·2^(-exponent)} in double for many x.
 *
 * <p>The scale is a power of two, so it changes no digit: parts that were scaled differently agree
 * bit by bit after rescaling. {@code e^x = 2^k·e^f} with {@code |f| ≤ ln2/2} and the Taylor
 * polynomial of degree 9; relative error below 2e-11, far under the float rounding of all users.
 * Results under 2⁻¹⁰⁰⁰ become 0.
 *
 * <p>Stateless and thread-safe.
 */
final class ScaledExp {
  private static final VectorSpecies<Double> SPECIES =
      VectorSpecies.of(double.class, Lanes.FLOATS.vectorShape());
  private static final int LANES = SPECIES.length();

  private static final double LOG2_E = 1.4426950408889634;
  // ln2 in two parts; products of the first with integers below 2²⁰ are exact.
  private static final double LN2_HIGH = 6.93147180369123816490e-01;
  private static final double LN2_LOW = 1.90821492927058770002e-10;

  /** Added and subtracted, rounds to an integer and leaves it in the low bits. */
  private static final double ROUND = 0x1.8p52;

  private static final int SMALLEST_POWER = -1000;

  /** Logits up to here have exponents that fit an int with room to spare. */
  static final double MAX_LOGIT = 1e8;

  private ScaledExp() {}

  /**
   * Returns the least exponent that brings {@code e^logit} to at most 1, or one more.
   *
   * @param logit at most {@link #MAX_LOGIT} in size
   * @return {@code ⌈logit·log₂e⌉}
   */
  static int exponentOf(double logit) {
    return (int) Math.ceil(logit * LOG2_E);
  }

  /**
   * Returns {@code 2^power} rounded to float, 0 far below.
   *
   * @param power at most 127
   * @return the factor
   */
  static float power(long power) {
    return power < Float.MIN_EXPONENT
        ? 0
        : Float.intBitsToFloat((int) (power - Float.MIN_EXPONENT + 1) << 23);
  }

  /**
   * Replaces logits by their scaled exponentials.
   *
   * @param logits the numbers, none with {@code e^x·2^-exponent} above 2
   * @param from index of the first
   * @param count how many; up to a vector more is read and written
   * @param exponent the scale
   */
  static void apply(double[] logits, int from, int count, int exponent) {
    long roundBits = Double.doubleToRawLongBits(ROUND);
    long least = roundBits + exponent + SMALLEST_POWER;
    for (int i = from; i < from + count; i += LANES) {
      DoubleVector x = DoubleVector.fromArray(SPECIES, logits, i);
      DoubleVector power = x.mul(LOG2_E).max(exponent + SMALLEST_POWER - 1);
      DoubleVector rounded = power.add(ROUND);
      DoubleVector whole = rounded.sub(ROUND);
      DoubleVector high = DoubleVector.broadcast(SPECIES, -LN2_HIGH);
      DoubleVector low = DoubleVector.broadcast(SPECIES, -LN2_LOW);
      DoubleVector f = whole.fma(low, whole.fma(high, x));
      DoubleVector sum = DoubleVector.broadcast(SPECIES, 1.0 / 362880);
      sum = sum.fma(f, DoubleVector.broadcast(SPECIES, 1.0 / 40320));
      sum = sum.fma(f, DoubleVector.broadcast(SPECIES, 1.0 / 5040));
      sum = sum.fma(f, DoubleVector.broadcast(SPECIES, 1.0 / 720));
      sum = sum.fma(f, DoubleVector.broadcast(SPECIES, 1.0 / 120));
      sum = sum.fma(f, DoubleVector.broadcast(SPECIES, 1.0 / 24));
      sum = sum.fma(f, DoubleVector.broadcast(SPECIES, 1.0 / 6));
      sum = sum.fma(f, DoubleVector.broadcast(SPECIES, 0.5));
      sum = sum.fma(f, DoubleVector.broadcast(SPECIES, 1.0));
      sum = sum.fma(f, DoubleVector.broadcast(SPECIES, 1.0));
      LongVector shift =
          rounded.reinterpretAsLongs().sub(roundBits + exponent).lanewise(VectorOperators.LSHL, 52);
      LongVector result = sum.reinterpretAsLongs().add(shift);
      // All ones where the power is far below, without a mask: of two lanes these are objects.
      LongVector below = rounded.reinterpretAsLongs().sub(least).lanewise(VectorOperators.ASHR, 63);
      result.lanewise(VectorOperators.AND_NOT, below).reinterpretAsDoubles().intoArray(logits, i);
    }
  }

  /**
   * Returns the greatest of some numbers.
   *
   * @param numbers the numbers
   * @param count how many, from the start, at least 1
   * @return the maximum
   */
  static double max(double[] numbers, int count) {
    // Four chains: Java's maximum takes several instructions, one after the other.
    DoubleVector a = DoubleVector.broadcast(SPECIES, Double.NEGATIVE_INFINITY);
    DoubleVector b = a;
    DoubleVector c = a;
    DoubleVector d = a;
    int bound = count - count % (4 * LANES);
    int i = 0;
    for (; i < bound; i += 4 * LANES) {
      a = a.max(DoubleVector.fromArray(SPECIES, numbers, i));
      b = b.max(DoubleVector.fromArray(SPECIES, numbers, i + LANES));
      c = c.max(DoubleVector.fromArray(SPECIES, numbers, i + 2 * LANES));
      d = d.max(DoubleVector.fromArray(SPECIES, numbers, i + 3 * LANES));
    }
    double max = a.max(b).max(c.max(d)).reduceLanes(VectorOperators.MAX);
    for (; i < count; i++) {
      max = Math.max(max, numbers[i]);
    }
    return max;
  }

  /**
   * Returns the least of some numbers.
   *
   * @param numbers the numbers
   * @param count how many, from the start, at least 1
   * @return the minimum
   */
  static double min(double[] numbers, int count) {
    DoubleVector a = DoubleVector.broadcast(SPECIES, Double.POSITIVE_INFINITY);
    DoubleVector b = a;
    DoubleVector c = a;
    DoubleVector d = a;
    int bound = count - count % (4 * LANES);
    int i = 0;
    for (; i < bound; i += 4 * LANES) {
      a = a.min(DoubleVector.fromArray(SPECIES, numbers, i));
      b = b.min(DoubleVector.fromArray(SPECIES, numbers, i + LANES));
      c = c.min(DoubleVector.fromArray(SPECIES, numbers, i + 2 * LANES));
      d = d.min(DoubleVector.fromArray(SPECIES, numbers, i + 3 * LANES));
    }
    double min = a.min(b).min(c.min(d)).reduceLanes(VectorOperators.MIN);
    for (; i < count; i++) {
      min = Math.min(min, numbers[i]);
    }
    return min;
  }

  /**
   * Rounds a length up so that {@link #apply} may overrun it.
   *
   * @param count elements used
   * @return elements to allocate
   */
  static int padded(int count) {
    return count + LANES;
  }
}
