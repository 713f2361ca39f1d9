package io.github.convbasis.plan;

import io.github.convbasis.matrix.TileGrid;
import io.github.convbasis.matrix.TileKind;
import io.github.convbasis.matrix.TileMap;
import java.util.Arrays;
import java.util.Objects;

/**
 * How one head's attention is to be computed: every tile of the lower triangle exactly, as part of
 * a convolution, as a matrix of rank one, or not at all; some columns exactly whatever their tile.
 * The plan holds structure alone, no number of the head it was made for, and can be used again.
 *
 * <p>Immutable and thread-safe.
 */
public final class AttentionPlan {
  /**
   * Least size of tiles in plans that do not depend on it, and most tiles along a side of others.
   */
  private static final int BLOCK = 64;

  private static final int MOST_BLOCKS = 1024;

  private final TileMap map;
  private final int[] exactColumns;
  private final TileRule rule;
  private final KernelPlan kernels;
  private final double mostRankOneShare;
  private final double tolerance;
  private final double predictedCost;
  private final double predictedError;
  private final String reason;

  /**
   * Puts a plan together.
   *
   * @param map what each tile is
   * @param rule what chose the tiles, so that it can choose those of another input; null if none
   * @param exactColumns columns that are exact for every row, increasing
   * @param kernels structure of the convolutions; null exactly if no tile is one
   * @param mostRankOneShare greatest share of a row's weights that a rank-one tile may hold,
   *     greater than 0; rows that give one more are computed exactly
   * @param tolerance relative Frobenius error it is for; at least 0, 0 if it is for none
   * @param predictedCost expected work as a share of exact attention, at least 0
   * @param predictedError expected relative Frobenius error, at least 0; NaN if there is no
   *     prediction
   * @param reason why this plan, for a person
   * @throws IllegalArgumentException naming what does not fit
   */
  public AttentionPlan(
      TileMap map,
      TileRule rule,
      int[] exactColumns,
      KernelPlan kernels,
      double mostRankOneShare,
      double tolerance,
      double predictedCost,
      double predictedError,
      String reason) {
    this.map = Objects.requireNonNull(map, "map");
    this.rule = rule;
    this.exactColumns = exactColumns.clone();
    this.kernels = kernels;
    this.mostRankOneShare = mostRankOneShare;
    this.tolerance = tolerance;
    this.predictedCost = predictedCost;
    this.predictedError = predictedError;
    this.reason = Objects.requireNonNull(reason, "reason");
    int n = map.grid().rows();
    for (int i = 0; i < exactColumns.length; i++) {
      int least = i == 0 ? 0 : exactColumns[i - 1] + 1;
      if (exactColumns[i] < least || exactColumns[i] >= n) {
        throw new IllegalArgumentException(
            String.format(
                "exactColumns[%d] must be between %d and %d, was %d",
                i, least, n - 1, exactColumns[i]));
      }
    }
    if (map.has(TileKind.CONVOLUTION) != (kernels != null)) {
      throw new IllegalArgumentException(
          "kernels must be given exactly if the map has convolutions, was "
              + kernels
              + " for "
              + map);
    }
    if (kernels != null && kernels.starts()[kernels.segments() - 1] >= n) {
      throw new IllegalArgumentException(
          "kernels must start before column " + n + ", were " + kernels);
    }
    if (!(mostRankOneShare > 0)) {
      throw new IllegalArgumentException(
          "mostRankOneShare must be greater than 0, was " + mostRankOneShare);
    }
    requireAtLeastZero("tolerance", tolerance);
    requireAtLeastZero("predictedCost", predictedCost);
    if (predictedError < 0) {
      throw new IllegalArgumentException(
          "predictedError must be at least 0, was " + predictedError);
    }
  }

