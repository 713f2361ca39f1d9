package io.github.convbasis.plan;

import io.github.convbasis.matrix.AttentionInputs;
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
  private static final int ROWS = 16;
  private static final int STRATA = 64;
  private static final int NEIGHBOURS = 255;

  /** Lags below are exact in the blocked form. */
  private static final int NEAR = 32;

  private final int[] rows;
  private final int[][] columns;
  private final double[][] logits;

  /** Share of the row's sampled attention, in all 1 for a row. */
  private final double[][] weights;

  private KernelCheck(int[] rows, int[][] columns, double[][] logits, double[][] weights) {
    this.rows = rows;
    this.columns = columns;
    this.logits = logits;
    this.weights = weights;
  }

  /**
   * Samples entries.
   *
   * @param inputs causal inputs
   * @param head query head
   * @param seed where they lie
   * @return the check
   */
  static KernelCheck of(AttentionInputs inputs, int head, long seed) {
    int n = inputs.rows();
    SplittableRandom random = new SplittableRandom(seed);
    int count = Math.min(ROWS, n);
    int[] rows = new int[count];
    int[][] columns = new int[count][];
    double[][] logits = new double[count][];
    double[][] weights = new double[count][];
    double[] query = new double[inputs.queries().width()];
    for (int s = 0; s < count; s++) {
      int from = (int) ((long) s * n / count);
      rows[s] = from + random.nextInt((int) ((s + 1L) * n / count) - from);
      int[] edges = edges(rows[s]);
      columns[s] = new int[edges.length - 1];
      logits[s] = new double[edges.length - 1];
      weights[s] = new double[edges.length - 1];
      for (int e = 0; e + 1 < edges.length; e++) {
        int size = edges[e + 1] - edges[e];
        columns[s][e] = rows[s] - edges[e] - random.nextInt(size);
        logits[s][e] = logit(inputs, head, rows[s], columns[s][e], query);
        weights[s][e] = logits[s][e] + Math.log(size);
      }
      softmax(weights[s]);
    }
    return new KernelCheck(rows, columns, logits, weights);
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

  private static void softmax(double[] logs) {
    double greatest = Arrays.stream(logs).max().orElse(0);
    double sum = 0;
    for (int i = 0; i < logs.length; i++) {
      logs[i] = Math.exp(logs[i] - greatest);
      sum += logs[i];
    }
    for (int i = 0; i < logs.length; i++) {
      logs[i] /= sum;
    }
  }

  /**
   * Estimates the relative output error that a model's logits make: the root mean square over rows
   * of the spread of logit errors under the row's attention. A common error of a whole row counts
   * too, since the exact part near the diagonal does not share it.
   *
   * @param model kernels and offsets
   * @param exactColumns columns that have no error, increasing
   * @return the estimate
   */
  double error(FittedKernels model, int... exactColumns) {
    double squares = 0;
    for (int s = 0; s < rows.length; s++) {
      for (int e = 0; e < columns[s].length; e++) {
        if (Arrays.binarySearch(exactColumns, columns[s][e]) < 0) {
          double error = error(model, s, e);
          squares += weights[s][e] * error * error;
        }
      }
    }
    return Math.sqrt(squares / rows.length);
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
    int row = rows[s];
    int column = columns[s][e];
    double logit = model.kernels().kernel(model.kernels().segmentOf(column), row - column);
    if (model.rowOffsets() != null) {
      logit += model.rowOffsets()[row];
    }
    if (model.columnOffsets() != null) {
      logit += model.columnOffsets()[column];
    }
    return logit - logits[s][e];
  }
}
