package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;

/**
 * All tolerances of these tests, in five kinds. Rounding and approximation error are never mixed: a
 * bound of kind APPROX is widened by a rounding tolerance of its own kind, not by a factor.
 *
 * <ul>
 *   <li>EXACT: the same bits, {@link #requireSameBits}. It has no constant.
 *   <li>ULPS: {@code c·u·magnitude}, for a few roundings of one number.
 *   <li>SUM: {@code c·n·u·Σ|a_i·b_i|}, for sums; it knows the condition of the sum.
 *   <li>FFT: {@code c·u·(1 + log₂N)·(product of 2-norms)}, for what went through transforms: their
 *       error is absolute, the same for every element.
 *   <li>APPROX: an a-priori bound of the mathematics where its assumptions hold, {@link
 *       #requireBounded}. It has no constant.
 * </ul>
 *
 * <p>u is the unit roundoff of the arithmetic that is judged. Each constant c is about four times
 * the worst error seen in units of its kind, which stands before it (6,000 tries of each property,
 * of transforms, products and columns of logits on both backends). {@code mvn verify
 * -Dconvbasis.worst=true} measures again and writes {@code target/worst-seen.txt}.
 */
enum Tolerances {
  COMPLEX_TRANSFORM(Kind.FFT, 1.5, 6),
  COMPLEX_ROUND_TRIP(Kind.FFT, 0.7, 2.8),
  COMPLEX_LINEARITY(Kind.FFT, 1.3, 5),
  COMPLEX_ENERGY(Kind.FFT, 2.1, 8),
  REAL_TRANSFORM(Kind.FFT, 2.7, 11),
  REAL_ROUND_TRIP(Kind.FFT, 0.62, 2.5),
  OUTSIDE_TRANSFORM(Kind.FFT, 2.1, 9),
  CONVOLUTION(Kind.FFT, 1.2, 4.8),
  OUTSIDE_CONVOLUTION(Kind.FFT, 3.3, 13),
  OPERATOR(Kind.FFT, 1.2, 5),
  OPERATOR_FORMS(Kind.FFT, 0.51, 2),
  ADJOINT(Kind.FFT, 0.7, 2.8),
  EXPONENTIAL_PRODUCT(Kind.FFT, 0.75, 3),
  REBUILT_ENTRY(Kind.ULPS, 2.0, 8),
  MIDPOINT(Kind.ULPS, 2.0, 8),
  EXPONENTIAL_ENTRY(Kind.SUM, 0.48, 2),
  ROW_SUM(Kind.SUM, 0.66, 2.6),
  LOGIT(Kind.SUM, 0.85, 3.4),
  LINEAR_PRODUCT(Kind.SUM, 1.0, 4),
  GATED_ELEMENT(Kind.ULPS, 2.8, 11),
  EXACT_ATTENTION(Kind.SUM, 0.43, 1.8),
  VARIANT_ATTENTION(Kind.SUM, 0.44, 1.8),
  ROTARY_LOGIT(Kind.ULPS, 0.22, 0.9),
  ROTARY_ROUND_TRIP(Kind.ULPS, 1.6, 6.4),
  TILED_ATTENTION(Kind.SUM, 0.43, 1.8),
  TILE_LOG_SUM(Kind.SUM, 0.53, 2.1),
  TILE_MEAN(Kind.SUM, 0.75, 3),
  STORED_FLOAT(Kind.ULPS, 0.91, 4),
  ERROR_ESTIMATE(Kind.SUM, 2.6, 10),
  OUTSIDE_ATTENTION(Kind.SUM, 0.0013, 0.0053),
  BOUND_VALUE(Kind.ULPS, 7.2, 29),
  DISTANCE(Kind.SUM, 0.67, 2.7),
  WEIGHTED_RESIDUAL(Kind.SUM, 1.6, 6.4),
  WEIGHTED_SQUARES(Kind.SUM, 4.1, 16),
  FITTED_ENTRY(Kind.SUM, 5.9, 24),
  FIT_RESIDUAL(Kind.SUM, 1.1, 4.4),
  /** Its unit is a square, so its constant is 4² times the worst. */
  FIT_GROWTH(Kind.SUM, 0.11, 1.8),
  FIT_MEAN(Kind.SUM, 7.8, 31),
  FIT_SLOPE(Kind.SUM, 0.019, 0.08),
  FIT_INTERPOLATION(Kind.SUM, 0.26, 1.1),
  FIT_BACKENDS(Kind.SUM, 0.096, 0.4),
  REGRESSION(Kind.SUM, 0.11, 0.42),
  REGRESSION_TRANSFORM(Kind.FFT, 0.11, 0.42),
  MASKED_PRODUCT(Kind.SUM, 0.66, 2.6),
  CORRELATION(Kind.FFT, 0.58, 2.4),
  GRADIENT(Kind.FFT, 1.4, 5.6),
  EXACT_GRADIENT(Kind.SUM, 0.95, 4),
  ENTRY_SETS(Kind.SUM, 0.3, 1.2);

