package io.github.convbasis.plan;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.TileSums;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.TileGrid;

/**
 * Sampled rows of a head, with what each of them gets from each tile: exactly, and from the tile's
 * rank-one model. Any choice of tiles can be judged on these rows without being run.
 *
 * <p>Costs about as much as ten exact rows each. Logits of a row are relative to its own {@code log
 * Σ exp(logit)}, so that its exact weights sum to 1. Mutable scratch inside: one thread at a time.
 */
final class TileSample {
  private final TileGrid grid;
  private final int[] rows;

  /** By row: which of the mean queries is that of its row block. */
  private final int[] meanOf;

  private final int width;
  private final TileSums exact;
  private final TileSums means;
  private final double scale;

  /** By row, then tile: weight of the tile, exact and modelled. */
  private final double[] exactWeights;

  private final double[] modelWeights;

  /**
   * By row, then tile: log of the tile's share of the weights that the block's mean query gives.
   */
  private final double[] logShares;

  /** By row: exact output. */
  private final double[] outputs;

  private TileSample(
      TileGrid grid,
      int[] rows,
      int[] meanOf,
      int width,
      TileSums exact,
      TileSums means,
      double scale) {
    this.grid = grid;
    this.rows = rows;
    this.meanOf = meanOf;
    this.width = width;
    this.exact = exact;
    this.means = means;
    this.scale = scale;
    exactWeights = new double[rows.length * exact.tiles];
    modelWeights = new double[rows.length * exact.tiles];
    logShares = new double[rows.length * exact.tiles];
    outputs = new double[rows.length * width];
    for (int index = 0; index < rows.length; index++) {
      weigh(index);
    }
  }

  /**
   * Samples rows.
   *
   * @param backend what computes the sums
   * @param inputs causal inputs
   * @param head query head
   * @param grid tiles
   * @param rows rows, increasing
   * @param workspace from the backend
   * @param parallelism how many tasks may work
   * @return the sample
   * @throws ArithmeticException if a logit overflows
   */
  static TileSample of(
      Backend backend,
      AttentionInputs inputs,
      int head,
      TileGrid grid,
      int[] rows,
      Workspace workspace,
      Parallelism parallelism) {
    int depth = inputs.queries().width();
    int width = inputs.values().width();
    int most = 0;
    for (int row : rows) {
      most = Math.max(most, grid.rowEnd(row / grid.rowBlock()));
    }
    TileSums exact = new TileSums(rows.length, depth, most, grid.columnBlock(), width, false);
    int[] meanOf = new int[rows.length];
    int blocks = 0;
    double[] query = new double[depth];
    for (int index = 0; index < rows.length; index++) {
      inputs.queries().copyRow(head, rows[index], query);
      System.arraycopy(query, 0, exact.queries, index * depth, depth);
      exact.visible[index] = rows[index] + 1;
      boolean sameBlock =
          index > 0 && rows[index] / grid.rowBlock() == rows[index - 1] / grid.rowBlock();
      meanOf[index] = sameBlock ? blocks - 1 : blocks++;
    }
    TileSums means = new TileSums(blocks, depth, most, grid.columnBlock(), width, true);
    for (int index = 0; index < rows.length; index++) {
      if (index > 0 && meanOf[index] == meanOf[index - 1]) {
        continue;
      }
      int block = rows[index] / grid.rowBlock();
      inputs.meanQuery(head, grid.rowStart(block), grid.rowEnd(block), query);
      System.arraycopy(query, 0, means.queries, meanOf[index] * depth, depth);
      means.visible[meanOf[index]] = grid.rowEnd(block);
    }
    int keyHead = inputs.keyHead(head);
    backend.tileSums(inputs, keyHead, exact, workspace, parallelism);
    backend.tileSums(inputs, keyHead, means, workspace, parallelism);
    return new TileSample(grid, rows, meanOf, width, exact, means, inputs.scale());
  }

