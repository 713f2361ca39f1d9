package io.github.convbasis.training;

import io.github.convbasis.backend.SegmentPlan;
import io.github.convbasis.matrix.HeadTensor;

/**
 * Applies {@code p = f∘(G·Vᵀ - dots)} of the modelled logits of one head, and its transpose,
 * without forming it: with Ĝ = G/D and one more channel, {@code Ĝ_i = -dots_i/D_i} and {@code V_j =
 * 1}, it is {@code p = W∘(Ĝ·Vᵀ)}, so
 *
 * <pre>{@code
 * dQ = scale·Σ_c diag(Ĝ_c)·W·(diag(V_c)·K),    dK = scale·Σ_c diag(V_c)·Wᵀ·(diag(Ĝ_c)·Q)
 * }</pre>
 *
 * <p>{@code 2·(value width + 1)} products of d columns, several channels at a time, so that the
 * spectra of kernels serve {@value #COLUMNS} columns or d. Sums over channels, which cancel, are in
 * double: memory {@code 8·n·d + 2·n·max(d, }{@value #COLUMNS}{@code )} elements. Mutable: one use,
 * one thread.
 */
final class OperatorGradient {
  /** Columns of a product. */
  private static final int COLUMNS = 256;

  private final HeadBackward pass;
  private final SegmentPlan plan;
  private final int width;
  private final int depth;
  private final int batch;
  private final HeadTensor factors;
  private final HeadTensor products;

  OperatorGradient(HeadBackward pass, SegmentPlan plan) {
    this.pass = pass;
    this.plan = plan;
    width = pass.inputs.values().width();
    depth = pass.inputs.keys().width();
    batch = channels(depth, width);
    factors = pass.rows(batch * depth);
    products = pass.rows(batch * depth);
  }

  /** Returns how many channels are multiplied at once. */
  static int channels(int depth, int width) {
    return Math.max(1, Math.min(width + 1, COLUMNS / depth));
  }

  void add() {
    add(false, pass.gradients.queries(), pass.head);
    add(true, pass.gradients.keys(), pass.keyHead);
  }

  private void add(boolean transpose, HeadTensor target, int targetHead) {
    double[] sums = new double[Math.multiplyExact(pass.n, depth)];
    for (int channel = 0; channel <= width; channel += batch) {
      int first = channel;
      int count = Math.min(batch, width + 1 - channel);
      HeadTensor x = columns(factors, count * depth);
      HeadTensor y = columns(products, count * depth);
      pass.forRows((from, to) -> fill(transpose, first, count, x, from, to));
      if (transpose) {
        plan.applyTranspose(x, y, 0, pass.workspace, pass.parallelism);
      } else {
        plan.apply(x, y, 0, pass.workspace, pass.parallelism);
      }
      pass.forRows((from, to) -> accumulate(transpose, first, count, y, sums, from, to));
    }
    pass.forRows(
        (from, to) -> {
          double[] sum = new double[depth];
          double[] work = new double[depth];
          for (int i = from; i < to; i++) {
            System.arraycopy(sums, i * depth, sum, 0, depth);
            pass.addRow(target, targetHead, i, sum, work);
          }
        });
  }

  private HeadTensor columns(HeadTensor room, int columns) {
    return room.isSinglePrecision()
        ? HeadTensor.of(room.floats(), 1, pass.n, columns)
        : HeadTensor.of(room.doubles(), 1, pass.n, columns);
  }

  /** Sets rows of {@code diag(V_c)·K}, or of {@code diag(Ĝ_c)·Q}, for some channels. */
  private void fill(boolean transpose, int first, int count, HeadTensor x, int from, int to) {
    double[] channels = new double[width + 1];
    double[] vector = new double[depth];
    double[] row = new double[count * depth];
    for (int i = from; i < to; i++) {
      channels(transpose, i, channels);
      if (transpose) {
        pass.inputs.queries().copyRow(pass.head, i, vector);
      } else {
        pass.inputs.keys().copyRow(pass.keyHead, i, vector);
      }
      for (int c = 0; c < count; c++) {
        for (int e = 0; e < depth; e++) {
          row[c * depth + e] = channels[first + c] * vector[e];
        }
      }
      x.setRow(0, i, row);
    }
  }

  /** Adds rows of {@code diag(Ĝ_c)·Y_c}, or of {@code diag(V_c)·Y_c}, for some channels. */
  private void accumulate(
      boolean transpose, int first, int count, HeadTensor y, double[] sums, int from, int to) {
    double[] channels = new double[width + 1];
    double[] row = new double[count * depth];
    for (int i = from; i < to; i++) {
      channels(!transpose, i, channels);
      y.copyRow(0, i, row);
      for (int c = 0; c < count; c++) {
        for (int e = 0; e < depth; e++) {
          sums[i * depth + e] += channels[first + c] * row[c * depth + e];
        }
      }
    }
  }

  /** Copies a row of Ĝ, or of V, with its last channel. */
  private void channels(boolean ofGradient, int row, double[] target) {
    if (ofGradient) {
      pass.scaled.copyRow(0, row, target);
      target[width] = -pass.scaledDots[row];
    } else {
      pass.inputs.values().copyRow(pass.keyHead, row, target);
      target[width] = 1;
    }
  }
}
