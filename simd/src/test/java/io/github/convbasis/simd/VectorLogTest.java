package io.github.convbasis.simd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Test;

class VectorLogTest {
  private static float log2(float x) {
    return VectorLog.log2(FloatVector.broadcast(Lanes.FLOATS, x)).lane(0);
  }

  @Test
  void powersOfTwoAreExact() {
    for (int k = -126; k <= 127; k++) {
      assertEquals(k, log2(Math.scalb(1f, k)));
    }
  }

  @Test
  void logarithmsAreWithinThreeUlpOfTheirWholePart() {
    SplittableRandom random = new SplittableRandom(3);
    for (int i = 0; i < 20_000; i++) {
      float x = (float) Math.exp(random.nextDouble(-80, 80) * (i % 2 == 0 ? 1 : 0.01));
      double exact = Math.log(x) / Math.log(2);
      double size = Math.max(Math.abs(exact), Math.abs(Math.rint(exact)));
      double limit = 3 * Math.ulp((float) size);
      assertTrue(Math.abs(log2(x) - exact) <= limit, x + ": " + log2(x) + " is not " + exact);
    }
  }
}
