package io.github.convbasis.plan;

import io.github.convbasis.backend.AttentionCosts;
import io.github.convbasis.matrix.TileGrid;
import java.util.function.IntPredicate;

/**
 * Chooses which tiles of a head are exact, of rank one, and negligible, from sampled rows.
 *
 * <p>Tiles are ranked by the share of the weights that the mean query of their rows gives them. On
 * real heads this ranks them better than estimates that add the spread of keys and values (see
 * {@code docs/experiments.md}). The greatest shares become exact, one level after the other, until
 * the sampled error meets the target; then the least become negligible, as long as it still does.
 * Levels are half powers of two.
 *
 * <p>Mutable: one thread at a time.
 */
final class TilePlanner {
  /** Levels below 1; the last one also holds all smaller shares. */
  static final int LEVELS = 64;

  /** Levels beyond the fewest exact ones that are tried. */
  private static final int MORE_LEVELS = 6;

  /**
   * A rank-one tile may hold so many times the share of a row from which the mean query makes a
   * tile exact. On real heads a few rows in a hundred are then computed exactly, which held up to
   * nine tenths of the squared error.
   */
  private static final double ROW_GUARD = 4;

  private static final double LEVELS_PER_NAT = 2 / Math.log(2);

  private final TileGrid grid;
  private final AttentionCosts costs;
  private final TileSample sample;
  private final double scale;
  private final int stride;

  /** By row, then level, then element: sums of all lower levels; exact, and modelled. */
  private final double[] exactSums;

  private final double[] modelSums;

  /** By row, then level: exact entries and tiles of all lower levels. */
  private final int[] entries;

  private final int[] tiles;

  /** By row, then level, one place on like the tiles: greatest model weight in the level. */
  private final double[] greatest;

  private final double[] work;
  private final double norm;

  /**
   * What becomes of the levels.
   *
   * @param exactBelow levels below are exact
   * @param negligibleFrom levels from here on are negligible, those between of rank one
   * @param error relative error of the sampled rows
   * @param exactRows expected share of the entries in rows that are exact because a rank-one tile
   *     holds too much of them
   * @param cost expected cost as a share of exact attention
   */
  record Choice(int exactBelow, int negligibleFrom, double error, double exactRows, double cost) {
    /** Returns the greatest share of a row that a rank-one tile may hold. */
    double mostRankOneShare() {
      return TilePlanner.mostRankOneShare(exactBelow);
    }

    /** Returns the same choice by shares. */
    TileRule rule() {
      double exactAbove = exactBelow == LEVELS ? 0 : greatestShare(exactBelow);
      double negligibleBelow = negligibleFrom == LEVELS ? 0 : greatestShare(negligibleFrom);
      return new TileRule(exactAbove, Math.min(exactAbove, negligibleBelow));
    }
  }

  /** Returns the greatest share in a level. */
  private static double greatestShare(int level) {
    return Math.exp(-level / LEVELS_PER_NAT);
  }

  /**
   * Sorts a sample's tiles into levels.
   *
   * @param grid the tiles
   * @param costs what operations cost
   * @param sample rows, about equally spaced
   * @param width columns of values
   * @param scale what outputs are divided by, so that squares stay in range
   */
  TilePlanner(TileGrid grid, AttentionCosts costs, TileSample sample, int width, double scale) {
    this.grid = grid;
    this.costs = costs;
    this.sample = sample;
    this.scale = scale;
    stride = width + 1;
    int count = sample.count();
    exactSums = new double[count * (LEVELS + 1) * stride];
    modelSums = new double[count * (LEVELS + 1) * stride];
    entries = new int[count * (LEVELS + 1)];
    tiles = new int[count * (LEVELS + 1)];
    greatest = new double[count * (LEVELS + 1)];
    work = new double[stride];
    double sum = 0;
    for (int index = 0; index < count; index++) {
      sort(index);
      sum += sample.squaredNorm(index, scale);
    }
    norm = sum;
  }

  private static int level(double logShare) {
    // Also for -∞; shares above 1 do not occur but by rounding.
    return (int) Math.max(0, Math.min(LEVELS - 1, -logShare * LEVELS_PER_NAT));
  }

  private static double mostRankOneShare(int exactBelow) {
    return Math.min(1, ROW_GUARD * greatestShare(exactBelow));
  }

