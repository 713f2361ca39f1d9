package io.github.convbasis.simd.spectral;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;
import io.github.convbasis.simd.Samples;
import io.github.convbasis.simd.Tolerance;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.IntToDoubleFunction;

/**
 * Makes segmented logits, inputs whose true logits are exactly these, and the attention they give
 * in double.
 */
final class SegmentSamples {
  private SegmentSamples() {}

  /** Starts at 0 and at random columns. */
  static int[] starts(int n, int terms, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    TreeSet<Integer> starts = new TreeSet<>();
    starts.add(0);
    while (starts.size() < Math.min(n, terms)) {
      starts.add(random.nextInt(n));
    }
    return starts.stream().mapToInt(Integer::intValue).toArray();
  }

  /** Gaussian noise of a spread around a trend by lag; every logit is a float. */
  static SegmentedToeplitz logits(
      int n, int[] starts, double sigma, IntToDoubleFunction trend, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[][] kernels = new double[starts.length][];
    for (int r = 0; r < starts.length; r++) {
      kernels[r] = new double[n - starts[r]];
      for (int lag = 0; lag < kernels[r].length; lag++) {
        kernels[r][lag] = (float) (sigma * random.nextGaussian() + trend.applyAsDouble(lag));
      }
    }
    return SegmentedToeplitz.of(n, starts, kernels);
  }

  static SegmentedToeplitz gaussian(int n, int terms, double sigma, long seed) {
    return logits(n, starts(n, terms, seed), sigma, lag -> 0, seed + 1);
  }

  /** Queries are the rows of H, keys the unit vectors, the scale 1: the true logits are H. */
  static AttentionInputs inputs(SegmentedToeplitz logits, HeadTensor values) {
    int n = logits.size();
    float[] queries = new float[n * n];
    float[] keys = new float[n * n];
    double[] row = new double[n];
    for (int i = 0; i < n; i++) {
      logits.copyRow(i, row);
      for (int j = 0; j <= i; j++) {
        queries[i * n + j] = (float) row[j];
      }
      keys[i * n + i] = 1;
    }
    return new AttentionInputs(
        HeadTensor.of(queries, 1, n, n),
        HeadTensor.of(keys, 1, n, n),
        values,
        1,
        AttentionMask.CAUSAL);
  }

  static AttentionInputs inputs(SegmentedToeplitz logits, int width, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    return inputs(
        logits, Samples.tensor(random, Samples.Layout.DENSE, true, 1, logits.size(), width, 1));
  }

  /** Attends at once with fresh scratch. */
  static double attend(
      BlockPlan plan,
      AttentionInputs inputs,
      int head,
      SegmentedToeplitz logits,
      double guardTolerance,
      HeadTensor output,
      boolean[] untrusted,
      Parallelism parallelism) {
    int depth = inputs.queries().width();
    return SegmentAttention.atOnce(plan, depth, inputs.values().width())
        .advance(inputs, head, logits, guardTolerance, output, untrusted, parallelism);
  }

  /** Attention from H in double, row by row; also the bound of each row's float logits. */
  static double[][] expected(SegmentedToeplitz logits, HeadTensor values) {
    int n = logits.size();
    int width = values.width();
    double[][] result = new double[n][width];
    double[] row = new double[n];
    for (int i = 0; i < n; i++) {
      logits.copyRow(i, row);
      double greatest = Double.NEGATIVE_INFINITY;
      for (int j = 0; j <= i; j++) {
        greatest = Math.max(greatest, row[j]);
      }
      double sum = 0;
      for (int j = 0; j <= i; j++) {
        double weight = Math.exp(row[j] - greatest);
        sum += weight;
        values.addScaledRow(0, j, weight, result[i]);
      }
      for (int c = 0; c < width; c++) {
        result[i][c] /= sum;
      }
    }
    return result;
  }

  /**
   * Bounds what rounding of float logits does to a row of the exact part, beside which the spectral
   * part's windows, whose logits are double, do not matter: each weight moves by 8u·|logit|.
   */
  static double exactTolerance(SegmentedToeplitz logits, int row, double[] scratch) {
    logits.copyRow(row, scratch);
    double greatest = 0;
    for (int j = 0; j <= row; j++) {
      greatest = Math.max(greatest, Math.abs(scratch[j]));
    }
    return 8 * Tolerance.UNIT * greatest + 12 * Tolerance.UNIT;
  }

  /** The rows and columns before a row. */
  static SegmentedToeplitz prefix(SegmentedToeplitz logits, int rows) {
    int terms = logits.segmentOf(rows - 1) + 1;
    int[] starts = new int[terms];
    double[][] kernels = new double[terms][];
    for (int r = 0; r < terms; r++) {
      starts[r] = logits.start(r);
      kernels[r] = Arrays.copyOf(logits.kernel(r), rows - starts[r]);
    }
    return SegmentedToeplitz.of(rows, starts, kernels);
  }
}
