package io.github.convbasis.training;

import io.github.convbasis.matrix.TileGrid;
import io.github.convbasis.matrix.TileKind;
import io.github.convbasis.matrix.TileMap;
import io.github.convbasis.plan.AttentionPlan;
import io.github.convbasis.plan.KernelFit;
import io.github.convbasis.plan.KernelPlan;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Turns a plan for inference into a model that has a gradient, where there is one: tiles outside a
 * band and outside exact columns must all be convolutions, with kernels that are columns of logits,
 * or all negligible. All that the plan has exact is exact in the model, and some more: the band
 * reaches as far as the farthest exact tile.
 *
 * @param model the model, null if there is none
 * @param reason why there is none, else null
 */
record PlanModel(HeadModel model, String reason) {
  static PlanModel of(AttentionPlan plan) {
    TileMap map = plan.map();
    if (plan.isExact()) {
      return none("the plan is exact: " + plan.reason());
    }
    if (map.has(TileKind.RANK_ONE)) {
      return none("rank-one tiles have no gradient here");
    }
    if (map.has(TileKind.NEGLIGIBLE) && map.has(TileKind.CONVOLUTION)) {
      return none("a kernel that some of its tiles leave out has no gradient here");
    }
    KernelPlan kernels = plan.kernels();
    if (kernels != null && kernels.fit() != KernelFit.SAMPLED_COLUMN) {
      return none("kernels fitted by " + kernels.fit() + " have no gradient here");
    }
    int[] columns = exactColumns(plan);
    int[] starts = kernels == null ? new int[0] : kernels.starts();
    int[] kernelOf = kernels == null ? new int[0] : kernels.kernelOf();
    return new PlanModel(
        HeadModel.of(plan.rows(), starts, kernelOf, band(map, columns), columns), null);
  }

  private static PlanModel none(String reason) {
    return new PlanModel(null, reason);
  }

  private static int[] exactColumns(AttentionPlan plan) {
    int sinks = plan.sinks();
    return IntStream.concat(
            IntStream.range(0, sinks),
            Arrays.stream(plan.exactColumns()).filter(column -> column >= sinks))
        .toArray();
  }

  /** Returns the least band that covers what exact columns leave of exact tiles. */
  private static int band(TileMap map, int[] columns) {
    TileGrid grid = map.grid();
    int band = 0;
    for (int row = 0; row < grid.rowBlocks(); row++) {
      for (int tile = 0; tile < grid.columnBlocks(row); tile++) {
        if (map.kind(row, tile) == TileKind.EXACT) {
          int column = grid.columnStart(tile);
          while (column < grid.columnEnd(tile) && Arrays.binarySearch(columns, column) >= 0) {
            column++;
          }
          if (column < grid.columnEnd(tile)) {
            band = Math.max(band, grid.rowEnd(row) - column);
          }
        }
      }
    }
    return band;
  }
}