  private void sort(int index) {
    int below = grid.blocksBelowDiagonal(sample.block(index));
    int first = index * (LEVELS + 1);
    for (int tile = 0; tile < below; tile++) {
      int at = first + 1 + level(sample.logShare(index, tile));
      sample.add(index, tile, false, exactSums, at * stride);
      sample.add(index, tile, true, modelSums, at * stride);
      entries[at] += grid.columnBlock();
      tiles[at]++;
      greatest[at] = Math.max(greatest[at], sample.modelWeight(index, tile));
    }
    // The diagonal is always exact: it starts every sum.
    int all = grid.columnBlocks(sample.block(index));
    for (int tile = below; tile < all; tile++) {
      sample.add(index, tile, false, exactSums, first * stride);
    }
    entries[first] = sample.row(index) + 1 - below * grid.columnBlock();
    for (int at = first + 1; at <= first + LEVELS; at++) {
      entries[at] += entries[at - 1];
      tiles[at] += tiles[at - 1];
      for (int c = 0; c < stride; c++) {
        exactSums[at * stride + c] += exactSums[(at - 1) * stride + c];
        modelSums[at * stride + c] += modelSums[(at - 1) * stride + c];
      }
    }
  }

  /**
   * Finds the cheapest choice.
   *
   * @param target relative error of the sampled rows that it must meet
   * @return the choice; all levels are exact if none other meets the target
   */
  Choice choose(double target) {
    int fewest = first(0, level -> error(level, LEVELS) <= target);
    Choice best = cheapest(fewest, target);
    // More exact tiles may let all others be negligible, which saves the means.
    for (int more = 1; more <= MORE_LEVELS && fewest + more < LEVELS; more++) {
      Choice other = cheapest(fewest + more, target);
      if (other.error() <= target && other.cost() < best.cost()) {
        best = other;
      }
    }
    return best;
  }

  /** Makes as many levels negligible as the target allows. */
  private Choice cheapest(int exactBelow, double target) {
    return cost(exactBelow, first(exactBelow, level -> error(exactBelow, level) <= target));
  }

  /** Bisects for the first level that will do, all after it taken to do as well. */
  private static int first(int from, IntPredicate willDo) {
    int low = from;
    int high = LEVELS;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (willDo.test(middle)) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return high;
  }

  private double error(int exactBelow, int negligibleFrom) {
    double squares = 0;
    for (int index = 0; index < sample.count(); index++) {
      if (exactBelow < LEVELS && !isUntrusted(index, exactBelow, negligibleFrom)) {
        squares += sample.squaredError(index, work, 0, scale);
      }
    }
    return squares == 0 ? 0 : Math.sqrt(squares / norm);
  }

  /**
   * Leaves the modelled sums of a row, and tells whether a rank-one tile holds too much of them.
   */
  private boolean isUntrusted(int index, int exactBelow, int negligibleFrom) {
    int first = index * (LEVELS + 1);
    int from = (first + exactBelow) * stride;
    int to = (first + negligibleFrom) * stride;
    for (int c = 0; c < stride; c++) {
      work[c] = exactSums[from + c] + (modelSums[to + c] - modelSums[from + c]);
    }
    double most = 0;
    for (int level = exactBelow; level < negligibleFrom; level++) {
      most = Math.max(most, greatest[first + 1 + level]);
    }
    return most > mostRankOneShare(exactBelow) * work[stride - 1];
  }

  private Choice cost(int exactBelow, int negligibleFrom) {
    double pairs = 0;
    double all = 0;
    double exactRows = 0;
    double meanShare = negligibleFrom > exactBelow ? costs.meanPair() / grid.rowBlock() : 0;
    double tile = costs.tile() / grid.rowBlock();
    for (int index = 0; index < sample.count(); index++) {
      int first = index * (LEVELS + 1);
      int row = sample.row(index) + 1;
      double rankOne = tiles[first + negligibleFrom] - tiles[first + exactBelow];
      pairs += costs.row() + entries[first + exactBelow];
      pairs += meanShare * row + rankOne * costs.rankOnePair() + tiles[first + LEVELS] * tile;
      if (exactBelow < LEVELS && isUntrusted(index, exactBelow, negligibleFrom)) {
        exactRows += row;
      }
      all += row;
    }
    return new Choice(
        exactBelow,
        negligibleFrom,
        error(exactBelow, negligibleFrom),
        exactRows / all,
        (pairs + exactRows) / all);
  }
}
