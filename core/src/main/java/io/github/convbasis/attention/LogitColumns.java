package io.github.convbasis.attention;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.ColumnSource;

/**
 * Gives columns of one head's causal logits {@code M∘(scale·QKᵀ)} at O(d) per entry.
 *
 * <p>Immutable and thread-safe.
 */
public final class LogitColumns implements ColumnSource {
  private final Backend backend;
  private final AttentionInputs inputs;
  private final int head;

  /**
   * Views one head.
   *
   * @param backend what computes inner products
   * @param inputs causal inputs
   * @param head query head
   * @throws IllegalArgumentException if the inputs are not causal
   */
  public LogitColumns(Backend backend, AttentionInputs inputs, int head) {
    if (inputs.mask() != AttentionMask.CAUSAL) {
      throw new IllegalArgumentException("mask must be CAUSAL, was " + inputs.mask());
    }
    this.backend = backend;
    this.inputs = inputs;
    this.head = head;
  }

  @Override
  public int size() {
    return inputs.rows();
  }

  /**
   * {@inheritDoc}
   *
   * @throws ArithmeticException if a logit overflows
   */
  @Override
  public void copyColumn(int column, int fromRow, int toRow, double[] target) {
    backend.logitColumn(inputs, head, column, fromRow, toRow, target);
    requireFinite(column, fromRow, toRow - fromRow, target);
  }

  /**
   * {@inheritDoc}
   *
   * @throws ArithmeticException if a logit overflows
   */
  @Override
  public void copyColumns(int[] columns, double[][] targets) {
    backend.logitColumns(inputs, head, columns, targets);
    for (int r = 0; r < columns.length; r++) {
      requireFinite(columns[r], columns[r], size() - columns[r], targets[r]);
    }
  }

  private void requireFinite(int column, int fromRow, int count, double[] logits) {
    for (int i = 0; i < count; i++) {
      if (!Double.isFinite(logits[i])) {
        throw new ArithmeticException(
            String.format(
                "logit of head %d, query row %d and key row %d overflows to %s",
                head, fromRow + i, column, logits[i]));
      }
    }
  }
}
