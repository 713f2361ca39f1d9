package io.github.convbasis.inference.generate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TokenSamplerTest {
  /** The kind is rounding: logits are rounded to float32, everything else is in double. */
  private static final double ROUNDING = 1e-6;

  /** Logits of the probabilities 0.1, 0.4, 0.2, 0.3, up to a constant that does not matter. */
  private static final float[] LOGITS = {
    5 + (float) Math.log(0.1),
    5 + (float) Math.log(0.4),
    5 + (float) Math.log(0.2),
    5 + (float) Math.log(0.3)
  };

  private static void requireDistribution(TokenSampler sampler, double... expected) {
    assertArrayEquals(expected, sampler.probabilities(LOGITS), ROUNDING);
  }

  @Test
  void distributionsThatAreKnown() {
    requireDistribution(TokenSampler.of(1, 0, 1, 1), 0.1, 0.4, 0.2, 0.3);
    requireDistribution(TokenSampler.of(1, 4, 1, 1), 0.1, 0.4, 0.2, 0.3);
    requireDistribution(TokenSampler.of(1, 99, 1, 1), 0.1, 0.4, 0.2, 0.3);
    requireDistribution(TokenSampler.of(1, 2, 1, 1), 0, 4.0 / 7, 0, 3.0 / 7);
    requireDistribution(TokenSampler.of(1, 1, 1, 1), 0, 1, 0, 0);
    // 0.4 alone is not 0.6 yet, 0.4 + 0.3 is beyond it.
    requireDistribution(TokenSampler.of(1, 0, 0.6, 1), 0, 4.0 / 7, 0, 3.0 / 7);
    requireDistribution(TokenSampler.of(1, 0, 0.8, 1), 0, 4.0 / 9, 2.0 / 9, 3.0 / 9);
    requireDistribution(TokenSampler.of(1, 0, 1e-9, 1), 0, 1, 0, 0);
    // Of the three that top-k leaves, 0.4 and 0.3 are 7/9.
    requireDistribution(TokenSampler.of(1, 3, 0.75, 1), 0, 4.0 / 7, 0, 3.0 / 7);
    // At temperature 1/2 probabilities are squared.
    double sum = 0.01 + 0.16 + 0.04 + 0.09;
    requireDistribution(
        TokenSampler.of(0.5, 0, 1, 1), 0.01 / sum, 0.16 / sum, 0.04 / sum, 0.09 / sum);
    requireDistribution(TokenSampler.of(0, 3, 0.5, 1), 0, 1, 0, 0);
    requireDistribution(TokenSampler.of(Double.MIN_VALUE, 0, 1, 1), 0, 1, 0, 0);
    requireDistribution(TokenSampler.of(1e300, 0, 1, 1), 0.25, 0.25, 0.25, 0.25);
  }

  @Test
  void amongEqualsTheLowerTokenComesFirst() {
    float[] equal = {-0f, 0f, 0f, -1f};
    assertEquals(0, TokenSampler.greedy().next(equal));
    assertArrayEquals(
        new double[] {0.5, 0.5, 0, 0}, TokenSampler.of(1, 2, 1, 1).probabilities(equal));
    float[] ascending = {-3e38f, -2, -1, -0f, 0.5f, 3e38f};
    assertEquals(5, TokenSampler.greedy().next(ascending));
    assertArrayEquals(
        new double[] {0, 0, 0, 0, 0, 1}, TokenSampler.of(1, 3, 1, 1).probabilities(ascending));
  }

  /**
   * Five standard deviations of a frequency: passed by chance in all but one of a million seeds.
   */
  @Test
  void drawsFollowTheDistribution() {
    TokenSampler sampler = TokenSampler.of(1, 3, 1, 7);
    double[] expected = sampler.probabilities(LOGITS);
    int draws = 100_000;
    int[] counts = new int[4];
    for (int i = 0; i < draws; i++) {
      counts[sampler.next(LOGITS)]++;
    }
    assertEquals(0, counts[0]);
    for (int token = 1; token < 4; token++) {
      double p = expected[token];
      double allowed = 5 * Math.sqrt(p * (1 - p) / draws);
      assertEquals(p, (double) counts[token] / draws, allowed, "token " + token);
    }
  }

  @Test
  void theSeedDecides() {
    SplittableRandom random = new SplittableRandom(3);
    float[][] logits = new float[200][50];
    for (float[] row : logits) {
      for (int t = 0; t < row.length; t++) {
        row[t] = (float) random.nextGaussian();
      }
    }
    assertArrayEquals(drawn(5, logits), drawn(5, logits));
    int same = 0;
    int[] one = drawn(5, logits);
    int[] other = drawn(6, logits);
    for (int i = 0; i < one.length; i++) {
      same += one[i] == other[i] ? 1 : 0;
    }
    assertTrue(same < 100, same + " of 200 draws are the same with another seed");
  }

  private static int[] drawn(long seed, float[][] logits) {
    TokenSampler sampler = TokenSampler.of(0.9, 40, 0.95, seed);
    int[] tokens = new int[logits.length];
    for (int i = 0; i < tokens.length; i++) {
      tokens[i] = sampler.next(logits[i]);
    }
    return tokens;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '#',
      value = {
        "-0.1 # 0 # 1 # temperature must be finite and at least 0, was -0.1",
        "NaN # 0 # 1 # temperature must be finite and at least 0, was NaN",
        "Infinity # 0 # 1 # temperature must be finite and at least 0, was Infinity",
        "1 # -1 # 1 # topK must be at least 0, was -1",
        "1 # 0 # 0 # topP must be greater than 0 and at most 1, was 0.0",
        "1 # 0 # 1.5 # topP must be greater than 0 and at most 1, was 1.5",
        "1 # 0 # NaN # topP must be greater than 0 and at most 1, was NaN"
      })
  void badParametersAreRefused(double temperature, int topK, double topP, String message) {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> TokenSampler.of(temperature, topK, topP, 1));
    assertEquals(message, e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void logitsThatAreNoNumbersAreRefused(float bad) {
    for (TokenSampler sampler :
        new TokenSampler[] {TokenSampler.greedy(), TokenSampler.of(1, 0, 1, 1)}) {
      IllegalArgumentException e =
          assertThrows(IllegalArgumentException.class, () -> sampler.next(new float[] {1, 2, bad}));
      assertEquals("logits must be finite, was " + bad + " of token 2", e.getMessage());
      assertThrows(IllegalArgumentException.class, () -> sampler.next(new float[0]));
    }
  }
}
