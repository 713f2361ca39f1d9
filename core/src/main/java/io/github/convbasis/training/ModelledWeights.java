package io.github.convbasis.training;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.SegmentPlan;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;

/**
 * The operator {@code f = D⁻¹W, W = M∘exp(H̃ - shift)} of recovered logits H̃, never formed, on the
 * rows that transforms can be trusted with; its other rows count as zero.
 *
 * <p>Inputs of transforms are divided by their greatest element. Mutable: {@link #attend} decides
 * which rows are trusted, the gradients need it.
 */
final class ModelledWeights {
  /**
   * Transforms of fᵀ see rows divided by D, whose range must stay far below that of the spectra's
   * numbers: float holds 2¹²⁶, of which products of two need half.
   */
  private static final double LEAST_SHARE = 0x1p-40;

  /** Columns of one product, so that kernels are transformed seldom and memory stays O(n). */
  private static final int COLUMNS = 128;

  private static final int ROWS_PER_ITEM = 1024;

  private final AttentionInputs inputs;
  private final SegmentPlan plan;
  private final Workspace workspace;
  private final Parallelism parallelism;
  private final double[] rowSums;
  private final double greatestRowSum;
  private final double valueSup;
  private final double keySup;
  // 1/D; 0 where a row is not trusted.
  private final double[] inverses;

  /**
   * Prepares products.
   *
   * @param backend what computes
   * @param inputs one causal head
   * @param logits H̃, whose first segment starts at column 0
   * @param workspace from the backend
   * @param parallelism how many tasks may work
   */
  ModelledWeights(
      Backend backend,
      AttentionInputs inputs,
      SegmentedToeplitz logits,
      Workspace workspace,
      Parallelism parallelism) {
    this.inputs = inputs;
    this.workspace = workspace;
    this.parallelism = parallelism;
    SegmentedToeplitz weights = logits.exponential(logits.greatestEntry());
    plan = backend.segmentConvolution(weights);
    rowSums = weights.rowSums();
    double greatest = 0;
    for (double rowSum : rowSums) {
      greatest = Math.max(greatest, rowSum);
    }
    greatestRowSum = greatest;
    valueSup = positive(inputs.values().maxAbs(0));
    keySup = positive(inputs.keys().maxAbs(0));
    inverses = new double[rowSums.length];
  }

  private static double positive(double sup) {
    return sup == 0 ? 1 : sup;
  }

  private HeadTensor tensor(int width) {
    return HeadTensor.allocate(false, 1, rowSums.length, width);
  }

  private void eachRow(Parallelism.RangeConsumer task) {
    parallelism.forEachRange(rowSums.length, ROWS_PER_ITEM, task);
  }

  /**
   * Computes {@code f·V} and decides which rows are trusted.
   *
   * <p>A column of ones goes with the values. It is as great as any input of any product here, so
   * its noise bounds theirs; and its product must be D, which is known without transforms.
   *
   * @param guardTolerance relative error from which a row is untrusted
   * @param output receives trusted rows, zeros in the others
   * @param untrusted receives true for untrusted rows, false for the others
   */
  void attend(double guardTolerance, HeadTensor output, boolean[] untrusted) {
    HeadTensor values = inputs.values();
    int width = values.width();
    HeadTensor scaled = tensor(width + 1);
    eachRow(
        (from, to) -> {
          double[] row = new double[width + 1];
          for (int j = from; j < to; j++) {
            values.copyRow(0, j, row);
            for (int c = 0; c < width; c++) {
              row[c] /= valueSup;
            }
            row[width] = 1;
            scaled.setRow(0, j, row);
          }
        });
    HeadTensor sums = tensor(width + 1);
    double[] noise = new double[rowSums.length];
    plan.apply(scaled, sums, 0, noise, workspace, parallelism);
    double[] shares = visibleShares();
    double[] row = new double[width + 1];
    for (int i = 0; i < rowSums.length; i++) {
      sums.copyRow(0, i, row);
      double bound = guardTolerance * rowSums[i];
      boolean trusted =
          rowSums[i] >= Math.max(Double.MIN_NORMAL, LEAST_SHARE * greatestRowSum)
              && Math.abs(row[width] - rowSums[i]) <= bound
              && noise[i] <= bound * shares[i];
      untrusted[i] = !trusted;
      inverses[i] = trusted ? 1 / rowSums[i] : 0;
      for (int c = 0; c < width; c++) {
        row[c] = trusted ? row[c] / rowSums[i] * valueSup : 0;
      }
      output.setRow(0, i, row);
    }
  }

