package io.github.convbasis.decompose;

import io.github.convbasis.backend.DecompositionLoops;
import java.util.Arrays;

/**
 * The state of one {@link OffsetFit} while it is fitted. The kernel and its weights are stored
 * reversed, from the greatest lag down, so that neighbouring columns of a row read neighbouring
 * entries. For use by one thread.
 */
final class OffsetSweeps {
  final double[] kernel;
  final double[] kernelWeights;
  final double[] rowOffsets;
  final double[] rowWeights;
  final double[] columnOffsets;
  final double[] columnWeights;

  private final DecompositionLoops loops;
  private final SampledTile tile;
  private final double[] sums;
  private final int[] kernelAt;

  OffsetSweeps(DecompositionLoops loops, SampledTile tile, int lastLag, int lags) {
    this.loops = loops;
    this.tile = tile;
    int samples = tile.samples();
    int columns = tile.columns();
    kernel = new double[lags];
    kernelWeights = new double[lags];
    rowOffsets = new double[samples];
    rowWeights = new double[samples];
    columnOffsets = new double[columns];
    columnWeights = new double[columns];
    sums = new double[Math.max(lags, columns)];
    kernelAt = new int[samples];
    for (int s = 0; s < samples; s++) {
      double[] weights = tile.weights(s);
      // A row without weights may lie above the diagonal, where there are no lags.
      kernelAt[s] = lastLag - (tile.row(s) - tile.firstColumn());
      loops.add(weights, kernelWeights, kernelAt[s], weights.length);
      loops.add(weights, columnWeights, 0, weights.length);
      for (double weight : weights) {
        rowWeights[s] += weight;
      }
    }
  }

  /** Sets every kernel entry to the weighted mean of what rows and columns leave of its lag. */
  void fitKernel() {
    Arrays.fill(sums, 0, kernel.length, 0);
    for (int s = 0; s < rowOffsets.length; s++) {
      double[] weights = tile.weights(s);
      loops.addWeightedResiduals(
          weights,
          tile.logits(s),
          columnOffsets,
          0,
          rowOffsets[s],
          sums,
          kernelAt[s],
          weights.length);
    }
    loops.means(sums, kernelWeights, kernel, kernel.length);
  }

  /**
   * Sets every row offset, then every column offset, to the weighted mean of what the others leave.
   * A column's sum needs the new offset of one row at a time, so both are one pass.
   */
  void fitRowsThenColumns() {
    Arrays.fill(sums, 0, columnOffsets.length, 0);
    for (int s = 0; s < rowOffsets.length; s++) {
      double[] weights = tile.weights(s);
      double[] logits = tile.logits(s);
      int at = kernelAt[s];
      int count = weights.length;
      double left = loops.weightedResidual(weights, logits, kernel, at, columnOffsets, count);
      rowOffsets[s] = rowWeights[s] == 0 ? 0 : left / rowWeights[s];
      loops.addWeightedResiduals(weights, logits, kernel, at, rowOffsets[s], sums, 0, count);
    }
    loops.means(sums, columnWeights, columnOffsets, columnOffsets.length);
  }

  /** Returns the weighted sum of squared residuals. */
  double residual() {
    double sum = 0;
    for (int s = 0; s < rowOffsets.length; s++) {
      double[] weights = tile.weights(s);
      sum +=
          loops.weightedSquares(
              weights,
              tile.logits(s),
              kernel,
              kernelAt[s],
              columnOffsets,
              rowOffsets[s],
              weights.length);
    }
    if (!Double.isFinite(sum)) {
      throw new ArithmeticException(
          "logits or weights are too large to fit: the weighted sum of squares overflows");
    }
    return sum;
  }
}
