package io.github.convbasis.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Exponentials of float vectors: {@code base^x = 2^k·base^r} with k the nearest integer and a
 * polynomial of degree 6 in r, |r| at most half a power of two.
 *
 * <p>The polynomials are minimax fits of the relative error (2.0e-9, 1/60 of a float's rounding)
 * that are exactly 1 at r = 0. Rounding to the nearest integer is an addition of 1.5·2^23, whose
 * low bits then hold k. Stateless and thread-safe.
 */
public final class VectorExp {
  private static final int MANTISSA_BITS = 23;
  private static final int MOST_U_BITS = Float.floatToRawIntBits(127);

  // Constants are vectors, not broadcasts in the code: HotSpot stops inlining in a method with more
  // than about 80 vector operations (NodeCountInliningCutoff), and boxes from there on.
  private static final FloatVector ROUND = constant(0x1.8p23f);
  private static final FloatVector ONE = constant(1);

  private static final FloatVector LOG2_E = constant(1.442695f);
  private static final FloatVector MINUS_LN2_HIGH = constant(-0.6931472f);
  private static final FloatVector MINUS_LN2_LOW = constant(1.9046542e-9f);
  private static final FloatVector P2 = constant(0.49999994f);
  private static final FloatVector P3 = constant(0.1666643f);
  private static final FloatVector P4 = constant(0.041668005f);
  private static final FloatVector P5 = constant(0.0083741955f);
  private static final FloatVector P6 = constant(0.0013843607f);

  // 2^-r, so odd coefficients are negative.
  private static final FloatVector Q1 = constant(-0.6931472f);
  private static final FloatVector Q2 = constant(0.24022648f);
  private static final FloatVector Q3 = constant(-0.055503324f);
  private static final FloatVector Q4 = constant(0.009618437f);
  private static final FloatVector Q5 = constant(-0.0013398874f);
  private static final FloatVector Q6 = constant(0.00015353362f);

  private VectorExp() {}

  /**
   * Returns {@code e^x} within 1 ulp where the result is normal and 1 ulp of the least subnormal
   * below that; 0 from about -104 down to negative infinity, infinity above 88.73, NaN of NaN.
   *
   * @param x exponents
   * @return powers
   */
  public static FloatVector exp(FloatVector x) {
    // Beyond ±160 nothing changes, and k stays small enough for two factors 2^(k/2).
    FloatVector bounded = x.blend(-160f, x.compare(VectorOperators.LT, -160f));
    bounded = bounded.blend(160f, bounded.compare(VectorOperators.GT, 160f));
    FloatVector shifted = bounded.fma(LOG2_E, ROUND);
    FloatVector k = shifted.sub(ROUND);
    FloatVector r = k.fma(MINUS_LN2_LOW, k.fma(MINUS_LN2_HIGH, bounded));
    FloatVector p = P6.fma(r, P5).fma(r, P4).fma(r, P3).fma(r, P2).fma(r, ONE).fma(r, ONE);
    // The low 22 bits of shifted are k; two steps, since 2^k itself may be out of range.
    IntVector whole = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 10);
    whole = whole.lanewise(VectorOperators.ASHR, 10);
    IntVector half = whole.lanewise(VectorOperators.ASHR, 1);
    return p.mul(powerOfTwo(half)).mul(powerOfTwo(whole.sub(half)));
  }

  private static FloatVector powerOfTwo(IntVector exponent) {
    return exponent.add(127).lanewise(VectorOperators.LSHL, MANTISSA_BITS).reinterpretAsFloats();
  }

  /**
   * Returns {@code 2^-u} for u ≥ 0 within 1 ulp down to {@code 2^-126}; exactly 1 for 0; exactly 0
   * from 127 on, infinity included, and between 126 and 127 some number up to {@code 2^-126}.
   *
   * <p>The fastest form, for softmax weights against their maximum; the result for NaN and for
   * negative u is unspecified.
   *
   * @param u negated exponents
   * @return powers between 0 and 1
   */
  public static FloatVector inversePowerOfTwo(FloatVector u) {
    // Floats from 0 up are ordered like their bits, and an integer minimum is one instruction. At
    // u = 127 the polynomial is exactly 1 and its exponent field drops to 0: positive zero.
    FloatVector bounded = u.reinterpretAsInts().min(MOST_U_BITS).reinterpretAsFloats();
    FloatVector shifted = ROUND.sub(bounded);
    FloatVector r = shifted.sub(ROUND).add(bounded);
    FloatVector p = Q6.fma(r, Q5).fma(r, Q4).fma(r, Q3).fma(r, Q2).fma(r, Q1).fma(r, ONE);
    IntVector k = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, MANTISSA_BITS);
    return p.reinterpretAsInts().add(k).reinterpretAsFloats();
  }

  private static FloatVector constant(float value) {
    return FloatVector.broadcast(Lanes.FLOATS, value);
  }
}
