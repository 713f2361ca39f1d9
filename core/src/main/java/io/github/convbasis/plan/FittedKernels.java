package io.github.convbasis.plan;

import io.github.convbasis.attention.LogitColumns;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.TileSums;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.decompose.OffsetFit;
import io.github.convbasis.decompose.SampledTile;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.SegmentedToeplitz;
import io.github.convbasis.matrix.TiledLogits;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Kernels and offsets of a plan's convolutions, fitted to one head.
 *
 * <p>Costs O(columns read · n·d), O(rows read · n·d) for offsets. Immutable and thread-safe.
 *
 * @param kernels w by segments
 * @param rowOffsets g, null for zeros
 * @param columnOffsets c, null for zeros
 */
record FittedKernels(SegmentedToeplitz kernels, double[] rowOffsets, double[] columnOffsets) {
  /** Columns averaged for a kernel: standard error of the mean a third of one column's noise. */
  private static final int COLUMNS_PER_KERNEL = 8;

  /** One column in so many is read in all; columns cost half a row each. */
  private static final int COLUMN_SHARE = 16;

  /** Rows, and columns, that offsets are fitted to, and entries of either that may be held. */
  private static final int OFFSET_SAMPLES = 32;

  private static final int OFFSET_ENTRIES = 1 << 22;

  /** Sweeps are cheap beside the logits; most fits end sooner. */
  private static final int SWEEPS = 12;

  private static final double LEAST_DECREASE = 1e-3;

  /** First columns that offsets are not fitted to: they are exact, since sinks follow no kernel. */
  static final int SINKS = 4;

  /** Lags below are near the diagonal, where logits are exact in the blocked form. */
  private static final int NEAR = 32;

  /** From here on some sampled row sees columns that are neither sinks nor near the diagonal. */
  static final int LEAST_ROWS_FOR_OFFSETS = 2 * (SINKS + NEAR);

  /** Where sampled rows and columns lie: any fixed seed serves. */
  private static final long SEED = 1;

  /** Fits what a whole plan asks for, which is nothing but its tiles if none is a convolution. */
  static TiledLogits model(
      Backend backend,
      AttentionInputs inputs,
      int head,
      AttentionPlan plan,
      Workspace workspace,
      Parallelism parallelism) {
    FittedKernels fitted =
        plan.kernels() == null
            ? new FittedKernels(null, null, null)
            : of(backend, inputs, head, plan.kernels(), workspace, parallelism);
    return new TiledLogits(
        plan.map(),
        plan.exactColumns(),
        fitted.kernels(),
        fitted.rowOffsets(),
        fitted.columnOffsets(),
        plan.mostRankOneShare());
  }

  /**
   * Fits what a plan asks for.
   *
   * @param backend what computes logits
   * @param inputs causal inputs
   * @param head query head
   * @param plan structure
   * @param workspace from the backend
   * @param parallelism how many tasks may work
   * @return the fit
   * @throws ArithmeticException if a logit overflows
   */
  static FittedKernels of(
      Backend backend,
      AttentionInputs inputs,
      int head,
      KernelPlan plan,
      Workspace workspace,
      Parallelism parallelism) {
    LogitColumns logits = new LogitColumns(backend, inputs, head, workspace, parallelism);
    return switch (plan.fit()) {
      case SAMPLED_COLUMN -> sampledColumns(logits, plan);
      case DIAGONAL_MEANS -> diagonalMeans(logits, plan);
      case OFFSETS -> offsets(backend, inputs, head, logits, workspace, parallelism);
    };
  }

  private static FittedKernels sampledColumns(LogitColumns logits, KernelPlan plan) {
    int n = logits.size();
    int[] starts = plan.starts();
    int[] own = ownKernels(plan);
    int[] columns = new int[own.length];
    double[][] read = new double[own.length][];
    for (int k = 0; k < own.length; k++) {
      columns[k] = starts[own[k]];
      read[k] = new double[n - columns[k]];
    }
    logits.copyColumns(columns, read);
    return share(n, plan, own, read);
  }

