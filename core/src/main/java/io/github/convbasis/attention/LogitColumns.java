package io.github.convbasis.attention;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.ColumnSource;

/**
 * Gives columns of one head's causal logits {@code M∘(scale·QKᵀ)} at O(d) per entry.
 *
 * <p>Thread-safe if it has a workspace to itself, which one thread at a time may use.
 */
public final class LogitColumns implements ColumnSource {
  /** Rows per work item; results do not depend on it. */
  private static final int ROWS_PER_ITEM = 4096;

  private final Backend backend;
  private final AttentionInputs inputs;
  private final int head;
  private final Workspace workspace;
  private final Parallelism parallelism;

  /**
   * Views one head, for one thread.
   *
   * @param backend what computes inner products
   * @param inputs causal inputs
   * @param head query head
   * @throws IllegalArgumentException if the inputs are not causal
   */
  public LogitColumns(Backend backend, AttentionInputs inputs, int head) {
    this(backend, inputs, head, backend.newWorkspace(), Parallelism.sequential());
  }

  /**
   * Views one head.
   *
   * @param backend what computes inner products
   * @param inputs causal inputs
   * @param head query head
   * @param workspace from the backend
   * @param parallelism how many tasks may read whole columns
   * @throws IllegalArgumentException if the inputs are not causal
   */
  public LogitColumns(
      Backend backend,
      AttentionInputs inputs,
      int head,
      Workspace workspace,
      Parallelism parallelism) {
    if (inputs.mask() != AttentionMask.CAUSAL) {
      throw new IllegalArgumentException("mask must be CAUSAL, was " + inputs.mask());
    }
    this.backend = backend;
    this.inputs = inputs;
    this.head = head;
    this.workspace = workspace;
    this.parallelism = parallelism;
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
    for (int i = 0; i < toRow - fromRow; i++) {
      requireFinite(head, fromRow + i, column, target[i]);
    }
  }

  /**
   * {@inheritDoc}
   *
   * @throws ArithmeticException if a logit overflows
   */
  @Override
  public void copyColumns(int[] columns, double[][] targets) {
    copyRows(backend, inputs, head, columns, targets, workspace, parallelism);
  }

  /**
   * {@inheritDoc}
   *
   * @throws ArithmeticException if a logit overflows
   */
  @Override
  public double distance(int column, double[] reference, double[] work) {
    copyColumn(column, column, column + reference.length, work);
    return backend.decompositionLoops().distance(work, reference, 0, reference.length);
  }

  /** Copies what a chunk, or a whole sequence, adds to columns from the diagonal down. */
  static void copyRows(
      Backend backend,
      AttentionInputs inputs,
      int head,
      int[] columns,
      double[][] targets,
      Workspace workspace,
      Parallelism parallelism) {
    int first = inputs.firstPosition();
    parallelism.forEachRange(
        inputs.rows(),
        ROWS_PER_ITEM,
        (fromRow, toRow) -> {
          int from = first + fromRow;
          int to = first + toRow;
          double greatest =
              backend.logitColumns(inputs, head, columns, from, to, targets, workspace);
          if (!Double.isFinite(greatest)) {
            throwNotFinite(head, columns, from, to, targets);
          }
        });
  }

  private static void throwNotFinite(
      int head, int[] columns, int fromRow, int toRow, double[][] targets) {
    for (int r = 0; r < columns.length; r++) {
      for (int row = Math.max(columns[r], fromRow); row < toRow; row++) {
        requireFinite(head, row, columns[r], targets[r][row - columns[r]]);
      }
    }
    throw new AssertionError("no logit of rows " + fromRow + " to " + toRow + " overflows");
  }

  private static void requireFinite(int head, int row, int column, double logit) {
    if (!Double.isFinite(logit)) {
      throw new ArithmeticException(
          String.format(
              "logit of head %d, query row %d and key row %d overflows to %s",
              head, row, column, logit));
    }
  }
}
