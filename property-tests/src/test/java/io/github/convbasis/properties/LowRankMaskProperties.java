package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.masks.CausalMask;
import io.github.convbasis.masks.ContinuousRowMask;
import io.github.convbasis.masks.DistinctColumnsMask;
import io.github.convbasis.masks.DistinctRowsMask;
import io.github.convbasis.masks.LowRankMask;
import io.github.convbasis.masks.RowChangeMask;
import io.github.convbasis.matrix.HeadTensor;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Masked low-rank products beside the dense matrix. */
class LowRankMaskProperties {
  private static final int RANK = 3;
  private static final int WIDTH = 2;

  /** Masks of every kind, rows without any column among them. */
  private static List<LowRankMask> masks(int n, SplittableRandom random) {
    int[] starts = new int[n];
    int[] ends = new int[n];
    int[][] columns = new int[n][];
    for (int row = 0; row < n; row++) {
      starts[row] = random.nextInt(n + 1);
      ends[row] = starts[row] + random.nextInt(n + 1 - starts[row]);
      columns[row] = Draw.subset(random, random.nextInt(n + 1), n);
    }
    int[] classes = new int[n];
    Arrays.setAll(classes, i -> random.nextInt(3));
    boolean[][] patterns = new boolean[3][n];
    for (boolean[] pattern : patterns) {
      for (int i = 0; i < n; i++) {
        pattern[i] = random.nextBoolean();
      }
    }
    int size = 1 + random.nextInt(n);
    return List.of(
        new CausalMask(n),
        RowChangeMask.of(columns),
        RowChangeMask.slidingWindow(n, size),
        RowChangeMask.groups(n, size),
        RowChangeMask.shiftedGroups(n, size),
        new ContinuousRowMask(starts, ends),
        ContinuousRowMask.slidingWindow(n, size),
        new DistinctColumnsMask(classes, patterns),
        new DistinctRowsMask(classes, patterns));
  }

