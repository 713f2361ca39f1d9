package io.github.convbasis.plan;

import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.TileGrid;
import io.github.convbasis.matrix.TileKind;
import io.github.convbasis.matrix.TileMap;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Sampled entries of a head's logits that no fit has seen, to judge kernels by: for each of some
 * rows columns in strata by lag, half of them log-spaced and half even, each standing for the
 * entries of its stratum.
 *
 * <p>Costs O(entries·d). Immutable and thread-safe.
 */
final class KernelCheck {
  private static final int STRATA = 64;
  private static final int NEIGHBOURS = 255;

  /** Columns of a tile that a closer look reads in each of its sampled rows. */
  private static final int CLOSE_COLUMNS = 16;

  private static final double GOLDEN_RATIO = (1 + Math.sqrt(5)) / 2;

  /** Half of all normal numbers are within so many standard deviations of their mean. */
  private static final double NORMAL_MEDIAN = 0.6745;

  /** Lags below are exact in the blocked form. */
  private static final int NEAR = 32;

  private final AttentionInputs inputs;
  private final int head;
  private final int[] rows;
  private final int[][] columns;
  private final double[][] logits;

  /** Logarithm of the share of the row's sampled attention; the shares of a row add up to 1. */
  private final double[][] logWeights;

  /** Estimated logarithm of each row's sum of weights. */
  private final double[] logSums;

  private KernelCheck(
      AttentionInputs inputs,
      int head,
      int[] rows,
      int[][] columns,
      double[][] logits,
      double[][] logWeights,
      double[] logSums) {
    this.inputs = inputs;
    this.head = head;
    this.logSums = logSums;
    this.rows = rows;
    this.columns = columns;
    this.logits = logits;
    this.logWeights = logWeights;
  }

  /**
   * Samples entries.
   *
   * @param inputs causal inputs
   * @param head query head
   * @param most rows, one in each of as many equal strata; all rows if there are no more
   * @param seed where they lie
   * @return the check
   */
  static KernelCheck of(AttentionInputs inputs, int head, int most, long seed) {
    int n = inputs.rows();
    SplittableRandom random = new SplittableRandom(seed);
    int count = Math.min(most, n);
    int[] rows = new int[count];
    int[][] columns = new int[count][];
    double[][] logits = new double[count][];
    double[][] logWeights = new double[count][];
    double[] logSums = new double[count];
    double[] query = new double[inputs.queries().width()];
    for (int s = 0; s < count; s++) {
      int from = (int) ((long) s * n / count);
      rows[s] = from + random.nextInt((int) ((s + 1L) * n / count) - from);
      int[] edges = edges(rows[s]);
      columns[s] = new int[edges.length - 1];
      logits[s] = new double[edges.length - 1];
      logWeights[s] = new double[edges.length - 1];
      for (int e = 0; e + 1 < edges.length; e++) {
        int size = edges[e + 1] - edges[e];
        columns[s][e] = rows[s] - edges[e] - random.nextInt(size);
        logits[s][e] = logit(inputs, head, rows[s], columns[s][e], query);
        logWeights[s][e] = logits[s][e] + Math.log(size);
      }
      logSums[s] = normalise(logWeights[s]);
    }
    return new KernelCheck(inputs, head, rows, columns, logits, logWeights, logSums);
  }

  /** Returns the lags that bound the strata of a row, increasing; none if all lags are near. */
  private static int[] edges(int row) {
    int end = row + 1;
    if (end <= NEAR) {
      return new int[] {end};
    }
    int[] edges = new int[2 * STRATA + 2];
    for (int s = 0; s <= STRATA; s++) {
      edges[2 * s] = NEAR + (int) ((end - NEAR) * (double) s / STRATA);
      edges[2 * s + 1] = (int) (NEAR * Math.pow(end / (double) NEAR, s / (double) STRATA));
    }
    edges[2 * STRATA + 1] = end;
    return Arrays.stream(edges).map(e -> Math.min(end, e)).sorted().distinct().toArray();
  }

  /** Shifts logarithms so that what they stand for adds up to 1; returns by how much. */
  private static double normalise(double[] logs) {
    double greatest = Arrays.stream(logs).max().orElse(0);
    double sum = 0;
    for (double log : logs) {
      sum += Math.exp(log - greatest);
    }
    double total = greatest + Math.log(sum);
    for (int i = 0; i < logs.length; i++) {
      logs[i] -= total;
    }
    return total;
  }

  /**
   * Estimates the relative output error that a model's logits make: the root mean square over rows
   * of the spread of logit errors under the row's attention. A common error of a whole row counts
   * too, since the exact part near the diagonal does not share it.
   *
   * @param model kernels and offsets
   * @param map tiles; exact ones have no error
   * @param exactColumns columns that have no error, increasing
   * @return the estimate
   */
  double error(FittedKernels model, TileMap map, int... exactColumns) {
    double sum = 0;
    double[][] squares = squares(model, map.grid(), exactColumns);
    for (int row = 0; row < squares.length; row++) {
      for (int column = 0; column < squares[row].length; column++) {
        sum += map.kind(row, column) == TileKind.EXACT ? 0 : squares[row][column];
      }
    }
    return Math.sqrt(sum);
  }