  private void weigh(int index) {
    int first = index * exact.tiles;
    int tiles = grid.columnBlocks(block(index));
    double exactLog = logSum(exact.logSums, first, tiles);
    for (int at = first; at < first + tiles; at++) {
      exactWeights[at] = Math.exp(exact.logSums[at] - exactLog);
      for (int c = 0; c < width && exactWeights[at] > 0; c++) {
        outputs[index * width + c] += exactWeights[at] * exact.values[at * width + c];
      }
    }
    model(index, first, exactLog);
  }

  private void model(int index, int first, double exactLog) {
    int depth = exact.queries.length / rows.length;
    int query = index * depth;
    int tiles = grid.columnBlocks(block(index));
    int firstMean = meanOf[index] * means.tiles;
    int mean = meanOf[index] * depth;
    double meanLog = logSum(means.logSums, firstMean, tiles);
    int below = grid.blocksBelowDiagonal(block(index));
    for (int tile = 0; tile < tiles; tile++) {
      int at = firstMean + tile;
      logShares[first + tile] = means.logSums[at] - meanLog;
      if (tile < below) {
        double difference = 0;
        for (int c = 0; c < depth; c++) {
          difference +=
              (exact.queries[query + c] - means.queries[mean + c]) * means.keys[at * depth + c];
        }
        modelWeights[first + tile] = Math.exp(means.logSums[at] + scale * difference - exactLog);
      }
    }
  }

  static double logSum(double[] logs, int from, int count) {
    double greatest = Double.NEGATIVE_INFINITY;
    for (int i = from; i < from + count; i++) {
      greatest = Math.max(greatest, logs[i]);
    }
    double sum = 0;
    for (int i = from; i < from + count; i++) {
      sum += Math.exp(logs[i] - greatest);
    }
    return greatest + Math.log(sum);
  }

  /** Returns the number of rows. */
  int count() {
    return rows.length;
  }

  /** Returns a row. */
  int row(int index) {
    return rows[index];
  }

  int block(int index) {
    return rows[index] / grid.rowBlock();
  }

  /** Returns the log of the share that the mean query of a row's block gives to a tile. */
  double logShare(int index, int tile) {
    return logShares[index * exact.tiles + tile];
  }

  /**
   * Adds what a row gets from a tile, {@code weight·(mean value, 1)}.
   *
   * @param index which row
   * @param tile column block
   * @param modelled whether from the tile's rank-one model
   * @param sums receives width + 1 elements from {@code at}
   * @param at start
   */
  void add(int index, int tile, boolean modelled, double[] sums, int at) {
    int from = index * exact.tiles + tile;
    double weight = modelled ? modelWeights[from] : exactWeights[from];
    if (weight == 0) {
      return;
    }
    float[] values = modelled ? means.values : exact.values;
    int value = (modelled ? meanOf[index] * means.tiles + tile : from) * width;
    for (int c = 0; c < width; c++) {
      sums[at + c] += weight * values[value + c];
    }
    sums[at + width] += weight;
  }

  /**
   * Returns the squared error of a row whose output would be {@code sums[0 … width-1] /
   * sums[width]}. If that cannot be formed, since all that is kept vanishes beside what is not, it
   * is the most that two means of values can differ.
   *
   * @param index which row
   * @param sums width + 1 elements from {@code at}
   * @param at start
   * @param scale what outputs are divided by, so that squares stay in range
   * @return ‖y - ỹ‖² / scale²
   */
  double squaredError(int index, double[] sums, int at, double scale) {
    // The scale is at least half of the greatest value.
    double most = 16.0 * width;
    if (!(sums[at + width] > 0)) {
      return most;
    }
    double squares = 0;
    for (int c = 0; c < width; c++) {
      double error = (sums[at + c] / sums[at + width] - outputs[index * width + c]) / scale;
      squares += error * error;
    }
    return squares <= most ? squares : most;
  }

  /** Returns {@code ‖y‖² / scale²} of a row. */
  double squaredNorm(int index, double scale) {
    double squares = 0;
    for (int c = 0; c < width; c++) {
      double y = outputs[index * width + c] / scale;
      squares += y * y;
    }
    return squares;
  }

  /** Returns the weight of a tile's model, in units of the row's exact weights. */
  double modelWeight(int index, int tile) {
    return modelWeights[index * exact.tiles + tile];
  }
}