  /**
   * Returns for each row the greatest |value|·|key| it sees as a share of the product of the
   * greatest of all; 1 if all values or all keys are zero, since then products are so too.
   */
  private double[] visibleShares() {
    double[] shares = new double[rowSums.length];
    double[] value = new double[inputs.values().width()];
    double[] key = new double[inputs.keys().width()];
    double share = inputs.values().maxAbs(0) == 0 || inputs.keys().maxAbs(0) == 0 ? 1 : 0;
    for (int j = 0; j < shares.length; j++) {
      inputs.values().copyRow(0, j, value);
      inputs.keys().copyRow(0, j, key);
      share = Math.max(share, sup(value) / valueSup * (sup(key) / keySup));
      shares[j] = share;
    }
    return shares;
  }

  private static double sup(double[] row) {
    double sup = 0;
    for (double element : row) {
      sup = Math.max(sup, Math.abs(element));
    }
    return sup;
  }

  /**
   * Adds trusted rows of {@code p·K = Σ_i diag(c_i)·f·diag(h_i)·K - diag(r)·f·K}.
   *
   * @param upstream c, 1 × n × value width
   * @param dots r
   * @param gradQueries 1 × n × d
   */
  void addQueryGradients(HeadTensor upstream, double[] dots, HeadTensor gradQueries) {
    int depth = inputs.keys().width();
    int channels = inputs.values().width();
    int atOnce = Math.min(channels, Math.max(1, COLUMNS / depth));
    for (int first = 0; first < channels; first += atOnce) {
      int from = first;
      int count = Math.min(atOnce, channels - first);
      addProducts(
          count,
          (j, c) -> inputs.values().get(0, j, from + c) / valueSup,
          (i, c) -> upstream.get(0, i, from + c) * valueSup,
          gradQueries);
    }
    addProducts(1, (j, c) -> 1, (i, c) -> -dots[i], gradQueries);
  }

  /** A factor of a row in a channel. */
  private interface RowFactor {
    double of(int row, int channel);
  }

  /** Adds {@code Σ_c diag(left_c)·f·diag(right_c)·K}. */
  private void addProducts(int channels, RowFactor right, RowFactor left, HeadTensor target) {
    HeadTensor keys = inputs.keys();
    int depth = keys.width();
    HeadTensor x = tensor(channels * depth);
    eachRow(
        (from, to) -> {
          double[] key = new double[depth];
          double[] row = new double[channels * depth];
          for (int j = from; j < to; j++) {
            keys.copyRow(0, j, key);
            for (int c = 0; c < channels; c++) {
              double factor = right.of(j, c);
              for (int b = 0; b < depth; b++) {
                row[c * depth + b] = factor * (key[b] / keySup);
              }
            }
            x.setRow(0, j, row);
          }
        });
    HeadTensor y = tensor(channels * depth);
    plan.apply(x, y, 0, workspace, parallelism);
    eachRow(
        (from, to) -> {
          double[] row = new double[channels * depth];
          double[] sum = new double[depth];
          for (int i = from; i < to; i++) {
            target.copyRow(0, i, sum);
            y.copyRow(0, i, row);
            for (int c = 0; c < channels; c++) {
              double factor = left.of(i, c) * inverses[i] * keySup;
              for (int b = 0; b < depth; b++) {
                sum[b] += factor * row[c * depth + b];
              }
            }
            target.setRow(0, i, sum);
          }
        });
  }

  /**
   * Adds {@code fᵀ·c}, c on trusted rows.
   *
   * @param upstream c, 1 × n × value width
   * @param gradValues 1 × n × value width
   */
  void addValueGradients(HeadTensor upstream, HeadTensor gradValues) {
    int width = upstream.width();
    double upstreamSup = positive(upstream.maxAbs(0));
    HeadTensor y = tensor(width);
    eachRow(
        (from, to) -> {
          double[] row = new double[width];
          for (int i = from; i < to; i++) {
            upstream.copyRow(0, i, row);
            for (int c = 0; c < width; c++) {
              row[c] *= inverses[i] * greatestRowSum / upstreamSup;
            }
            y.setRow(0, i, row);
          }
        });
    HeadTensor z = tensor(width);
    plan.applyTranspose(y, z, 0, workspace, parallelism);
    eachRow(
        (from, to) -> {
          double[] row = new double[width];
          double[] sum = new double[width];
          for (int j = from; j < to; j++) {
            gradValues.copyRow(0, j, sum);
            z.copyRow(0, j, row);
            for (int c = 0; c < width; c++) {
              sum[c] += row[c] / greatestRowSum * upstreamSup;
            }
            gradValues.setRow(0, j, sum);
          }
        });
  }
}