  @Property
  void everyMaskIsItsDenseMatrix(
      @ForAll @IntRange(min = 1, max = 40) int n, @ForAll long seed, @ForAll boolean normalised) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] values = Draw.gaussian(random, n * WIDTH, 1);
    double[] left = Draw.gaussian(random, n * RANK, 1);
    double[] right = Draw.gaussian(random, n * RANK, 1);
    if (normalised) {
      Arrays.setAll(left, i -> 0.1 + Math.abs(left[i]));
      Arrays.setAll(right, i -> 0.1 + Math.abs(right[i]));
    }
    for (LowRankMask mask : masks(n, random)) {
      requireDense(mask, left, right, values, normalised);
    }
  }

  /** Windows and groups that sums are built anew for again and again, and trees of many levels. */
  @Property(tries = 100)
  void longMasksAreTheirDenseMatrix(
      @ForAll @IntRange(min = 100, max = 300) int n, @ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] values = Draw.gaussian(random, n * WIDTH, 1);
    double[] left = Draw.gaussian(random, n * RANK, 1);
    double[] right = Draw.gaussian(random, n * RANK, 1);
    int size = 1 + random.nextInt(n);
    List<LowRankMask> masks =
        List.of(
            new CausalMask(n),
            RowChangeMask.slidingWindow(n, size),
            RowChangeMask.groups(n, size),
            RowChangeMask.shiftedGroups(n, size),
            ContinuousRowMask.slidingWindow(n, size));
    for (LowRankMask mask : masks) {
      requireDense(mask, left, right, values, false);
    }
  }

  /** What left a window must not show, though it was up to e⁸⁰ times as great. */
  @Property
  void greatColumnsLeaveNoTrace(@ForAll @IntRange(min = 1, max = 40) int n, @ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] left = Draw.gaussian(random, n * RANK, 1);
    double[] right = Draw.gaussian(random, n * RANK, 1);
    for (int row = 0; row < n; row++) {
      double size = Math.exp(80 * random.nextDouble() - 40);
      for (int k = 0; k < RANK; k++) {
        right[row * RANK + k] *= size;
      }
    }
    double[] values = Draw.gaussian(random, n * WIDTH, 1);
    for (LowRankMask mask : masks(n, random)) {
      requireDense(mask, left, right, values, false);
    }
  }

  private static void requireDense(
      LowRankMask mask, double[] left, double[] right, double[] values, boolean normalised) {
    int n = mask.size();
    boolean refused = false;
    double[] expected = new double[n * WIDTH];
    double[] units = new double[n * WIDTH];
    for (int i = 0; i < n; i++) {
      double rowSum = 0;
      double size = 0;
      Reference.Accumulator[] sums = {new Reference.Accumulator(), new Reference.Accumulator()};
      double[] query = Arrays.copyOfRange(left, i * RANK, (i + 1) * RANK);
      for (int j = 0; j < n; j++) {
        if (mask.contains(i, j)) {
          double[] key = Arrays.copyOfRange(right, j * RANK, (j + 1) * RANK);
          double weight = Reference.dot(query, key);
          double[] value = Arrays.copyOfRange(values, j * WIDTH, (j + 1) * WIDTH);
          rowSum += weight;
          size += Reference.norm1(query) * Reference.normSup(key) * Reference.normSup(value);
          size += normalised ? Reference.norm1(query) * Reference.normSup(key) : 0;
          for (int c = 0; c < WIDTH; c++) {
            sums[c].addProduct(weight, value[c]);
          }
        }
      }
      refused |= normalised && rowSum == 0;
      for (int c = 0; c < WIDTH; c++) {
        double divisor = normalised ? rowSum : 1;
        expected[i * WIDTH + c] = sums[c].value() / divisor;
        // An error of the row sum moves the quotient by as much as the quotient is great.
        double growth = normalised ? 1 + Math.abs(expected[i * WIDTH + c]) : 1;
        units[i * WIDTH + c] = Tolerances.sum(Tolerances.DOUBLE, n + RANK, growth * size / divisor);
      }
    }
    double[] actual = new double[n * WIDTH];
    HeadTensor u1 = HeadTensor.of(left, 1, n, RANK);
    HeadTensor u2 = HeadTensor.of(right, 1, n, RANK);
    HeadTensor v = HeadTensor.of(values, 1, n, WIDTH);
    HeadTensor y = HeadTensor.of(actual, 1, n, WIDTH);
    if (refused) {
      assertThrows(ArithmeticException.class, () -> mask.attend(u1, u2, v, y));
      return;
    }
    if (normalised) {
      mask.attend(u1, u2, v, y);
    } else {
      mask.multiply(u1, u2, v, y);
    }
    Tolerances.MASKED_PRODUCT.requireClose(actual, expected, units);
  }

  @Property
  void costsGrowAsStated(
      @ForAll @IntRange(min = 1, max = 300) int n, @ForAll @IntRange(min = 1, max = 300) int size) {
    assertTrue(RowChangeMask.slidingWindow(n, size).updates() < 2L * n);
    assertTrue(RowChangeMask.groups(n, size).updates() < 2L * n);
    assertTrue(RowChangeMask.shiftedGroups(n, size).updates() < 2L * n);
    int logarithm = 32 - Integer.numberOfLeadingZeros(n - 1);
    long visits = ContinuousRowMask.slidingWindow(n, size).nodeVisits();
    assertTrue(visits <= (long) n * Math.max(1, 2 * logarithm), visits + " visits");
  }

  @Example
  void badArgumentsAreRefused() {
    Refusal.mustSay(() -> new CausalMask(0), "size", 1, 0);
    Refusal.mustSay(() -> RowChangeMask.slidingWindow(4, 0), "window", 1, 0);
    Refusal.mustSay(() -> RowChangeMask.groups(4, 0), "group", 1, 0);
    Refusal.mustSay(() -> RowChangeMask.of(new int[][] {{1, 0}, {}}), "row 0", 0, 2);
    Refusal.mustSay(() -> new ContinuousRowMask(new int[2], new int[3]), "ends", 2, 3);
    Refusal.mustSay(() -> new ContinuousRowMask(new int[] {1, 0}, new int[] {0, 2}), "row 0", 1, 0);
    Refusal.mustSay(
        () -> new DistinctRowsMask(new int[] {0, 1}, new boolean[1][2]), "classes[1]", 0, 1);
    Refusal.mustSay(
        () -> new DistinctColumnsMask(new int[] {0, 0}, new boolean[1][3]), "patterns[0]", 2, 3);
    HeadTensor two = HeadTensor.allocate(false, 1, 2, 1);
    HeadTensor three = HeadTensor.allocate(false, 1, 3, 1);
    Refusal.mustSay(() -> new CausalMask(2).multiply(two, three, two, two), "right", 2, 3);
  }
}
