package io.github.convbasis.attention;

import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.SegmentedToeplitz;

/**
 * How far modelled logits are from the real ones over the whole lower triangle. Immutable and
 * thread-safe.
 *
 * @param sup the greatest absolute difference
 * @param rootMeanSquare the root of the mean squared difference
 */
public record LogitResidual(double sup, double rootMeanSquare) {

  /**
   * Compares every entry, in O(n²·d) time and O(n) memory.
   *
   * @param inputs causal inputs
   * @param head query head
   * @param model the modelled logits
   * @return the residual
   * @throws IllegalArgumentException if the inputs are not causal or of another size
   */
  public static LogitResidual measure(AttentionInputs inputs, int head, SegmentedToeplitz model) {
    if (inputs.mask() != AttentionMask.CAUSAL || model.size() != inputs.rows()) {
      throw new IllegalArgumentException(
          String.format(
              "model must be of size %d like causal inputs, was %d (mask %s)",
              inputs.rows(), model.size(), inputs.mask()));
    }
    int n = model.size();
    int keyHead = inputs.keyHead(head);
    double[] query = new double[inputs.queries().width()];
    double[] modelled = new double[n];
    double sup = 0;
    double squares = 0;
    for (int row = 0; row < n; row++) {
      inputs.queries().copyRow(head, row, query);
      model.copyRow(row, modelled);
      for (int key = 0; key <= row; key++) {
        double logit = inputs.scale() * inputs.keys().dot(keyHead, key, query);
        double difference = Math.abs(logit - modelled[key]);
        sup = Math.max(sup, difference);
        squares += difference * difference;
      }
    }
    double entries = n * (n + 1.0) / 2;
    return new LogitResidual(sup, Math.sqrt(squares / entries));
  }
}
