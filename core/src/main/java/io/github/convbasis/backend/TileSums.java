package io.github.convbasis.backend;

import java.util.Arrays;

/**
 * What each of some query vectors sees in each tile of keys: for query q and columns j of the tile
 * {@code log Σ_j exp(scale·⟨q, k_j⟩)}, and if asked for the means of values and keys under the
 * weights of that sum. Mutable and reusable; not thread-safe.
 *
 * <p>All arrays are by query, then tile, then element; tiles that a query does not see have the
 * logarithm -∞ and means that are not written.
 */
public final class TileSums {
  /** Queries. */
  public final int count;

  /** Columns of a tile. */
  public final int columnBlock;

  /** Most tiles of a query. */
  public final int tiles;

  /** The queries, count × depth, not scaled. */
  public final double[] queries;

  /** For each query how many columns it sees, from column 0. */
  public final int[] visible;

  /** Logarithms of sums, count × tiles. */
  public final double[] logSums;

  /** Mean values, count × tiles × width, and a row for nobody; null if not asked for. */
  public final float[] values;

  /** Mean keys, count × tiles × depth, and a row for nobody; null if not asked for. */
  public final float[] keys;

  /**
   * Makes room.
   *
   * @param count queries
   * @param depth columns of queries and keys
   * @param columns most columns that a query sees
   * @param columnBlock columns of a tile
   * @param valueWidth columns of the values, or 0 to do without their means
   * @param withKeys whether mean keys are wanted
   */
  public TileSums(
      int count, int depth, int columns, int columnBlock, int valueWidth, boolean withKeys) {
    this.count = count;
    this.columnBlock = columnBlock;
    tiles = (columns + columnBlock - 1) / columnBlock;
    queries = new double[Math.multiplyExact(count, depth)];
    visible = new int[count];
    logSums = new double[Math.multiplyExact(count, tiles)];
    Arrays.fill(logSums, Double.NEGATIVE_INFINITY);
    values = valueWidth == 0 ? null : new float[Math.multiplyExact(logSums.length + 1, valueWidth)];
    keys = withKeys ? new float[Math.multiplyExact(logSums.length + 1, depth)] : null;
  }
}