  /** What the constant multiplies. */
  enum Kind {
    ULPS,
    SUM,
    FFT
  }

  /** Unit roundoff of double arithmetic. */
  static final double DOUBLE = 0x1p-53;

  /** Unit roundoff of float arithmetic. */
  static final double FLOAT = 0x1p-24;

  /** A requirement, not a measurement: see {@link BackendContract#rotaryTolerance}. */
  static final double ROTARY_IN_DOUBLE = 1e-10;

  /** The same in float32, where rounding of logits up to about 64 shows in the weights. */
  static final double ROTARY_IN_FLOAT = 1e-4;

  private static final Map<Tolerances, Double> WORST = new EnumMap<>(Tolerances.class);

  static {
    if (Boolean.getBoolean("convbasis.worst")) {
      Runtime.getRuntime().addShutdownHook(new Thread(Tolerances::writeWorst));
    }
  }

  private final Kind kind;
  private final double worstSeen;
  private final double constant;

  Tolerances(Kind kind, double worstSeen, double constant) {
    this.kind = kind;
    this.worstSeen = worstSeen;
    this.constant = constant;
  }

  /** The unit of ULPS. */
  static double ulps(double unitRoundoff, double magnitude) {
    return unitRoundoff * Math.abs(magnitude);
  }

  /** The unit of SUM: n terms, the sum of whose absolute values is given. */
  static double sum(double unitRoundoff, int n, double absoluteSum) {
    return n * unitRoundoff * absoluteSum;
  }

  /**
   * The unit of FFT. Underflow of products adds an absolute error that no relative one covers, far
   * below the least normal number of the arithmetic.
   */
  static double fft(double unitRoundoff, int transformSize, double norms) {
    double passes = 1 + Math.log(transformSize) / Math.log(2);
    double leastNormal = unitRoundoff == DOUBLE ? Double.MIN_NORMAL : Float.MIN_NORMAL;
    return unitRoundoff * passes * norms + leastNormal;
  }

  /** What an error may be, for widening a bound of kind APPROX. */
  double of(double unit) {
    return constant * unit;
  }

  /** Requires {@code |error| ≤ c·unit}. */
  void require(double error, double unit, String what) {
    double size = Math.abs(error);
    record(size, unit);
    assertTrue(
        size <= constant * unit,
        () ->
            String.format(
                "%s: error %s is more than %s %s = %s times the unit %s (worst seen before: %s)",
                what, size, name(), kind, constant, unit, worstSeen));
  }

  /** Requires every element to be within c units of the expected one. */
  void requireClose(double[] actual, double[] expected, double unit) {
    assertEquals(expected.length, actual.length, "length");
    for (int i = 0; i < expected.length; i++) {
      require(actual[i] - expected[i], unit, "element " + i);
    }
  }

  /** Requires every element to be within c of its own units of the expected one. */
  void requireClose(double[] actual, double[] expected, double[] units) {
    assertEquals(expected.length, actual.length, "length");
    for (int i = 0; i < expected.length; i++) {
      require(actual[i] - expected[i], units[i], "element " + i);
    }
  }

  /** APPROX: requires {@code |error| ≤ bound}, widened by a rounding tolerance. */
  static void requireBounded(double error, double bound, double rounding, String what) {
    assertTrue(
        Math.abs(error) <= bound + rounding,
        () -> String.format("%s: error %s exceeds %s + %s", what, error, bound, rounding));
  }

  /** EXACT: requires equal bits, so 0.0 is not -0.0. */
  static void requireSameBits(double actual, double expected, String what) {
    assertEquals(
        Double.doubleToRawLongBits(expected),
        Double.doubleToRawLongBits(actual),
        () -> what + " must be " + expected + ", was " + actual);
  }

  /** EXACT: requires equal bits of all elements. */
  static void requireSameBits(double[] actual, double[] expected, String what) {
    assertEquals(expected.length, actual.length, () -> "length of " + what);
    for (int i = 0; i < expected.length; i++) {
      requireSameBits(actual[i], expected[i], what);
    }
  }

  private synchronized void record(double error, double unit) {
    WORST.merge(this, error == 0 ? 0 : error / unit, Math::max);
  }

  private static void writeWorst() {
    StringBuilder lines = new StringBuilder();
    WORST.forEach(
        (tolerance, worst) ->
            lines.append(
                String.format(
                    "%s %s worst %.3g, constant %s%n",
                    tolerance.name(), tolerance.kind, worst, tolerance.constant)));
    try {
      Files.writeString(Path.of("target", "worst-seen.txt"), lines);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