  /**
   * Estimates the noise of a model's logits, whatever it does not model at all: from the median of
   * the sizes of their errors.
   *
   * @param model kernels and offsets
   * @return the standard deviation that normal noise of that median has
   */
  double noise(FittedKernels model) {
    double[] sizes = new double[Arrays.stream(columns).mapToInt(row -> row.length).sum()];
    int count = 0;
    for (int s = 0; s < rows.length; s++) {
      for (int e = 0; e < columns[s].length; e++) {
        sizes[count++] = Math.abs(error(model, s, e));
      }
    }
    Arrays.sort(sizes);
    return sizes[count / 2] / NORMAL_MEDIAN;
  }

  /**
   * Shares the square of the estimated error out among tiles. An entry with true weight p, modelled
   * weight q and logit error δ adds {@code (q - p)·δ}, which is {@code p·δ²} for small ones, and
   * does not overlook a weight that the model alone has.
   *
   * @param model kernels and offsets
   * @param grid tiles
   * @param exactColumns columns that have no error, increasing
   * @return by row block, then column block; infinite if a modelled weight overflows
   */
  double[][] squares(FittedKernels model, TileGrid grid, int... exactColumns) {
    double[][] squares = new double[grid.rowBlocks()][];
    for (int block = 0; block < squares.length; block++) {
      squares[block] = new double[grid.columnBlocks(block)];
    }
    for (int s = 0; s < rows.length; s++) {
      double[] row = squares[rows[s] / grid.rowBlock()];
      for (int e = 0; e < columns[s].length; e++) {
        if (Arrays.binarySearch(exactColumns, columns[s][e]) < 0) {
          row[columns[s][e] / grid.columnBlock()] +=
              square(logWeights[s][e], error(model, s, e)) / rows.length;
        }
      }
    }
    return squares;
  }

  private static double square(double logWeight, double error) {
    return (Math.exp(logWeight + error) - Math.exp(logWeight)) * error;
  }

  /**
   * Estimates what one tile below the diagonal adds to the squared error, as {@link #squares} does,
   * from more of its columns.
   *
   * @param model kernels and offsets
   * @param grid tiles
   * @param block row block
   * @param tile column block
   * @param exactColumns columns that have no error, increasing
   * @return the estimate
   */
  double square(FittedKernels model, TileGrid grid, int block, int tile, int... exactColumns) {
    int from = grid.columnStart(tile);
    int width = grid.columnEnd(tile) - from;
    int count = Math.min(CLOSE_COLUMNS, width);
    double logSize = Math.log((double) width / count);
    double[] query = new double[inputs.queries().width()];
    double sum = 0;
    for (int s = 0; s < rows.length; s++) {
      if (rows[s] / grid.rowBlock() == block) {
        // Other columns in each row, so that together they see the whole tile.
        double shift = s * GOLDEN_RATIO % 1;
        for (int c = 0; c < count; c++) {
          int column = from + (int) ((c + shift) * width / count);
          if (Arrays.binarySearch(exactColumns, column) < 0) {
            double logit = logit(inputs, head, rows[s], column, query);
            double error = modelled(model, rows[s], column) - logit;
            sum += square(logit - logSums[s] + logSize, error);
          }
        }
      }
    }
    return sum / rows.length;
  }

  /**
   * Measures how far logits differ from their neighbours along the diagonal, which in a segment are
   * alike but for noise.
   *
   * @param inputs causal inputs of at least 2 rows
   * @param head query head
   * @param seed where entries lie
   * @return the median of the differences' sizes over sampled entries
   */
  static double neighbourDistance(AttentionInputs inputs, int head, long seed) {
    int n = inputs.rows();
    SplittableRandom random = new SplittableRandom(seed);
    double[] query = new double[inputs.queries().width()];
    double[] distances = new double[NEIGHBOURS];
    for (int s = 0; s < NEIGHBOURS; s++) {
      int row = random.nextInt(n - 1);
      int column = random.nextInt(row + 1);
      double difference = logit(inputs, head, row + 1, column + 1, query);
      distances[s] = Math.abs(difference - logit(inputs, head, row, column, query));
    }
    Arrays.sort(distances);
    return distances[NEIGHBOURS / 2];
  }

  private static double logit(
      AttentionInputs inputs, int head, int row, int column, double[] query) {
    inputs.queries().copyRow(head, row, query);
    return inputs.scale() * inputs.keys().dot(inputs.keyHead(head), column, query);
  }

  private double error(FittedKernels model, int s, int e) {
    return modelled(model, rows[s], columns[s][e]) - logits[s][e];
  }

  private static double modelled(FittedKernels model, int row, int column) {
    double logit = model.kernels().kernel(model.kernels().segmentOf(column), row - column);
    if (model.rowOffsets() != null) {
      logit += model.rowOffsets()[row];
    }
    if (model.columnOffsets() != null) {
      logit += model.columnOffsets()[column];
    }
    return logit;
  }
}
