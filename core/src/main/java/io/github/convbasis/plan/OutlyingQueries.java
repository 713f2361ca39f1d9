package io.github.convbasis.plan;

import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.TileGrid;

/**
 * Finds rows whose query lies far from the mean query of their row block. What a tile is follows
 * from the mean, and so does the model of a rank-one tile, so nothing is known of what such a row
 * looks at; and where they are rare no sample is likely to meet one. Stateless and thread-safe.
 */
public final class OutlyingQueries {
  /** So many times the root mean square is far: at most one row in 16 (Chebyshev). */
  private static final double FAR = 4;

  private OutlyingQueries() {}

  /**
   * Flags rows with {@code ‖q_i - q̄‖ > 4·rms}, the root mean square taken over all rows; O(n·d).
   * {@link PlannedAttention} computes them exactly.
   *
   * @param inputs queries, of as many rows as the grid
   * @param head query head
   * @param grid row blocks
   * @param flags receives true for these rows, and keeps its other elements
   */
  public static void flag(AttentionInputs inputs, int head, TileGrid grid, boolean[] flags) {
    double[] distances = new double[grid.rows()];
    double[] mean = new double[inputs.queries().width()];
    double[] query = new double[mean.length];
    double sum = 0;
    for (int block = 0; block < grid.rowBlocks(); block++) {
      inputs.meanQuery(head, grid.rowStart(block), grid.rowEnd(block), mean);
      for (int row = grid.rowStart(block); row < grid.rowEnd(block); row++) {
        inputs.queries().copyRow(head, row, query);
        distances[row] = squaredDistance(query, mean);
        sum += distances[row];
      }
    }
    double most = FAR * FAR * sum / grid.rows();
    for (int row = 0; row < grid.rows(); row++) {
      flags[row] |= distances[row] > most;
    }
  }

  private static double squaredDistance(double[] x, double[] y) {
    double sum = 0;
    for (int c = 0; c < x.length; c++) {
      sum += (x[c] - y[c]) * (x[c] - y[c]);
    }
    return sum;
  }
}
