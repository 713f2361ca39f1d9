package io.github.convbasis.inference.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class LogitDriftTest {
  private static final double ROUNDING = 1e-6;

  @Test
  void numbersOfTwoTextsByHand() {
    LogitDrift drift = new LogitDrift(2);
    float ln3 = (float) Math.log(3);
    // Probabilities of token 1: exactly 1/2 and 3/4, judged 3/4 and 1/2.
    drift.add(new int[] {0, 1}, new float[] {0, 0, 0, ln3}, new float[] {0, ln3, 7, 7});
    // Shifting both logits changes no probability.
    drift.add(new int[] {1, 0}, new float[] {0, ln3, 0, 0}, new float[] {1, 1 + ln3, 0, 0});
    assertEquals(2, drift.predictedTokens());
    double bits = (log2(4.0 / 3) + log2(4)) / 2;
    assertEquals(bits, drift.bitsPerToken(), ROUNDING);
    assertEquals(Math.pow(2, bits), drift.perplexity(), ROUNDING);
    assertEquals(7, drift.greatestDifference());
    double last = 7 - ln3;
    assertEquals(
        Math.sqrt((ln3 * ln3 + 49 + last * last + 2) / 8), drift.rootMeanSquare(), ROUNDING);
    double first = Math.log(0.5 / 0.25) / 2 + Math.log(0.5 / 0.75) / 2;
    double second = 0.25 * Math.log(0.25 / 0.5) + 0.75 * Math.log(0.75 / 0.5);
    assertEquals((first + second) / 4, drift.meanDivergence(), ROUNDING);
    // Of equal logits the first counts.
    assertEquals(0.5, drift.agreement());
  }

  private static double log2(double x) {
    return Math.log(x) / Math.log(2);
  }

  @Test
  void logitsOfAnotherShapeAreRefused() {
    LogitDrift drift = new LogitDrift(3);
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> drift.add(new int[2], new float[6], new float[5]));
    assertTrue(e.getMessage().contains("logits must be 3 logits for each of 2 tokens, were 5"));
  }
}