  private static void requireAtLeastZero(String name, double value) {
    if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(name + " must be finite, at least 0, was " + value);
    }
  }

  /**
   * Plans exact attention.
   *
   * @param n rows
   * @param reason why
   * @return the plan
   */
  public static AttentionPlan exact(int n, String reason) {
    TileMap map = TileMap.uniform(uniformGrid(n), TileKind.EXACT);
    return new AttentionPlan(map, null, new int[0], null, 1, 0, 1, 0, reason);
  }

  private static TileGrid uniformGrid(int n) {
    int block = Math.max(BLOCK, n / MOST_BLOCKS);
    return new TileGrid(n, block, block);
  }

  /**
   * Plans conv-basis attention over the whole triangle.
   *
   * @param n rows
   * @param kernels structure of the convolutions
   * @return the plan, with the cost of exact attention
   */
  public static AttentionPlan convolution(int n, KernelPlan kernels) {
    TileMap map = TileMap.uniform(uniformGrid(n), TileKind.CONVOLUTION);
    return new AttentionPlan(map, null, new int[0], kernels, 1, 0, 1, Double.NaN, "given");
  }

  /**
   * Plans a sliding window and exact sink columns, and nothing else.
   *
   * @param n rows
   * @param window least number of keys up to its own position that a row sees, rounded up to tiles
   * @param sinks first columns that every row sees
   * @return the plan; its cost is its share of exact entries
   */
  public static AttentionPlan window(int n, int window, int sinks) {
    if (window < 1) {
      throw new IllegalArgumentException("window must be at least 1, was " + window);
    }
    if (sinks < 0) {
      throw new IllegalArgumentException("sinks must be at least 0, was " + sinks);
    }
    int block = Math.max(Math.min(BLOCK / 2, window), n / MOST_BLOCKS);
    TileGrid grid = new TileGrid(n, block, block);
    TileMap map =
        TileMap.of(
            grid,
            (row, column) ->
                grid.columnEnd(column) > grid.rowStart(row) - window + 1
                    ? TileKind.EXACT
                    : TileKind.NEGLIGIBLE);
    int[] columns = new int[Math.min(n, sinks)];
    Arrays.setAll(columns, j -> j);
    double share = map.share(TileKind.EXACT) + sinks * (double) n / grid.entries();
    return new AttentionPlan(
        map, null, columns, null, 1, 0, Math.min(1, share), Double.NaN, "window and sinks");
  }

  /**
   * Returns the plan for the first rows of a head.
   *
   * @param n rows, at least 1 and at most {@link #rows}
   * @return this if it is for as many rows; else one with the same tiles up to there
   * @throws IllegalArgumentException if n is out of range
   */
  public AttentionPlan firstRows(int n) {
    if (n < 1 || n > rows()) {
      throw new IllegalArgumentException("n must be between 1 and " + rows() + ", was " + n);
    }
    if (n == rows()) {
      return this;
    }
    TileGrid grid = new TileGrid(n, map.grid().rowBlock(), map.grid().columnBlock());
    TileMap first = TileMap.of(grid, map::kind);
    int count = 0;
    while (count < exactColumns.length && exactColumns[count] < n) {
      count++;
    }
    KernelPlan few = kernels == null || !first.has(TileKind.CONVOLUTION) ? null : kernels.first(n);
    return new AttentionPlan(
        first,
        rule,
        Arrays.copyOf(exactColumns, count),
        few,
        mostRankOneShare,
        tolerance,
        predictedCost,
        Double.NaN,
        "first " + n + " rows of: " + reason);
  }

  /**
   * Returns the number of rows it is for.
   *
   * @return n
   */
  public int rows() {
    return map.grid().rows();
  }

  /**
   * Returns what each tile is.
   *
   * @return the map
   */
  public TileMap map() {
    return map;
  }

  /**
   * Returns what chose the tiles.
   *
   * @return the rule, null if there is none
   */
  public TileRule rule() {
    return rule;
  }

  /**
   * Returns the columns that are exact for every row.
   *
   * @return a copy, increasing
   */
  public int[] exactColumns() {
    return exactColumns.clone();
  }

  /**
   * Returns the structure of the convolutions.
   *
   * @return the structure, null if there are none
   */
  public KernelPlan kernels() {
    return kernels;
  }

  /**
   * Returns the greatest share of a row's weights that a rank-one tile may hold.
   *
   * @return a share, greater than 0
   */
  public double mostRankOneShare() {
    return mostRankOneShare;
  }

  /**
   * Returns the tolerance it is for.
   *
   * @return a relative Frobenius error, 0 if for none
   */
  public double tolerance() {
    return tolerance;
  }

  /**
   * Returns the expected work of a run.
   *
   * @return as a share of exact attention
   */
  public double predictedCost() {
    return predictedCost;
  }

  /**
   * Returns the expected error of a run, on the input it was made for.
   *
   * @return relative Frobenius error; NaN if there is no prediction
   */
  public double predictedError() {
    return predictedError;
  }

  /**
   * Says why this plan was chosen.
   *
   * @return one phrase
   */
  public String reason() {
    return reason;
  }

  /**
   * Tells whether everything is exact.
   *
   * @return whether every tile is
   */
  public boolean isExact() {
    return map.entries(TileKind.EXACT) == map.grid().entries();
  }

  /**
   * Counts the first columns that are exact for every row.
   *
   * @return from 0 to n
   */
  public int sinks() {
    TileGrid grid = map.grid();
    int sinks = 0;
    for (int column = 0; column < grid.rows(); column++) {
      if (Arrays.binarySearch(exactColumns, column) < 0 && !isExactColumn(column)) {
        break;
      }
      sinks++;
    }
    return sinks;
  }

  private boolean isExactColumn(int column) {
    TileGrid grid = map.grid();
    int tile = column / grid.columnBlock();
    for (int row = column / grid.rowBlock(); row < grid.rowBlocks(); row++) {
      if (map.kind(row, tile) != TileKind.EXACT) {
        return false;
      }
    }
    return true;
  }

  /**
   * Returns the width of the band below the diagonal in which every tile is exact.
   *
   * @return the greatest b such that all entries of lags below b lie in exact tiles
   */
  public int band() {
    TileGrid grid = map.grid();
    int band = grid.rows();
    for (int row = 0; row < grid.rowBlocks(); row++) {
      for (int column = grid.columnBlocks(row) - 1; column >= 0; column--) {
        if (map.kind(row, column) != TileKind.EXACT) {
          int first = Math.max(grid.rowStart(row), grid.columnStart(column));
          band = Math.min(band, Math.max(0, first - grid.columnEnd(column) + 1));
          break;
        }
      }
    }
    return band;
  }

  /** Describes the plan in a few lines. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    text.append(isExact() ? "exact" : map.toString()).append(" of ").append(rows()).append(" rows");
    if (!isExact()) {
      text.append("; band ").append(band()).append(", sinks ").append(sinks());
      if (exactColumns.length > 0) {
        text.append(", ").append(exactColumns.length).append(" exact columns");
      }
      if (kernels != null) {
        text.append("; ").append(kernels);
      }
    }
    text.append(
        String.format(
            "; predicted work %.3g of exact, error %.3g; %s",
            predictedCost, predictedError, reason));
    return text.toString();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof AttentionPlan plan
        && map.equals(plan.map)
        && Objects.equals(rule, plan.rule)
        && Arrays.equals(exactColumns, plan.exactColumns)
        && Objects.equals(kernels, plan.kernels)
        && mostRankOneShare == plan.mostRankOneShare
        && tolerance == plan.tolerance
        && predictedCost == plan.predictedCost
        && Double.compare(predictedError, plan.predictedError) == 0
        && reason.equals(plan.reason);
  }

  @Override
  public int hashCode() {
    return Objects.hash(map, Arrays.hashCode(exactColumns), kernels, tolerance, reason);
  }
}
