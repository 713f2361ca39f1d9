package io.github.convbasis.plan;

import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.TileGrid;
import java.util.Arrays;

/** Averages the queries of row blocks. Stateless and thread-safe. */
final class MeanQueries {
  private MeanQueries() {}

  /**
   * Averages the queries of a row block.
   *
   * @param inputs queries
   * @param head query head
   * @param grid row blocks
   * @param block row block
   * @param target receives the mean
   */
  static void copy(AttentionInputs inputs, int head, TileGrid grid, int block, double[] target) {
    Arrays.fill(target, 0);
    double share = 1.0 / (grid.rowEnd(block) - grid.rowStart(block));
    for (int row = grid.rowStart(block); row < grid.rowEnd(block); row++) {
      inputs.queries().addScaledRow(head, row, share, target);
    }
  }
}
