package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.variants.AlibiBias;
import io.github.convbasis.variants.T5Bias;
import java.util.Arrays;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;

/** Biases by lag as they were published. */
class PositionBiasProperties {

  private static double[] slopes(AlibiBias bias) {
    double[] slopes = new double[bias.heads()];
    Arrays.setAll(slopes, bias::slope);
    return slopes;
  }

  private static void requireSlopes(double[] expected, AlibiBias bias) {
    double[] actual = slopes(bias);
    assertEquals(expected.length, actual.length, "heads");
    for (int head = 0; head < expected.length; head++) {
      // One rounding of the power, one of the literal.
      assertEquals(expected[head], actual[head], 0x1p-52 * expected[head], "head " + head);
    }
  }

  @Example
  void slopesOfEightHeadsAreThePublishedOnes() {
    requireSlopes(
        new double[] {0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625, 0.0078125, 0.00390625},
        AlibiBias.ofHeads(8));
  }

  /** Eight as above, and the first, third, fifth and seventh of sixteen. */
  @Example
  void slopesOfTwelveHeadsAreInterpolated() {
    requireSlopes(
        new double[] {
          0.5,
          0.25,
          0.125,
          0.0625,
          0.03125,
          0.015625,
          0.0078125,
          0.00390625,
          0.7071067811865476,
          0.3535533905932738,
          0.1767766952966369,
          0.08838834764831845
        },
        AlibiBias.ofHeads(12));
  }

  @Property
  void slopesOfAPowerOfTwoAreAGeometricSequence(@ForAll @IntRange(min = 0, max = 10) int power) {
    double[] slopes = slopes(AlibiBias.ofHeads(1 << power));
    double ratio = Math.pow(2, -8.0 / slopes.length);
    assertEquals(0x1p-8, slopes[slopes.length - 1], 0, "last slope");
    for (int head = 1; head < slopes.length; head++) {
      assertEquals(ratio, slopes[head] / slopes[head - 1], 0x1p-50, "ratio at " + head);
    }
    assertEquals(ratio, slopes[0], 0x1p-52, "first slope");
  }

  @Property
  void linearBiasesFallWithTheDistance(
      @ForAll @IntRange(min = 1, max = 40) int heads, @ForAll int lag) {
    AlibiBias bias = AlibiBias.ofHeads(heads);
    for (int head = 0; head < heads; head++) {
      double expected = -bias.slope(head) * Math.abs((double) lag);
      Tolerances.requireSameBits(bias.at(head, lag), expected, "bias");
    }
    Tolerances.requireSameBits(AlibiBias.ofSlopes(0.25, 2).at(1, -3), -6, "bias of a given slope");
  }

  private static double[][] table(int buckets, int heads) {
    double[][] table = new double[buckets][heads];
    for (int b = 0; b < buckets; b++) {
      for (int head = 0; head < heads; head++) {
        table[b][head] = 100 * b + head;
      }
    }
    return table;
  }

  /** 16 exact buckets; then 16 + ⌊16·log(n/16)/log 8⌋. */
  @Example
  void causalBucketsWorkedByHand() {
    T5Bias bias = T5Bias.causal(table(32, 2), 128);
    int[][] expected = {
      {-5, 0}, {0, 0}, {1, 1}, {15, 15}, {16, 16}, {18, 16}, {19, 17}, {20, 17}, {21, 18},
      {32, 21}, {45, 23}, {64, 26}, {91, 29}, {112, 30}, {113, 31}, {127, 31}, {128, 31}, {9999, 31}
    };
    for (int[] pair : expected) {
      assertEquals(pair[1], bias.bucket(pair[0]), "bucket of " + pair[0]);
      assertEquals(100 * pair[1] + 1, bias.at(1, pair[0]), "bias of " + pair[0]);
    }
  }

  /** Eight exact buckets a side; then 8 + ⌊2·log₂(n/8)⌋, later keys 16 further on. */
  @Example
  void bidirectionalBucketsWorkedByHand() {
    T5Bias bias = T5Bias.bidirectional(table(32, 1), 128);
    int[][] expected = {
      {0, 0},
      {7, 7},
      {8, 8},
      {11, 8},
      {12, 9},
      {15, 9},
      {16, 10},
      {22, 10},
      {23, 11},
      {32, 12},
      {45, 12},
      {46, 13},
      {64, 14},
      {90, 14},
      {91, 15},
      {128, 15},
      {500, 15},
      {-1, 17},
      {-7, 23},
      {-8, 24},
      {-16, 26},
      {-64, 30},
      {-91, 31},
      {-1000, 31}
    };
    for (int[] pair : expected) {
      assertEquals(pair[1], bias.bucket(pair[0]), "bucket of " + pair[0]);
    }
  }

  @Property
  void bucketsGrowWithTheDistanceAndAreAllUsed(
      @ForAll @IntRange(min = 2, max = 40) int half,
      @ForAll @IntRange(min = 1, max = 300) int more) {
    for (boolean bidirectional : new boolean[] {false, true}) {
      int buckets = bidirectional ? 2 * half : half;
      int exact = half / 2;
      int most = exact + more;
      T5Bias bias =
          bidirectional
              ? T5Bias.bidirectional(table(buckets, 1), most)
              : T5Bias.causal(table(buckets, 1), most);
      int before = -1;
      for (int lag = 0; lag <= 2 * most; lag++) {
        int bucket = bias.bucket(lag);
        assertTrue(bucket >= before && bucket < half, "bucket " + bucket + " of lag " + lag);
        assertTrue(lag >= exact || bucket == lag, "exact bucket of lag " + lag);
        assertTrue(lag < most || bucket == half - 1, "last bucket of lag " + lag);
        int later = bias.bucket(-lag);
        int expected = !bidirectional ? 0 : lag == 0 ? bucket : half + bucket;
        assertEquals(expected, later, "bucket of a later key at " + lag);
        before = bucket;
      }
    }
  }

  @Property
  void biasesThatCannotBeAreRefused(
      @ForAll @IntRange(min = -9, max = 0) int heads,
      @ForAll @DoubleRange(min = -9, max = -0.01) double slope,
      @ForAll @IntRange(min = -9, max = 16) int distance) {
    Refusal.mustSay(() -> AlibiBias.ofHeads(heads), "heads must be at least 1", "was " + heads);
    Refusal.mustSay(() -> AlibiBias.ofSlopes(1, slope), "slopes[1]", "at least 0", "was " + slope);
    Refusal.mustSay(() -> AlibiBias.ofSlopes(Double.NaN), "slopes[0]", "finite", "was NaN");
    Refusal.mustSay(AlibiBias::ofSlopes, "slopes must not be empty");
    Refusal.mustSay(
        () -> T5Bias.causal(table(32, 1), distance),
        "maxDistance must be greater than 16",
        "was " + distance);
    Refusal.mustSay(
        () -> T5Bias.bidirectional(table(64, 1), distance),
        "maxDistance must be greater than 16",
        "was " + distance);
    Refusal.mustSay(() -> T5Bias.causal(table(1, 1), 9), "at least 2 buckets", "was 1");
    Refusal.mustSay(() -> T5Bias.bidirectional(table(7, 1), 9), "even number", "was 7");
    double[][] uneven = table(4, 2);
    uneven[2] = new double[3];
    Refusal.mustSay(() -> T5Bias.causal(uneven, 9), "table[2] must have 2 heads", "was 3");
    double[][] infinite = table(4, 2);
    infinite[3][1] = Double.POSITIVE_INFINITY;
    Refusal.mustSay(() -> T5Bias.causal(infinite, 9), "finite, was Infinity at [3][1]");
  }
}
