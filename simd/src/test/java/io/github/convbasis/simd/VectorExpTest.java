package io.github.convbasis.simd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Test;

class VectorExpTest {
  private static final int L = Lanes.COUNT;
  private static final int STEPS = 1 << 18;

  private static float[] exp(float... x) {
    float[] padded = Arrays.copyOf(x, L);
    VectorExp.exp(FloatVector.fromArray(Lanes.FLOATS, padded, 0)).intoArray(padded, 0);
    return padded;
  }

  private static float[] inversePowerOfTwo(float... u) {
    float[] padded = Arrays.copyOf(u, L);
    VectorExp.inversePowerOfTwo(FloatVector.fromArray(Lanes.FLOATS, padded, 0))
        .intoArray(padded, 0);
    return padded;
  }

  @Test
  void expIsWithinTwoUlpsOverTheRangeOfFloats() {
    double worst = 0;
    float[] x = new float[L];
    for (int step = 0; step < STEPS; step += L) {
      for (int l = 0; l < L; l++) {
        x[l] = (float) (-104 + 192.0 * (step + l) / STEPS);
      }
      float[] y = exp(x);
      for (int l = 0; l < L; l++) {
        worst = Math.max(worst, Tolerance.ulps(y[l], StrictMath.exp(x[l])));
      }
    }
    assertTrue(worst <= 2, "worst " + worst + " ulps");
  }

  @Test
  void expIsWithinTwoUlpsAroundZero() {
    double worst = 0;
    for (float x = 1e-30f; x < 2; x *= 1.01f) {
      float[] y = exp(x, -x);
      worst = Math.max(worst, Tolerance.ulps(y[0], StrictMath.exp(x)));
      worst = Math.max(worst, Tolerance.ulps(y[1], StrictMath.exp(-x)));
    }
    assertTrue(worst <= 2, "worst " + worst + " ulps");
  }

  @Test
  void expOfSpecialNumbers() {
    assertEquals(1f, exp(0f)[0]);
    assertEquals(1f, exp(-0f)[0]);
    assertEquals(0f, exp(Float.NEGATIVE_INFINITY)[0]);
    assertEquals(0f, exp(-Float.MAX_VALUE)[0]);
    assertEquals(0f, exp(-105f)[0]);
    assertEquals(Float.POSITIVE_INFINITY, exp(89f)[0]);
    assertEquals(Float.POSITIVE_INFINITY, exp(Float.MAX_VALUE)[0]);
    assertEquals(Float.POSITIVE_INFINITY, exp(Float.POSITIVE_INFINITY)[0]);
    assertTrue(Float.isNaN(exp(Float.NaN)[0]));
  }

  @Test
  void inversePowerOfTwoIsWithinTwoUlpsWhereNormal() {
    double worst = 0;
    float[] u = new float[L];
    for (int step = 0; step < STEPS; step += L) {
      for (int l = 0; l < L; l++) {
        u[l] = (float) (126.0 * (step + l) / STEPS);
      }
      float[] y = inversePowerOfTwo(u);
      for (int l = 0; l < L; l++) {
        worst = Math.max(worst, Tolerance.ulps(y[l], StrictMath.pow(2, -(double) u[l])));
      }
    }
    assertTrue(worst <= 2, "worst " + worst + " ulps");
  }

  @Test
  void inversePowerOfTwoEndsInExactZero() {
    assertEquals(0, Float.floatToRawIntBits(inversePowerOfTwo(127f)[0]));
    assertEquals(0, Float.floatToRawIntBits(inversePowerOfTwo(Float.MAX_VALUE)[0]));
    assertEquals(0, Float.floatToRawIntBits(inversePowerOfTwo(Float.POSITIVE_INFINITY)[0]));
    assertEquals(1f, inversePowerOfTwo(0f)[0]);
    for (float u = 126; u < 127; u += 1f / 64) {
      float power = inversePowerOfTwo(u)[0];
      assertTrue(power >= 0 && power <= 0x1p-126f, u + " gave " + power);
    }
  }
}
