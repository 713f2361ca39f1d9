package io.github.convbasis.scalar;

import io.github.convbasis.backend.TileSums;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.TileGrid;
import io.github.convbasis.matrix.TileKind;
import io.github.convbasis.matrix.TiledLogits;
import java.util.Arrays;

/**
 * Evaluates the definitions of {@link TiledLogits} and {@link TileSums} entry by entry, in double
 * and O(n²): what is fast elsewhere is judged by it. Not thread-safe; one object for each row block
 * or query.
 */
final class ScalarTiles {
  private final AttentionInputs inputs;
  private final int keyHead;
  private final double[] meanValue;
  private final double[] meanKey;

  ScalarTiles(AttentionInputs inputs, int keyHead) {
    this.inputs = inputs;
    this.keyHead = keyHead;
    meanValue = new double[inputs.values().width()];
    meanKey = new double[inputs.keys().width()];
  }

  /** Fills the row of one query. */
  void sum(TileSums sums, int index) {
    int depth = meanKey.length;
    int width = meanValue.length;
    double[] query = Arrays.copyOfRange(sums.queries, index * depth, (index + 1) * depth);
    for (int tile = 0; tile < sums.tiles; tile++) {
      int from = tile * sums.columnBlock;
      int to = Math.min(sums.visible[index], from + sums.columnBlock);
      int at = index * sums.tiles + tile;
      sums.logSums[at] =
          from < to ? average(query, from, to, new boolean[to]) : Double.NEGATIVE_INFINITY;
      if (sums.values != null && from < to) {
        copy(meanValue, sums.values, at * width);
      }
      if (sums.keys != null && from < to) {
        copy(meanKey, sums.keys, at * depth);
      }
    }
  }

  private static void copy(double[] mean, float[] target, int at) {
    for (int c = 0; c < mean.length; c++) {
      target[at + c] = (float) mean[c];
    }
  }

  /**
   * Leaves the means of values and keys over some columns under the weights of a query, and returns
   * the logarithm of the sum of these weights.
   */
  private double average(double[] query, int from, int to, boolean[] skipped) {
    double[] weights = new double[to - from];
    double greatest = Double.NEGATIVE_INFINITY;
    for (int key = from; key < to; key++) {
      weights[key - from] = skipped[key] ? Double.NEGATIVE_INFINITY : logit(query, key);
      greatest = Math.max(greatest, weights[key - from]);
    }
    Arrays.fill(meanValue, 0);
    Arrays.fill(meanKey, 0);
    if (greatest == Double.NEGATIVE_INFINITY) {
      return greatest;
    }
    double sum = 0;
    for (int j = 0; j < weights.length; j++) {
      weights[j] = Math.exp(weights[j] - greatest);
      sum += weights[j];
    }
    for (int key = from; key < to; key++) {
      double weight = weights[key - from] / sum;
      inputs.values().addScaledRow(keyHead, key, weight, meanValue);
      inputs.keys().addScaledRow(keyHead, key, weight, meanKey);
    }
    return greatest + Math.log(sum);
  }

  private double logit(double[] query, int key) {
    double logit = inputs.scale() * inputs.keys().dot(keyHead, key, query);
    if (!Double.isFinite(logit)) {
      throw new ArithmeticException("logit of key row " + key + " overflows to " + logit);
    }
    return logit;
  }

  /**
   * Attends the rows of a row block and returns how many of their logits came from queries and
   * keys.
   */
  long attend(int head, TiledLogits model, int block, HeadTensor output, boolean[] untrusted) {
    TileGrid grid = model.map().grid();
    int n = grid.rows();
    boolean[] exactColumn = new boolean[n];
    for (int column : model.exactColumns()) {
      exactColumn[column] = true;
    }
    double[] meanQuery = new double[inputs.queries().width()];
    inputs.meanQuery(head, grid.rowStart(block), grid.rowEnd(block), meanQuery);
    double[][] meanKeys = meanKeys(model, block, meanQuery, exactColumn);
    double[] query = new double[meanQuery.length];
    double[] difference = new double[meanQuery.length];
    double[] logits = new double[n];
    long exact = 0;
    for (int row = grid.rowStart(block); row < grid.rowEnd(block); row++) {
      inputs.queries().copyRow(head, row, query);
      for (int c = 0; c < query.length; c++) {
        difference[c] = query[c] - meanQuery[c];
      }
      for (int column = 0; column <= row; column++) {
        int tile = column / grid.columnBlock();
        TileKind kind = exactColumn[column] ? TileKind.EXACT : model.map().kind(block, tile);
        logits[column] =
            switch (kind) {
              case EXACT -> logit(query, column);
              case CONVOLUTION -> model.convolutionLogit(row, column);
              case RANK_ONE ->
                  inputs.scale() * dot(difference, meanKeys[tile]) + logit(meanQuery, column);
              case NEGLIGIBLE -> Double.NEGATIVE_INFINITY;
            };
        exact += kind == TileKind.EXACT ? 1 : 0;
      }
      write(head, row, logits, output);
      untrusted[row] =
          model.mostRankOneShare() < 1
              && greatestRankOneShare(model, block, logits, exactColumn) > model.mostRankOneShare();
    }
    return exact;
  }

  /** Returns the greatest share that a rank-one tile has of a row's normalised weights. */
  private static double greatestRankOneShare(
      TiledLogits model, int block, double[] shares, boolean[] exactColumn) {
    TileGrid grid = model.map().grid();
    double greatest = 0;
    for (int tile = 0; tile < grid.blocksBelowDiagonal(block); tile++) {
      if (model.map().kind(block, tile) == TileKind.RANK_ONE) {
        double share = 0;
        for (int column = grid.columnStart(tile); column < grid.columnEnd(tile); column++) {
          share += exactColumn[column] ? 0 : shares[column];
        }
        greatest = Math.max(greatest, share);
      }
    }
    return greatest;
  }

  private double[][] meanKeys(
      TiledLogits model, int block, double[] meanQuery, boolean[] exactColumn) {
    TileGrid grid = model.map().grid();
    double[][] means = new double[grid.columnBlocks(block)][];
    for (int tile = 0; tile < means.length; tile++) {
      if (model.map().kind(block, tile) == TileKind.RANK_ONE) {
        average(meanQuery, grid.columnStart(tile), grid.columnEnd(tile), exactColumn);
        means[tile] = meanKey.clone();
      }
    }
    return means;
  }

  private static double dot(double[] x, double[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += x[i] * y[i];
    }
    return sum;
  }

  /** Writes the softmax of {@code row + 1} logits times the values; leaves it for the logits. */
  private void write(int head, int row, double[] logits, HeadTensor output) {
    double greatest = Double.NEGATIVE_INFINITY;
    for (int column = 0; column <= row; column++) {
      greatest = Math.max(greatest, logits[column]);
    }
    double sum = 0;
    double[] result = new double[meanValue.length];
    for (int column = 0; column <= row; column++) {
      logits[column] = Math.exp(logits[column] - greatest);
      sum += logits[column];
    }
    for (int column = 0; column <= row; column++) {
      logits[column] /= sum;
      inputs.values().addScaledRow(keyHead, column, logits[column], result);
    }
    output.setRow(head, row, result);
  }
}
