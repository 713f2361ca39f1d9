package io.github.convbasis.simd.spectral;

import io.github.convbasis.simd.Lanes;
import io.github.convbasis.simd.fft.BatchFft;
import java.util.Arrays;

/**
 * Chooses the grid of nested blocks by predicted time, and whether to use one at all.
 *
 * <p>Large blocks make few products but long transforms and big triangles on the diagonal; smaller
 * blocks inside these triangles make them cheap again, down to the smallest, whose triangles are
 * exact. The prediction adds, for each size L inside regions of P rows, transforms {@code pieces·2L
 * rows}, half windows {@code halves·L samples}, products {@code pieces·P/2L·2L}, and for the
 * triangles left {@code n·L/2} exact pairs of row and key.
 *
 * <p>Constants are nanoseconds for a row of 2·lanes floats, measured on one core of an AMD EPYC
 * (Zen 5) at 512 and 256 bits, where they hardly differ, since a row is one or two of whatever the
 * machine's vectors are. Only their ratios matter; a wrong choice between neighbouring sizes costs
 * 10-20 %.
 *
 * <p>Immutable and thread-safe.
 */
final class BlockPlan {
  private static final int SMALLEST = 64;
  private static final int LARGEST = 16_384;

  /** A butterfly level of a row. */
  private static final double ROW_LEVEL = 0.5;

  /** Moving a row of a spectrum between a transform and the product. */
  private static final double ROW_MOVE = 9;

  /** Loading a row for the product, with its share of packed windows. */
  private static final double ROW_LOAD = 15;

  /** A row times the kernel values of one output block. */
  private static final double ROW_PRODUCT = 0.75;

  /** A call of the product's kernel, for four output blocks. */
  private static final double TILE_CALL = 12;

  /** Exponential, placing and transform of a sample of a half window. */
  private static final double SAMPLE = 1.9;

  /** What a half window costs besides its samples. */
  private static final double WINDOW = 300;

  /** One logit in the row sums. */
  private static final double SUM = 3;

  /** An exact pair of row and key: per column of keys and values, and in all, times lanes. */
  private static final double PAIR_COLUMN = 0.28;

  private static final double PAIR = 5;

  /** Packing a row for the exact kernel, per column. */
  private static final double EXACT_ROW_COLUMN = 1;

  /** Spectra, and windows too, may take this share of the room of queries, keys and values. */
  private static final double MAX_SHARE = 0.75;

  /** What each of them may take in any case, in floats: 128 MiB. */
  private static final double SMALL_SHARE = 1 << 25;

  /**
   * Greatest blocks where rounding matters most. At n = 65,536 with 64 segments they leave a tenth
   * of the untrusted rows that blocks of 1,024 do and take 115 instead of 73 ms (AMD Zen 5, 512
   * bits); blocks of 64 leave half of these, but take 190 ms.
   */
  private static final int FINE = 128;

  private static final BlockPlan EXACT = of();

  private final int[] sizes;
  private final long limit;

  private BlockPlan(int[] sizes, long limit) {
    this.sizes = sizes;
    this.limit = limit;
  }

  /**
   * Gives the grid, without a limit on scratch.
   *
   * @param sizes powers of two from 8 (2L samples must fill a vector), increasing
   * @return the plan
   */
  static BlockPlan of(int... sizes) {
    return new BlockPlan(sizes.clone(), Long.MAX_VALUE);
  }

  /**
   * Chooses the cheapest grid.
   *
   * @param n rows
   * @param depth columns of queries and keys
   * @param width columns of values
   * @param terms segments
   * @return a grid whose scratch is bounded, or the exact plan
   */
  static BlockPlan cheapest(int n, int depth, int width, int terms) {
    return new Search(n, depth, width, terms).cheapest();
  }

  /**
   * Predicts what the cheapest way costs in units of one exact pair of row and key, of which the
   * lower triangle has {@code n(n+1)/2}.
   *
   * @param n rows
   * @param depth columns of queries and keys
   * @param width columns of values
   * @param terms segments
   * @return pairs, at most {@code n(n+1)/2}
   */
  static double pairs(int n, int depth, int width, int terms) {
    Search search = new Search(n, depth, width, terms);
    search.cheapest();
    return search.least / search.exact(n, n) * (n * (n + 1.0) / 2);
  }

  /**
   * Chooses the cheapest grid for a product whose diagonal blocks are products as well, so that no
   * part is exact.
   *
   * @param n rows
   * @param width columns
   * @param terms segments
   * @return a grid whose scratch is bounded
   */
  static BlockPlan cheapestProduct(int n, int width, int terms) {
    return new Search(n, 0, width, terms).cheapestProduct();
  }

  /**
   * Chooses a grid that rounds less, if that costs less than untrusted rows do: rounding of a
   * product is that of the greatest weights in its block, so that smaller blocks spoil fewer rows.
   *
   * @param n rows
   * @param depth columns of queries and keys
   * @param width columns of values
   * @param terms segments
   * @param untrusted rows that this grid could not be trusted with
   * @return a grid with the same diagonal blocks, or null if there is none worth it
   */
  BlockPlan finer(int n, int depth, int width, int terms, int untrusted) {
    if (isExact() || sizes[sizes.length - 1] <= FINE || sizes[0] > FINE) {
      return null;
    }
    Search search = new Search(n, depth, width, terms);
    double cost = search.exact(n, sizes[0]) + search.level(FINE, n) + terms * (double) n / 2 * SUM;
    if (sizes[0] < FINE) {
      cost += search.level(sizes[0], FINE);
    }
    boolean pays = untrusted * (search.exact(n, n) / n) > cost + search.repeats(FINE);
    if (!pays || !search.fits(FINE)) {
      return null;
    }
    return (sizes[0] < FINE ? of(sizes[0], FINE) : of(FINE)).withLimit(limit);
  }

