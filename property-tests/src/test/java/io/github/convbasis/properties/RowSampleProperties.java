package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.plan.RowSample;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;

/** Rows drawn in log-spaced strata. */
class RowSampleProperties {

  /** Rows of a range, each with the given probability. */
  static int[] some(int rows, double share, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    return IntStream.range(0, rows).filter(row -> random.nextDouble() < share).toArray();
  }

  @Property
  void strataPartitionTheRowsAndAreDrawnFromInProportion(
      @ForAll @IntRange(min = 1, max = 3000) int rows,
      @ForAll @IntRange(min = 1, max = 200) int count,
      @ForAll @DoubleRange(min = 0, max = 1) double avoidedShare,
      @ForAll long seed) {
    int[] avoided = some(rows, avoidedShare, seed);
    RowSample sample = RowSample.draw(rows, count, avoided, seed);
    int[] drawn = sample.drawn();
    int next = 0;
    int size = 0;
    int population = 0;
    for (int s = 0; s < sample.strata(); s++) {
      assertEquals(next, sample.start(s), "start of stratum " + s);
      assertEquals(size, sample.firstDraw(s), "first draw of stratum " + s);
      assertEquals((1 << s) - 1, sample.start(s), "log-spaced");
      int end = next + sample.size(s);
      int from = next;
      int others = sample.size(s) - (int) within(avoided, from, end);
      assertEquals(others == 0 ? sample.size(s) : others, sample.population(s), "population");
      assertEquals(sample.draws(s), within(drawn, from, end), "drawn within stratum " + s);
      if (others > 0) {
        assertEquals(0, within(common(drawn, avoided), from, end), "avoided rows drawn");
      }
      next = end;
      size += sample.draws(s);
      population += sample.population(s);
    }
    assertEquals(rows, next, "rows in strata");
    assertEquals(population, sample.population(), "population");
    assertEquals(drawn.length, sample.size(), "size");
    assertArrayEquals(Arrays.stream(drawn).distinct().sorted().toArray(), drawn);
    requireProportional(sample);
  }

  private static void requireProportional(RowSample sample) {
    for (int s = 0; s < sample.strata(); s++) {
      double share = (double) sample.count() * sample.population(s) / sample.population();
      double draws = sample.draws(s);
      double least = Math.min(sample.population(s), Math.max(2, share));
      assertTrue(draws >= least && draws < least + 1, () -> draws + " drawn, of share " + share);
    }
    assertTrue(sample.size() >= Math.min(sample.count(), sample.population()), "nominal count");
    assertTrue(sample.size() <= sample.count() + 2 * sample.strata(), "a few more");
  }

  private static long within(int[] values, int from, int to) {
    return Arrays.stream(values).filter(value -> from <= value && value < to).count();
  }

  private static int[] common(int[] left, int[] right) {
    return Arrays.stream(left).filter(v -> Arrays.binarySearch(right, v) >= 0).toArray();
  }

  @Property
  void theSameSeedDrawsTheSameRows(
      @ForAll @IntRange(min = 1, max = 3000) int rows,
      @ForAll @IntRange(min = 1, max = 200) int count,
      @ForAll long seed) {
    int[] avoided = some(rows, 0.1, ~seed);
    assertArrayEquals(
        RowSample.draw(rows, count, avoided, seed).drawn(),
        RowSample.draw(rows, count, avoided, seed).drawn());
  }

  /** Fixed seeds; within five standard deviations of the number of times a row is drawn. */
  @Example
  void everyRowOfAStratumIsAsLikelyToBeDrawn() {
    int rows = 300;
    int samples = 4000;
    int[] times = new int[rows];
    for (int seed = 0; seed < samples; seed++) {
      for (int row : RowSample.draw(rows, 30, new int[0], seed).drawn()) {
        times[row]++;
      }
    }
    RowSample sample = RowSample.draw(rows, 30, new int[0], 0);
    for (int s = 0; s < sample.strata(); s++) {
      double rate = (double) sample.draws(s) / sample.population(s);
      double deviation = Math.sqrt(samples * rate * (1 - rate));
      for (int row = sample.start(s); row < sample.start(s) + sample.size(s); row++) {
        assertEquals(samples * rate, times[row], 5 * deviation, "row " + row);
      }
    }
  }

  @Property
  void aGreatCountTakesEveryRow(@ForAll @IntRange(min = 1, max = 3000) int rows) {
    int[] all = IntStream.range(0, rows).toArray();
    assertArrayEquals(all, RowSample.draw(rows, Integer.MAX_VALUE, new int[0], 1).drawn());
    assertArrayEquals(all, RowSample.draw(rows, rows, all, 1).drawn());
  }

  @Property
  void rowsAndCountBelowOneAreRefused(@ForAll @IntRange(min = -9, max = 0) int value) {
    Refusal.mustSay(
        () -> RowSample.draw(value, 1, new int[0], 0), "rows must be at least 1", "was " + value);
    Refusal.mustSay(
        () -> RowSample.draw(1, value, new int[0], 0), "count must be at least 1", "was " + value);
  }

  @Example
  void avoidedRowsOutOfOrderOrRangeAreRefused() {
    Refusal.mustSay(
        () -> RowSample.draw(5, 1, new int[] {1, 1}, 0),
        "avoided must increase within 2 … 4",
        "was 1 at 1");
    Refusal.mustSay(
        () -> RowSample.draw(5, 1, new int[] {5}, 0),
        "avoided must increase within 0 … 4",
        "was 5 at 0");
    Refusal.mustSay(
        () -> RowSample.draw(5, 1, new int[] {-1}, 0),
        "avoided must increase within 0 … 4",
        "was -1 at 0");
  }
}
