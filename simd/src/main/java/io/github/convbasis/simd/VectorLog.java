package io.github.convbasis.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Logarithms of float vectors: {@code log2(2^k·m) = k + log2(m)} with m between √½ and √2, where
 * {@code log2(m) = 2/ln(2)·atanh(s)} for {@code s = (m - 1)/(m + 1)}.
 *
 * <p>The series of atanh is cut after s⁹: at |s| ≤ 0.172 the rest is 1e-9, below rounding.
 * Stateless and thread-safe.
 */
public final class VectorLog {
  private static final int MANTISSA_BITS = 23;
  private static final int SQRT_HALF_BITS = Float.floatToRawIntBits(0.70710677f);
  private static final int ROUND_BITS = Float.floatToRawIntBits(0x1.8p23f);

  private static final FloatVector ROUND = constant(0x1.8p23f);
  private static final FloatVector ONE = constant(1);
  private static final FloatVector C1 = constant(2.88539f);
  private static final FloatVector C3 = constant(0.9617967f);
  private static final FloatVector C5 = constant(0.577078f);
  private static final FloatVector C7 = constant(0.4121986f);
  private static final FloatVector C9 = constant(0.3205989f);

  private VectorLog() {}

  /**
   * Returns {@code log2(x)} within 3 ulp of the larger of the result and its whole part; NaN or
   * some number for what is not a positive normal number.
   *
   * @param x positive normal numbers
   * @return logarithms
   */
  public static FloatVector log2(FloatVector x) {
    IntVector bits = x.reinterpretAsInts();
    IntVector k = bits.sub(SQRT_HALF_BITS).lanewise(VectorOperators.ASHR, MANTISSA_BITS);
    FloatVector m = bits.sub(k.lanewise(VectorOperators.LSHL, MANTISSA_BITS)).reinterpretAsFloats();
    FloatVector s = m.sub(ONE).div(m.add(ONE));
    FloatVector square = s.mul(s);
    FloatVector p = C9.fma(square, C7).fma(square, C5).fma(square, C3).fma(square, C1);
    // The low bits of 1.5·2^23 + k hold k.
    FloatVector whole = k.add(ROUND_BITS).reinterpretAsFloats().sub(ROUND);
    return p.fma(s, whole);
  }

  private static FloatVector constant(float value) {
    return FloatVector.broadcast(Lanes.FLOATS, value);
  }
}