  private static int[] ownKernels(KernelPlan plan) {
    int[] kernelOf = plan.kernelOf();
    int[] own = new int[plan.kernels()];
    int count = 0;
    for (int r = 0; r < kernelOf.length; r++) {
      if (kernelOf[r] == r) {
        own[count++] = r;
      }
    }
    return own;
  }

  /** Gives every segment its kernel's array: a later segment reads a shorter part of it. */
  private static FittedKernels share(int n, KernelPlan plan, int[] own, double[][] kernels) {
    int[] kernelOf = plan.kernelOf();
    double[][] shared = new double[kernelOf.length][];
    for (int r = 0; r < kernelOf.length; r++) {
      shared[r] = kernels[Arrays.binarySearch(own, kernelOf[r])];
    }
    return new FittedKernels(SegmentedToeplitz.wrap(n, plan.starts(), shared), null, null);
  }

  private static FittedKernels diagonalMeans(LogitColumns logits, KernelPlan plan) {
    int n = logits.size();
    int[] own = ownKernels(plan);
    int each = Math.max(1, Math.min(COLUMNS_PER_KERNEL, n / COLUMN_SHARE / own.length));
    double[][] means = new double[own.length][];
    for (int k = 0; k < own.length; k++) {
      int[] columns = columnsOf(n, plan, own[k], each);
      double[][] read = new double[columns.length][];
      for (int c = 0; c < columns.length; c++) {
        read[c] = new double[n - columns[c]];
      }
      logits.copyColumns(columns, read);
      means[k] = mean(read);
    }
    return share(n, plan, own, means);
  }

  /**
   * Spreads columns over all segments of a kernel; the first is the first of them, to see all lags.
   */
  private static int[] columnsOf(int n, KernelPlan plan, int kernel, int most) {
    int[] starts = plan.starts();
    int[] kernelOf = plan.kernelOf();
    int total = 0;
    for (int r = kernel; r < starts.length; r++) {
      total += kernelOf[r] == kernel ? end(n, starts, r) - starts[r] : 0;
    }
    int count = Math.min(most, total);
    int[] columns = new int[count];
    int at = 0;
    int before = 0;
    for (int r = kernel; r < starts.length && at < count; r++) {
      int length = kernelOf[r] == kernel ? end(n, starts, r) - starts[r] : 0;
      while (at < count && (long) at * total / count < before + length) {
        columns[at] = starts[r] + (int) ((long) at * total / count) - before;
        at++;
      }
      before += length;
    }
    return columns;
  }

  private static int end(int n, int[] starts, int segment) {
    return segment + 1 < starts.length ? starts[segment + 1] : n;
  }

  /** Averages entries of one lag over the columns that have it; the first column has all. */
  private static double[] mean(double[][] columns) {
    double[] mean = columns[0].clone();
    // Later columns are shorter: entry by entry the number of columns falls.
    int longest = columns[0].length;
    for (int c = 1; c < columns.length; c++) {
      for (int lag = 0; lag < columns[c].length; lag++) {
        mean[lag] += columns[c][lag];
      }
    }
    int count = columns.length;
    for (int lag = 0; lag < longest; lag++) {
      while (columns[count - 1].length <= lag) {
        count--;
      }
      mean[lag] /= count;
    }
    return mean;
  }

  private static FittedKernels offsets(
      Backend backend,
      AttentionInputs inputs,
      int head,
      LogitColumns logits,
      Workspace workspace,
      Parallelism parallelism) {
    int n = logits.size();
    int samples = Math.max(2, Math.min(OFFSET_SAMPLES, OFFSET_ENTRIES / n));
    int[] rows = spread(n, Math.min(samples, n));
    double[][] rowLogits = rows(backend, inputs, head, rows, workspace, parallelism);
    double[][] weights = weights(rows, rowLogits);
    SampledTile tile = SampledTile.of(0, n, 0, rows, rowLogits, weights);
    OffsetFit fit = OffsetFit.of(backend, tile, SWEEPS, LEAST_DECREASE);
    double[] kernel = new double[n];
    for (int lag = fit.firstLag(); lag < Math.min(n, fit.endLag()); lag++) {
      kernel[lag] = fit.kernel(lag);
    }
    double[] columnOffsets = fit.columnOffsets();
    double[] rowOffsets = rowOffsets(logits, fit, kernel, columnOffsets, Math.min(samples, n));
    SegmentedToeplitz kernels = SegmentedToeplitz.wrap(n, new int[] {0}, new double[][] {kernel});
    return new FittedKernels(kernels, rowOffsets, columnOffsets);
  }

