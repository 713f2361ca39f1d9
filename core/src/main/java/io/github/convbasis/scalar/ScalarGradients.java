package io.github.convbasis.scalar;

import io.github.convbasis.attention.ExactAttention;
import io.github.convbasis.backend.GradientEntries;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import java.util.Arrays;

/**
 * Computes gradients of attention in double, entry by entry: the definition that others are judged
 * by. Every row of a gradient is summed by one task in one order. Stateless and thread-safe.
 */
final class ScalarGradients {
  private ScalarGradients() {}

  /** Attends rows of a group and writes {@code log Σ_j exp(z_ij)}. */
  static void attendGroup(
      AttentionInputs inputs,
      int keyHead,
      int fromRow,
      int toRow,
      HeadTensor output,
      double[][] logSums) {
    double[] weights = new double[inputs.keys().rows()];
    double[] result = new double[inputs.values().width()];
    int firstHead = keyHead * inputs.groupSize();
    for (int head = firstHead; head < firstHead + inputs.groupSize(); head++) {
      for (int row = fromRow; row < toRow; row++) {
        logSums[head][row] = ExactAttention.row(inputs, head, row, weights, result);
        output.setRow(head, row, result);
      }
    }
  }

  /** Attends over some entries of a head, row by row. */
  static void attendEntries(
      AttentionInputs inputs,
      int head,
      GradientEntries entries,
      HeadTensor output,
      double[] logSums,
      Parallelism parallelism) {
    int[] rows = indices(entries.rows(), inputs.rows());
    int[] keys = indices(entries.keys(), inputs.keys().rows());
    parallelism.forEach(
        rows.length,
        index -> {
          int row = rows[index];
          double[] query = copy(inputs.queries(), head, row);
          int[] meant =
              Arrays.stream(keys).filter(key -> isMeant(inputs, entries, row, key)).toArray();
          double[] logits =
              Arrays.stream(meant)
                  .mapToDouble(key -> logit(inputs, head, row, key, query))
                  .toArray();
          double greatest = Arrays.stream(logits).max().orElse(0);
          double rowSum = 0;
          for (double logit : logits) {
            rowSum += Math.exp(logit - greatest);
          }
          double[] result = new double[output.width()];
          for (int k = 0; k < meant.length; k++) {
            double share = Math.exp(logits[k] - greatest) / rowSum;
            inputs.values().addScaledRow(inputs.keyHead(head), meant[k], share, result);
          }
          output.setRow(head, row, result);
          logSums[row] = greatest + Math.log(rowSum);
        });
  }

  /** Adds gradients of exact entries: queries row by row, then keys and values key by key. */
  static void exactGradients(
      AttentionInputs inputs,
      int head,
      GradientEntries entries,
      double[] logSums,
      double[] dots,
      HeadTensor upstream,
      HeadTensor gradQueries,
      HeadTensor gradKeys,
      HeadTensor gradValues,
      Parallelism parallelism) {
    int keyHead = inputs.keyHead(head);
    int[] rows = indices(entries.rows(), inputs.rows());
    int[] keys = indices(entries.keys(), inputs.keys().rows());
    Entry entry = new Entry(inputs, head, entries, logSums, dots, upstream);
    parallelism.forEach(
        rows.length,
        index -> {
          int row = rows[index];
          double[] query = copy(inputs.queries(), head, row);
          double[] grad = copy(upstream, head, row);
          double[] sum = new double[query.length];
          for (int key : keys) {
            if (entry.isMeant(row, key)) {
              double p = entry.weight(row, key, query) * entry.pull(row, key, grad);
              inputs.keys().addScaledRow(keyHead, key, inputs.scale() * p, sum);
            }
          }
          add(gradQueries, head, row, sum);
        });
    parallelism.forEach(
        keys.length,
        index -> {
          int key = keys[index];
          double[] keySum = new double[inputs.keys().width()];
          double[] valueSum = new double[inputs.values().width()];
          double[] query = new double[keySum.length];
          double[] grad = new double[valueSum.length];
          for (int row : rows) {
            if (entry.isMeant(row, key)) {
              inputs.queries().copyRow(head, row, query);
              upstream.copyRow(head, row, grad);
              double f = entry.weight(row, key, query);
              double p = f * entry.pull(row, key, grad);
              inputs.queries().addScaledRow(head, row, inputs.scale() * p, keySum);
              upstream.addScaledRow(head, row, f, valueSum);
            }
          }
          add(gradKeys, keyHead, key, keySum);
          add(gradValues, keyHead, key, valueSum);
        });
  }

  /** What is known of one entry. */
  private record Entry(
      AttentionInputs inputs,
      int head,
      GradientEntries entries,
      double[] logSums,
      double[] dots,
      HeadTensor upstream) {
    boolean isMeant(int row, int key) {
      return ScalarGradients.isMeant(inputs, entries, row, key);
    }

    /** f. */
    double weight(int row, int key, double[] query) {
      return Math.exp(logit(inputs, head, row, key, query) - logSums[row]);
    }

    /** {@code ⟨upstream_i, values_j⟩ - dot_i}. */
    double pull(int row, int key, double[] grad) {
      return inputs.values().dot(inputs.keyHead(head), key, grad) - dots[row];
    }
  }

  private static boolean isMeant(
      AttentionInputs inputs, GradientEntries entries, int row, int key) {
    if (inputs.mask() == AttentionMask.NONE) {
      return true;
    }
    int lag = inputs.firstPosition() + row - key;
    return key < inputs.visibleKeys(row) && lag >= entries.fromLag() && lag < entries.toLag();
  }

  private static double logit(AttentionInputs inputs, int head, int row, int key, double[] query) {
    double logit = inputs.scale() * inputs.keys().dot(inputs.keyHead(head), key, query);
    if (!Double.isFinite(logit)) {
      throw new ArithmeticException(
          String.format(
              "logit of head %d, query row %d and key row %d overflows to %s",
              head, row, key, logit));
    }
    return logit;
  }

  private static int[] indices(int[] chosen, int count) {
    if (chosen != null) {
      return chosen;
    }
    int[] all = new int[count];
    Arrays.setAll(all, i -> i);
    return all;
  }

  private static double[] copy(HeadTensor tensor, int head, int row) {
    double[] elements = new double[tensor.width()];
    tensor.copyRow(head, row, elements);
    return elements;
  }

  private static void add(HeadTensor gradients, int head, int row, double[] sum) {
    gradients.addScaledRow(head, row, 1, sum);
    gradients.setRow(head, row, sum);
  }
}
