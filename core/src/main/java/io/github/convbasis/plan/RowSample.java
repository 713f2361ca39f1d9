package io.github.convbasis.plan;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Draws rows at random on which an approximation is judged.
 *
 * <p>The n rows are cut into log-spaced strata {@code 0, 1-2, 3-6, 7-14, …}, so that the short
 * early rows and the many late ones both have their say. Rows that were planned with are avoided: a
 * plan is better on them than elsewhere. A stratum's population {@code N_s} is its rows without the
 * avoided ones; only a stratum that has no others gives avoided rows. From each stratum
 *
 * <p>{@code m_s = min(N_s, max(2, ⌈m·N_s / ΣN⌉))}
 *
 * <p>rows are drawn without replacement, each set of {@code m_s} as likely as another, and
 * independently of other strata. No share {@code m_s / N_s} is below {@code m / ΣN}, on which
 * {@link Certificate} relies. At least m rows are drawn, or all; at most two per stratum more.
 *
 * <p>Immutable and thread-safe.
 */
public final class RowSample {
  private static final int LEAST_DRAWS = 2;

  private final int rows;
  private final int count;
  private final long seed;
  private final int[] starts;
  private final int[] sizes;
  private final int[] populations;
  private final int[] firstDraws;
  private final int[] drawn;

  private RowSample(
      int rows, int count, long seed, int[] sizes, int[] populations, int[] draws, int[] drawn) {
    this.rows = rows;
    this.count = count;
    this.seed = seed;
    this.sizes = sizes;
    this.populations = populations;
    this.drawn = drawn;
    starts = offsets(sizes);
    firstDraws = offsets(draws);
  }

  private static int[] offsets(int[] lengths) {
    int[] offsets = new int[lengths.length + 1];
    for (int i = 0; i < lengths.length; i++) {
      offsets[i + 1] = offsets[i] + lengths[i];
    }
    return offsets;
  }

  /**
   * Draws a sample; O(rows), the same rows for the same arguments on every machine.
   *
   * @param rows n, at least 1
   * @param count m, the nominal number of draws, at least 1; a great number takes every row
   * @param avoided rows not to draw where their stratum has others, increasing
   * @param seed where the sample comes from
   * @return the sample
   * @throws IllegalArgumentException if rows or count is below 1, or avoided is not increasing in
   *     {@code 0 … rows-1}
   */
  public static RowSample draw(int rows, int count, int[] avoided, long seed) {
    requirePositive("rows", rows);
    requirePositive("count", count);
    requireIncreasing(avoided, rows);
    int strata = Integer.SIZE - Integer.numberOfLeadingZeros(rows);
    int[] sizes = new int[strata];
    int[][] candidates = new int[strata][];
    int[] populations = new int[strata];
    int total = 0;
    for (int s = 0; s < strata; s++) {
      int from = (1 << s) - 1;
      sizes[s] = Math.min(rows - from, 1 << s);
      candidates[s] = candidates(from, sizes[s], avoided);
      populations[s] = candidates[s].length;
      total += populations[s];
    }
    SplittableRandom random = new SplittableRandom(seed);
    int[] draws = new int[strata];
    int[] drawn = new int[total];
    int taken = 0;
    for (int s = 0; s < strata; s++) {
      draws[s] = draws(populations[s], count, total);
      select(candidates[s], draws[s], random, drawn, taken);
      taken += draws[s];
    }
    return new RowSample(rows, count, seed, sizes, populations, draws, Arrays.copyOf(drawn, taken));
  }

  private static void requirePositive(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " must be at least 1, was " + value);
    }
  }

  private static void requireIncreasing(int[] avoided, int rows) {
    int least = 0;
    for (int i = 0; i < avoided.length; i++) {
      if (avoided[i] < least || avoided[i] >= rows) {
        throw new IllegalArgumentException(
            String.format(
                "avoided must increase within %d … %d, was %d at %d",
                least, rows - 1, avoided[i], i));
      }
      least = avoided[i] + 1;
    }
  }

  /** Returns the rows of a stratum that are not avoided, or all if none is left. */
  private static int[] candidates(int from, int size, int[] avoided) {
    int first = insertion(avoided, from);
    int end = insertion(avoided, from + size);
    boolean all = end - first == size;
    int[] candidates = new int[all ? size : size - (end - first)];
    int next = first;
    int count = 0;
    for (int row = from; row < from + size; row++) {
      if (!all && next < end && avoided[next] == row) {
        next++;
      } else {
        candidates[count++] = row;
      }
    }
    return candidates;
  }

  private static int insertion(int[] increasing, int value) {
    int found = Arrays.binarySearch(increasing, value);
    return found < 0 ? -found - 1 : found;
  }

  private static int draws(int population, int count, int total) {
    long share = Math.ceilDiv((long) count * population, (long) total);
    return (int) Math.min(population, Math.max(LEAST_DRAWS, share));
  }

  /** Selection sampling (Knuth, algorithm S): one pass, without replacement, in row order. */
  private static void select(
      int[] candidates, int draws, SplittableRandom random, int[] drawn, int taken) {
    int left = draws;
    for (int i = 0; left > 0; i++) {
      if (random.nextInt(candidates.length - i) < left) {
        drawn[taken + draws - left] = candidates[i];
        left--;
      }
    }
  }

  /**
   * Returns the number of rows sampled from.
   *
   * @return n
   */
  public int rows() {
    return rows;
  }

  /**
   * Returns the nominal number of draws.
   *
   * @return m
   */
  public int count() {
    return count;
  }

  /**
   * Returns where the sample comes from.
   *
   * @return the seed
   */
  public long seed() {
    return seed;
  }

  /**
   * Returns the rows drawn, stratum after stratum, hence increasing.
   *
   * @return a copy
   */
  public int[] drawn() {
    return drawn.clone();
  }

  /**
   * Returns the number of rows drawn.
   *
   * @return ΣM, over all strata
   */
  public int size() {
    return drawn.length;
  }

  /**
   * Returns the number of rows that could be drawn; the others were avoided.
   *
   * @return ΣN, over all strata
   */
  public int population() {
    int total = 0;
    for (int population : populations) {
      total += population;
    }
    return total;
  }

  /**
   * Returns the number of strata.
   *
   * @return 1 + ⌊log₂ n⌋
   */
  public int strata() {
    return sizes.length;
  }

  /**
   * Returns a stratum's first row; it ends where the next begins, the last at n.
   *
   * @param stratum from 0
   * @return first row
   */
  public int start(int stratum) {
    return starts[stratum];
  }

  /**
   * Returns how many rows a stratum has, avoided ones too.
   *
   * @param stratum from 0
   * @return rows
   */
  public int size(int stratum) {
    return sizes[stratum];
  }

  /**
   * Returns how many rows of a stratum could be drawn.
   *
   * @param stratum from 0
   * @return N_s
   */
  public int population(int stratum) {
    return populations[stratum];
  }

  /**
   * Returns how many rows of a stratum were drawn.
   *
   * @param stratum from 0
   * @return m_s
   */
  public int draws(int stratum) {
    return firstDraws[stratum + 1] - firstDraws[stratum];
  }

  /**
   * Returns where a stratum's rows begin in {@link #drawn}.
   *
   * @param stratum from 0
   * @return index of the first
   */
  public int firstDraw(int stratum) {
    return firstDraws[stratum];
  }
}