  /** Returns irregularly spaced indices, increasing: a common divisor would hide a period. */
  private static int[] spread(int n, int count) {
    SplittableRandom random = new SplittableRandom(SEED);
    int[] indices = new int[count];
    for (int s = 0; s < count; s++) {
      int from = (int) ((long) s * n / count);
      int to = (int) ((s + 1L) * n / count);
      indices[s] = from + random.nextInt(to - from);
    }
    return indices;
  }

  private static double[][] rows(
      Backend backend,
      AttentionInputs inputs,
      int head,
      int[] rows,
      Workspace workspace,
      Parallelism parallelism) {
    int depth = inputs.queries().width();
    int n = inputs.rows();
    // With one column to a tile the logarithm of a sum is the logit.
    TileSums sums = new TileSums(rows.length, depth, n, 1, 0, false);
    double[] query = new double[depth];
    for (int s = 0; s < rows.length; s++) {
      inputs.queries().copyRow(head, rows[s], query);
      System.arraycopy(query, 0, sums.queries, s * depth, depth);
      sums.visible[s] = rows[s] + 1;
    }
    backend.tileSums(inputs, inputs.keyHead(head), sums, workspace, parallelism);
    double[][] logits = new double[rows.length][];
    for (int s = 0; s < rows.length; s++) {
      logits[s] = Arrays.copyOfRange(sums.logSums, s * n, (s + 1) * n);
    }
    return logits;
  }

  /**
   * Weighs entries by the square root of their attention: between a fit for the few great logits
   * and one for the many small ones. Near the diagonal and above it nothing counts.
   */
  private static double[][] weights(int[] rows, double[][] logits) {
    double[][] weights = new double[rows.length][];
    for (int s = 0; s < rows.length; s++) {
      weights[s] = new double[logits[s].length];
      int end = Math.max(1, rows[s] + 1 - NEAR);
      double greatest = Double.NEGATIVE_INFINITY;
      for (int column = SINKS; column < end; column++) {
        greatest = Math.max(greatest, logits[s][column]);
      }
      for (int column = SINKS; column < end; column++) {
        weights[s][column] = Math.exp((logits[s][column] - greatest) / 2);
      }
      Arrays.fill(logits[s], rows[s] + 1, logits[s].length, 0);
    }
    return weights;
  }

  /** Returns g for every row: the mean of what w and c leave of some columns. */
  private static double[] rowOffsets(
      LogitColumns logits, OffsetFit fit, double[] kernel, double[] columnOffsets, int count) {
    int n = logits.size();
    int[] columns = spread(n, count);
    double[][] read = new double[count][];
    for (int c = 0; c < count; c++) {
      read[c] = new double[n - columns[c]];
    }
    logits.copyColumns(columns, read);
    double[] offsets = new double[n];
    for (int row = 0; row < n; row++) {
      double sum = 0;
      double weight = 0;
      for (int c = 0; c < count && columns[c] <= row - NEAR; c++) {
        int lag = row - columns[c];
        double model = kernel[lag] + columnOffsets[columns[c]];
        double share = Math.exp((model - kernel[Math.min(lag, NEAR)]) / 2);
        double bounded = Math.min(share, 1e6);
        sum += bounded * (read[c][lag] - model);
        weight += bounded;
      }
      offsets[row] = weight > 1e-300 ? sum / weight : fit.rowOffset(row);
    }
    return offsets;
  }
}
