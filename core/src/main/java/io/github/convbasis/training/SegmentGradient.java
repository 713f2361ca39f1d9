package io.github.convbasis.training;

import io.github.convbasis.backend.SegmentPlan;
import io.github.convbasis.matrix.HeadTensor;
import java.util.Arrays;

/**
 * Differentiates the modelled logits of one head by the columns that they were sampled from: with
 * {@code dw_r(l) = Σ_j ⟨Ĝ_{j+l}, V_j⟩ - dots_{j+l}/D_{j+l}} over the columns j of segment r and
 * {@code du = dw∘w}, summed over the segments of a kernel that is sampled at column p,
 *
 * <pre>{@code
 * dQ[p + l] += scale·du(l)·K[p],    dK[p] += scale·Σ_l du(l)·Q[p + l]
 * }</pre>
 *
 * <p>O(terms·n·d) beside the correlations; memory 16 bytes for each entry of a kernel. Mutable: one
 * use, one thread.
 */
final class SegmentGradient {
  private final HeadBackward pass;
  private final SegmentPlan plan;
  private final HeadModel model;

  SegmentGradient(HeadBackward pass, SegmentPlan plan) {
    this.pass = pass;
    this.plan = plan;
    model = pass.model;
  }

  void add() {
    double[][] logits = logitGradients();
    addToQueries(logits);
    addToKeys(logits);
  }

  /** Returns du for each kernel, over the scale. */
  private double[][] logitGradients() {
    double[][] products = new double[model.starts.length][];
    for (int r = 0; r < products.length; r++) {
      products[r] =
          model.kernelOf[r] == HeadModel.NONE ? null : new double[model.size - model.starts[r]];
    }
    plan.kernelGradients(
        pass.scaled,
        pass.inputs.values().head(pass.keyHead),
        0,
        products,
        pass.workspace,
        pass.parallelism);
    double[][] logits = new double[model.samples.length][];
    pass.parallelism.forEach(
        logits.length,
        k -> {
          logits[k] = new double[model.lags(k)];
          for (int r = 0; r < products.length; r++) {
            if (model.kernelOf[r] == k) {
              addSegment(r, products[r], logits[k]);
            }
          }
          double[] weights = pass.kernels.kernels()[k];
          for (int lag = 0; lag < logits[k].length; lag++) {
            logits[k][lag] *= weights[lag];
          }
        });
    return logits;
  }

  /** Adds dw of one segment. */
  private void addSegment(int segment, double[] products, double[] sums) {
    int start = model.starts[segment];
    double[] dots = WindowSums.of(pass.scaledDots, start, model.end(segment) - start);
    for (int lag = model.band; lag < products.length; lag++) {
      sums[lag] += products[lag] - dots[lag];
    }
  }

  private void addToQueries(double[][] logits) {
    HeadTensor keys = pass.inputs.keys();
    double[][] sampled = new double[logits.length][keys.width()];
    for (int k = 0; k < sampled.length; k++) {
      keys.copyRow(pass.keyHead, model.samples[k], sampled[k]);
    }
    pass.forRows(
        (from, to) -> {
          double[] sum = new double[keys.width()];
          double[] work = new double[keys.width()];
          for (int i = from; i < to; i++) {
            Arrays.fill(sum, 0);
            for (int k = 0; k < sampled.length && model.samples[k] <= i; k++) {
              addScaled(sampled[k], logits[k][i - model.samples[k]], sum);
            }
            pass.addRow(pass.gradients.queries(), pass.head, i, sum, work);
          }
        });
  }

  private static void addScaled(double[] row, double weight, double[] sum) {
    for (int c = 0; c < sum.length; c++) {
      sum[c] += weight * row[c];
    }
  }

  private void addToKeys(double[][] logits) {
    HeadTensor queries = pass.inputs.queries();
    pass.parallelism.forEach(
        logits.length,
        k -> {
          double[] sum = new double[queries.width()];
          int sample = model.samples[k];
          for (int lag = model.band; lag < logits[k].length; lag++) {
            queries.addScaledRow(pass.head, sample + lag, logits[k][lag], sum);
          }
          pass.addRow(pass.gradients.keys(), pass.keyHead, sample, sum, new double[sum.length]);
        });
  }
}
