package io.github.convbasis.properties;

import io.github.convbasis.attention.RotaryEmbedding;
import io.github.convbasis.attention.RotaryEmbedding.Pairing;
import io.github.convbasis.matrix.HeadTensor;
import java.util.Arrays;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Rotation of queries and keys by their positions, in both conventions. */
class RotaryEmbeddingProperties {
  private static final int MOST = 60;

  private static HeadTensor repeated(double[] content, int rows) {
    HeadTensor tensor = HeadTensor.allocate(false, 1, rows, content.length);
    for (int row = 0; row < rows; row++) {
      tensor.setRow(0, row, content);
    }
    return tensor;
  }

  /**
   * Angles of up to a few hundred are rounded once more than the products: u·(largest angle) beside
   * a few u.
   */
  private static double unit(double[] query, double[] key, int largestPosition) {
    return Tolerances.DOUBLE
        * (1 + largestPosition)
        * Reference.norm2(query)
        * Reference.norm2(key);
  }

  @Property
  void logitsDependOnTheLagOnly(
      @ForAll Pairing pairing,
      @ForAll @IntRange(min = 1, max = 9) int pairs,
      @ForAll @IntRange(min = 0, max = 500) int first,
      @ForAll @IntRange(min = 1, max = 500) int shift,
      @ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] query = Draw.gaussian(random, 2 * pairs, 1);
    double[] key = Draw.gaussian(random, 2 * pairs, 1);
    RotaryEmbedding rope = new RotaryEmbedding(10_000, pairing);
    HeadTensor queries = repeated(query, MOST);
    HeadTensor keys = repeated(key, MOST);
    rope.rotate(queries, first);
    rope.rotate(keys, first);
    HeadTensor laterQueries = repeated(query, MOST);
    HeadTensor laterKeys = repeated(key, MOST);
    rope.rotate(laterQueries, first + shift);
    rope.rotate(laterKeys, first + shift);
    double unit = unit(query, key, first + shift + MOST);
    for (int row = 0; row < MOST; row++) {
      for (int other = 0; other < MOST; other++) {
        double logit = dot(queries, row, keys, other);
        int lag = row - other;
        double same = dot(queries, Math.max(0, lag), keys, Math.max(0, -lag));
        Tolerances.ROTARY_LOGIT.require(logit - same, unit, "lag " + lag);
        double later = dot(laterQueries, row, laterKeys, other);
        Tolerances.ROTARY_LOGIT.require(logit - later, unit, "shifted, lag " + lag);
      }
    }
  }

  private static double dot(HeadTensor x, int row, HeadTensor y, int other) {
    double[] copy = new double[x.width()];
    x.copyRow(0, row, copy);
    return y.dot(0, other, copy);
  }

  @Property
  void rotatingBackGivesTheRowsAgain(
      @ForAll Pairing pairing,
      @ForAll @IntRange(min = 1, max = 9) int pairs,
      @ForAll @IntRange(min = -500, max = 500) int first,
      @ForAll long seed) {
    double[] content = Draw.gaussian(new SplittableRandom(seed), 2 * pairs * 2 * MOST, 1);
    HeadTensor rows = HeadTensor.of(content.clone(), 2, MOST, 2 * pairs);
    RotaryEmbedding rope = new RotaryEmbedding(10_000, pairing);
    rope.rotate(rows, first);
    rope.rotateBack(rows, first);
    double unit = Tolerances.ulps(Tolerances.DOUBLE, 2 * Reference.normSup(content));
    double[] actual = Layout.elements(rows);
    for (int i = 0; i < content.length; i++) {
      Tolerances.ROTARY_ROUND_TRIP.require(actual[i] - content[i], unit, "element " + i);
    }
  }

  @Property
  void givenPositionsAreThoseOfTheRows(
      @ForAll Pairing pairing, @ForAll @IntRange(min = 1, max = 40) int n, @ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] content = Draw.gaussian(random, n * 4, 1);
    int[] positions = new int[n];
    Arrays.setAll(positions, row -> random.nextInt(1000) - 500);
    RotaryEmbedding rope = new RotaryEmbedding(500, pairing);
    HeadTensor rows = HeadTensor.of(content.clone(), 1, n, 4);
    rope.rotate(rows, positions);
    for (int row = 0; row < n; row++) {
      double[] alone = Arrays.copyOfRange(content, 4 * row, 4 * row + 4);
      rope.rotate(HeadTensor.of(alone, 1, 1, 4), positions[row]);
      double[] actual = new double[4];
      rows.copyRow(0, row, actual);
      Tolerances.requireSameBits(actual, alone, "row " + row);
    }
    Refusal.mustSay(
        () -> rope.rotate(rows, new int[n + 1]),
        "positions must be " + n + " like rows",
        "was " + (n + 1));
    Refusal.mustSay(
        () -> rope.rotateBack(HeadTensor.allocate(false, 1, n, 3), 0),
        "width must be even",
        "was 3");
  }
}
