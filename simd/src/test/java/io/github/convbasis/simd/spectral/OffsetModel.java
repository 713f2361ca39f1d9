package io.github.convbasis.simd.spectral;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;
import io.github.convbasis.simd.Pool;
import io.github.convbasis.simd.Samples;
import io.github.convbasis.simd.Tolerance;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Kernels with offsets, excluded columns and corrected tiles, and the attention they give in
 * double. Columns and tiles that are not the model's have logits a little off it, so that taking
 * the one for the other shows.
 */
final class OffsetModel {
  final int n;
  final SegmentedToeplitz kernels;
  final FarOffsets offsets;
  final HeadTensor values;

  /** True logits, rounded to float; the model's wherever that holds. */
  final double[][] logits;

  private final boolean[] excluded;
  private final int tile;
  private final boolean[][] corrected;

  /**
   * Makes a model.
   *
   * @param tile rows and columns of a tile
   * @param corrections the share of tiles that are corrected
   */
  OffsetModel(
      SegmentedToeplitz kernels,
      FarOffsets offsets,
      HeadTensor values,
      int tile,
      double corrections,
      long seed) {
    this.kernels = kernels;
    this.offsets = offsets;
    this.values = values;
    this.tile = tile;
    n = kernels.size();
    SplittableRandom random = new SplittableRandom(seed);
    excluded = new boolean[n];
    for (int j : offsets.excludedColumns()) {
      excluded[j] = true;
    }
    int tiles = (n + tile - 1) / tile;
    corrected = new boolean[tiles][tiles];
    for (boolean[] row : corrected) {
      for (int t = 0; t < tiles; t++) {
        row[t] = random.nextDouble() < corrections;
      }
    }
    logits = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j <= i; j++) {
        double shift = excluded[j] || isCorrected(i, j) ? random.nextGaussian() : 0;
        logits[i][j] = (float) (modelled(i, j) + shift);
      }
    }
  }

  double modelled(int row, int column) {
    double logit = kernels.kernel(kernels.segmentOf(column), row - column);
    double[] c = offsets.columnOffsets();
    return logit + offsets.rowOffset(row) + (c == null ? 0 : c[column]);
  }

  private boolean isCorrected(int row, int column) {
    return corrected[row / tile][column / tile];
  }

  /** Returns inputs of some query heads that share the keys; their true logits are the same. */
  AttentionInputs inputs(int queryHeads) {
    float[] queries = new float[queryHeads * n * n];
    float[] keys = new float[n * n];
    for (int i = 0; i < n; i++) {
      for (int head = 0; head < queryHeads; head++) {
        for (int j = 0; j <= i; j++) {
          queries[(head * n + i) * n + j] = (float) logits[i][j];
        }
      }
      keys[i * n + i] = 1;
    }
    return new AttentionInputs(
        HeadTensor.of(queries, queryHeads, n, n),
        HeadTensor.of(keys, 1, n, n),
        values,
        1,
        AttentionMask.CAUSAL);
  }

  /** Returns near parts in double: diagonal blocks, excluded columns and corrections. */
  Pool<NearPart> near() {
    return new Pool<>(() -> new DensePart());
  }

  /** Attends with fresh scratch. */
  double attend(
      BlockPlan plan,
      AttentionInputs inputs,
      int head,
      Pool<NearPart> near,
      double guard,
      HeadTensor output,
      boolean[] untrusted,
      Parallelism parallelism) {
    return SegmentAttention.atOnce(plan, n, values.width())
        .advance(inputs, head, kernels, offsets, near, guard, output, untrusted, parallelism);
  }

  /** Attention in double, row by row. */
  double[][] expected(int band) {
    double[][] result = new double[n][values.width()];
    double[] row = new double[n];
    for (int i = 0; i < n; i++) {
      double greatest = Double.NEGATIVE_INFINITY;
      for (int j = 0; j <= i; j++) {
        boolean exact = excluded[j] || isCorrected(i, j) || j >= i / band * band;
        row[j] = exact ? logits[i][j] : modelled(i, j);
        greatest = Math.max(greatest, row[j]);
      }
      double sum = 0;
      for (int j = 0; j <= i; j++) {
        double weight = Math.exp(row[j] - greatest);
        sum += weight;
        values.addScaledRow(0, j, weight, result[i]);
      }
      for (int c = 0; c < result[i].length; c++) {
        result[i][c] /= sum;
      }
    }
    return result;
  }

  /**
   * Checks all rows and returns how many are trusted; these must be right up to a bound, relative
   * to the greatest value they see, and what float rows round.
   */
  int check(BlockPlan plan, Pool<NearPart> near, double guard, double bound) {
    int width = values.width();
    HeadTensor output = Samples.empty(Samples.Layout.DENSE, true, 1, n, width);
    boolean[] untrusted = new boolean[n];
    Arrays.fill(untrusted, true);
    attend(plan, inputs(1), 0, near, guard, output, untrusted, Parallelism.sequential());
    double[][] expected = expected(plan.isExact() ? n : plan.blockSize(0));
    boolean floatLogits = near == null || leavesTheRange();
    double seen = 0;
    int trusted = 0;
    for (int row = 0; row < n; row++) {
      double logits = 8 * Tolerance.UNIT * (2 + (floatLogits ? greatestLogit(row) : 0));
      for (int c = 0; c < width; c++) {
        seen = Math.max(seen, Math.abs(values.get(0, row, c)));
      }
      trusted += untrusted[row] ? 0 : 1;
      for (int c = 0; c < width; c++) {
        double actual = output.get(0, row, c);
        assertTrue(Double.isFinite(actual), plan + " row " + row + " is " + actual);
        if (!untrusted[row]) {
          assertEquals(
              expected[row][c],
              actual,
              (bound + logits) * seen + Float.MIN_NORMAL,
              plan + " row " + row + " column " + c);
        }
      }
    }
    return trusted;
  }

  /** Tells whether something is too great for the spectral form, so that some rows are exact. */
  boolean leavesTheRange() {
    double greatest = 0;
    for (int i = 0; i < n; i++) {
      double c = offsets.columnOffsets() == null ? 0 : offsets.columnOffsets()[i];
      greatest = Math.max(greatest, Math.max(Math.abs(offsets.rowOffset(i)), Math.abs(c)));
    }
    return greatest > ScaledExp.MAX_LOGIT || values.maxAbs(0) > 1e15;
  }

  /** Greatest |logit| that a row sees, for the rounding of exact rows. */
  double greatestLogit(int row) {
    double greatest = 0;
    for (int j = 0; j <= row; j++) {
      greatest = Math.max(greatest, Math.abs(logits[row][j]));
    }
    return greatest;
  }

  private final class DensePart implements NearPart {
    private double shift;
    private double rowSum;
    private double cancelled;
    private final double[] numerators = new double[values.width()];

    @Override
    public void partial(
        int fromRow,
        int toRow,
        int bandStart,
        float[] sums,
        double[] shifts,
        double[] rowSums,
        double[] cancelledWeights) {
      int width = values.width();
      for (int row = fromRow; row < toRow; row++) {
        shift = Double.NEGATIVE_INFINITY;
        pass(row, bandStart, false);
        rowSum = 0;
        cancelled = 0;
        Arrays.fill(numerators, 0);
        pass(row, bandStart, true);
        int r = row - fromRow;
        shifts[r] = shift;
        rowSums[r] = rowSum;
        cancelledWeights[r] = cancelled;
        for (int c = 0; c < width; c++) {
          sums[r * width + c] = (float) numerators[c];
        }
      }
    }

    private void pass(int row, int bandStart, boolean adds) {
      for (int j = 0; j <= row; j++) {
        boolean takesOut = j < bandStart && !excluded[j] && isCorrected(row, j);
        if (j >= bandStart || excluded[j] || takesOut) {
          meet(j, logits[row][j], 1, adds);
        }
        if (takesOut) {
          meet(j, modelled(row, j), -1, adds);
        }
      }
    }

    private void meet(int column, double logit, int sign, boolean adds) {
      if (!adds) {
        shift = Math.max(shift, logit);
        return;
      }
      double weight = Math.exp(logit - shift);
      rowSum += sign * weight;
      cancelled += sign < 0 ? weight : 0;
      values.addScaledRow(0, column, sign * weight, numerators);
    }
  }
}
