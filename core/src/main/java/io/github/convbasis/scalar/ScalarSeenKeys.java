package io.github.convbasis.scalar;

import io.github.convbasis.backend.SeenKeys;
import io.github.convbasis.matrix.AttentionInputs;
import java.util.Arrays;

/** Attends to the keys that a row sees, with a bias by lag, in double. Thread-safe. */
final class ScalarSeenKeys {
  private ScalarSeenKeys() {}

  /**
   * Computes one row.
   *
   * @param weights work space of at least as many elements as chosen keys
   * @param result receives value width elements
   */
  static void row(
      AttentionInputs inputs, int head, SeenKeys seen, int row, double[] weights, double[] result) {
    int keyHead = inputs.keyHead(head);
    int from = seen.first(row);
    int to = seen.end(row);
    assert from < to : "row " + row + " sees no key";
    double[] query = new double[inputs.queries().width()];
    inputs.queries().copyRow(head, row, query);
    double greatest = Double.NEGATIVE_INFINITY;
    for (int k = from; k < to; k++) {
      int key = seen.key(k);
      double logit = inputs.scale() * inputs.keys().dot(keyHead, key, query) + seen.bias(row - key);
      if (!Double.isFinite(logit)) {
        throw new ArithmeticException(
            String.format(
                "logit of head %d, query row %d and key row %d overflows to %s",
                head, row, key, logit));
      }
      weights[k] = logit;
      greatest = Math.max(greatest, logit);
    }
    double rowSum = 0;
    for (int k = from; k < to; k++) {
      weights[k] = Math.exp(weights[k] - greatest);
      rowSum += weights[k];
    }
    Arrays.fill(result, 0);
    for (int k = from; k < to; k++) {
      inputs.values().addScaledRow(keyHead, seen.key(k), weights[k] / rowSum, result);
    }
  }
}