  /** Tells whether every row is to be computed exactly. */
  boolean isExact() {
    return sizes.length == 0;
  }

  /** Returns the number of block sizes. */
  int levels() {
    return sizes.length;
  }

  /** Returns a block size; level 0 is the smallest, whose diagonal blocks are exact. */
  int blockSize(int level) {
    return sizes[level];
  }

  /** Returns how many floats half windows, and value spectra, of the largest blocks may take. */
  long limit() {
    return limit;
  }

  /** Returns this grid with a limit on scratch. */
  BlockPlan withLimit(long floats) {
    return new BlockPlan(sizes, floats);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof BlockPlan
        && Arrays.equals(sizes, ((BlockPlan) other).sizes)
        && limit == ((BlockPlan) other).limit;
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(sizes) + Long.hashCode(limit);
  }

  /** Names the sizes. */
  @Override
  public String toString() {
    return isExact() ? "exact" : Arrays.toString(sizes);
  }

  /** Adds up costs for one problem. */
  private static final class Search {
    private final double n;
    private final int columns;
    private final double tiles;
    private final double terms;
    private final double limit;

    /** Cost of the grid that was chosen. */
    private double least;

    Search(int n, int depth, int width, int terms) {
      this.n = n;
      columns = depth + width;
      tiles = (width + BatchFft.ROW - 1) / BatchFft.ROW;
      this.terms = terms;
      double floats = MAX_SHARE * n * (columns + depth);
      // Spectra need 2·ROW·n floats whatever the width; a limit below that would make long and thin
      // heads exact.
      double room = Math.max(SMALL_SHARE, 4.0 * BatchFft.ROW * n);
      limit = Math.min(0.9 * Integer.MAX_VALUE, Math.max(room, floats));
    }

    BlockPlan cheapest() {
      return cheapest(false, exact(n, n), EXACT, terms * n / 2 * SUM);
    }

    BlockPlan cheapestProduct() {
      return cheapest(true, Double.POSITIVE_INFINITY, of(SMALLEST), 0);
    }

    /** Nests levels from the smallest, whose diagonal blocks are exact or products. */
    private BlockPlan cheapest(boolean product, double most, BlockPlan otherwise, double sums) {
      least = most;
      BlockPlan best = otherwise;
      int sizeCount = Integer.numberOfTrailingZeros(LARGEST / SMALLEST) + 1;
      double[] inside = new double[sizeCount];
      BlockPlan[] grids = new BlockPlan[sizeCount];
      for (int s = 0; s < sizeCount; s++) {
        int size = SMALLEST << s;
        inside[s] = product ? level(size, size) : exact(n, size);
        grids[s] = of(size);
        for (int smaller = 0; smaller < s; smaller++) {
          double cost = inside[smaller] + level(SMALLEST << smaller, size);
          if (cost < inside[s]) {
            inside[s] = cost;
            grids[s] = grids[smaller].with(size);
          }
        }
        double cost = inside[s] + level(size, n) + repeats(size) + sums;
        if (2 * size <= n && fits(size) && cost < least) {
          least = cost;
          best = grids[s];
        }
      }
      return best.withLimit((long) limit);
    }

    /** All rows against the keys of diagonal blocks, by groups of two vectors of rows. */
    private double exact(double rows, double size) {
      double pair = (PAIR + PAIR_COLUMN * columns) / Lanes.COUNT;
      return rows * (EXACT_ROW_COLUMN * columns + (size / 2 + Lanes.COUNT) * pair);
    }

    /** Products of whole blocks inside all regions of a size. */
    private double level(double size, double region) {
      double blocks = region / size;
      double rows = 2 * size * tiles;
      double levels = Math.log(2 * size) / Math.log(2);
      double pieces = pieces(size, region);
      double cost =
          pieces * rows * (levels * ROW_LEVEL + ROW_MOVE + ROW_LOAD)
              + blocks * rows * (levels * ROW_LEVEL + ROW_MOVE)
              + pieces * (blocks + 3) / 2 * rows * ROW_PRODUCT
              + blocks / 4 * rows * TILE_CALL
              + windows(size, region) * (size * SAMPLE + WINDOW);
      return cost * n / region;
    }

    private double pieces(double size, double region) {
      return region / size + terms * region / n;
    }

    /**
     * Half windows if segments start anywhere: a set for each start inside a block and one for each
     * segment that a block begins with, each with a half for every block after it.
     */
    private double windows(double size, double region) {
      double blocks = region / size;
      double inside = terms * region / n;
      double atStarts = 1 + (blocks - 1) * (1 - Math.exp(-terms * size / n));
      return (inside + atStarts) * (blocks / 2 + 1);
    }

    /** Value transforms that are done again because windows come in groups. */
    private double repeats(double size) {
      double groups = Math.ceil(2 * (size + 1) * windows(size, n) / limit);
      double rows = 2 * size * tiles;
      double levels = Math.log(2 * size) / Math.log(2);
      return (groups - 1) / 2 * pieces(size, n) * rows * (levels * ROW_LEVEL + ROW_MOVE);
    }

    private boolean fits(double size) {
      double spectra = (pieces(size, n) + 2) * 2 * size * BatchFft.ROW;
      return spectra <= limit && n * tiles * BatchFft.ROW <= 0.9 * Integer.MAX_VALUE;
    }
  }

  private BlockPlan with(int larger) {
    int[] longer = Arrays.copyOf(sizes, sizes.length + 1);
    longer[sizes.length] = larger;
    return new BlockPlan(longer, limit);
  }
}
