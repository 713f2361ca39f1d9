package io.github.convbasis.attention;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import java.util.Arrays;
import java.util.Objects;

/**
 * Computes exact attention {@code Y = D⁻¹AV}, {@code A = M∘exp(scale·QKᵀ)}, {@code D = diag(A·1)},
 * row by row without the n × n matrix: 2·n²·d flops for a causal head, O(n) extra memory.
 *
 * <p>Immutable and thread-safe.
 */
public final class ExactAttention {
  /** Rows per work item; fixed, so that results do not depend on the number of tasks. */
  static final int ROWS_PER_ITEM = 256;

  private final Backend backend;

  /**
   * Attends with a backend.
   *
   * @param backend what computes the rows
   */
  public ExactAttention(Backend backend) {
    this.backend = Objects.requireNonNull(backend, "backend");
  }

  /**
   * Computes all heads.
   *
   * @param inputs queries, keys, values, scale, mask
   * @param output receives query heads × n × value width; must not share rows with the inputs
   * @param parallelism how many tasks may work
   * @throws IllegalArgumentException if the output has another shape or overlapping rows
   * @throws ArithmeticException if a logit overflows
   */
  public void forward(AttentionInputs inputs, HeadTensor output, Parallelism parallelism) {
    forward(inputs, output, backend.newWorkspace(), parallelism);
  }

  /**
   * Computes all heads with given scratch. Query heads that read the same keys are computed
   * together.
   *
   * @param inputs queries, keys, values, scale, mask
   * @param output receives query heads × n × value width; must not share rows with the inputs
   * @param workspace from the backend
   * @param parallelism how many tasks may work
   * @throws IllegalArgumentException if the output has another shape or overlapping rows
   * @throws ArithmeticException if a logit overflows
   */
  public void forward(
      AttentionInputs inputs, HeadTensor output, Workspace workspace, Parallelism parallelism) {
    inputs.requireOutput(output);
    int rows = inputs.rows();
    int itemsPerHead = itemsPerHead(inputs);
    parallelism.forEach(
        items(inputs),
        item -> {
          int keyHead = item / itemsPerHead;
          int from = item % itemsPerHead * ROWS_PER_ITEM;
          int to = Math.min(rows, from + ROWS_PER_ITEM);
          backend.attendGroup(inputs, keyHead, from, to, output, workspace);
        });
  }

  /**
   * Computes all rows of one head, in the bits of {@link #forward}.
   *
   * @param inputs queries, keys, values, scale, mask
   * @param head query head
   * @param output receives the rows of that head
   * @param workspace from the backend
   * @param parallelism how many tasks may work
   * @throws ArithmeticException if a logit overflows
   */
  public void forwardHead(
      AttentionInputs inputs,
      int head,
      HeadTensor output,
      Workspace workspace,
      Parallelism parallelism) {
    int rows = inputs.rows();
    if (inputs.groupSize() > 1) {
      // A group is attended as a whole, so its heads one by one are scattered rows.
      boolean[] all = new boolean[rows];
      Arrays.fill(all, true);
      forwardRows(inputs, head, all, output, workspace, parallelism);
      return;
    }
    parallelism.forEachRange(
        rows,
        ROWS_PER_ITEM,
        (from, to) ->
            backend.attendGroup(inputs, inputs.keyHead(head), from, to, output, workspace));
  }

  /**
   * Computes chosen rows of one head.
   *
   * @param inputs queries, keys, values, scale, mask
   * @param head query head
   * @param chosen for each row whether it is computed
   * @param output receives those rows
   * @param workspace from the backend
   * @param parallelism how many tasks may work
   * @return how many there were
   * @throws ArithmeticException if a logit overflows
   */
  public int forwardRows(
      AttentionInputs inputs,
      int head,
      boolean[] chosen,
      HeadTensor output,
      Workspace workspace,
      Parallelism parallelism) {
    int[] rows = indices(chosen, inputs.rows());
    parallelism.forEachRange(
        rows.length,
        ROWS_PER_ITEM,
        (from, to) -> backend.attendRows(inputs, head, rows, from, to, output, workspace));
    return rows.length;
  }

  private static int[] indices(boolean[] flags, int rows) {
    int count = 0;
    for (int row = 0; row < rows; row++) {
      count += flags[row] ? 1 : 0;
    }
    int[] indices = new int[count];
    int at = 0;
    for (int row = 0; row < rows; row++) {
      if (flags[row]) {
        indices[at++] = row;
      }
    }
    return indices;
  }

  /**
   * Returns how many work items {@link #forward} makes, the steps of its progress.
   *
   * @param inputs what will be attended with
   * @return items of up to {@value #ROWS_PER_ITEM} rows over all key heads
   */
  public static int items(AttentionInputs inputs) {
    return Math.multiplyExact(itemsPerHead(inputs), inputs.keys().heads());
  }

  private static int itemsPerHead(AttentionInputs inputs) {
    return Parallelism.ranges(inputs.rows(), ROWS_PER_ITEM);
  }

  /**
   * Computes one row in double: the definition that everything else is judged by.
   *
   * @param inputs queries, keys, values, scale, mask
   * @param head query head
   * @param row query row
   * @param weights work space of at least as many elements as key rows
   * @param result receives value width elements
   * @return the logarithm of the row sum, {@code log Σ_j exp(logit_j)}
   * @throws ArithmeticException if a logit or a result overflows
   */
  public static double row(
      AttentionInputs inputs, int head, int row, double[] weights, double[] result) {
    int keyHead = inputs.keyHead(head);
    int visible = inputs.visibleKeys(row);
    double[] query = new double[inputs.queries().width()];
    inputs.queries().copyRow(head, row, query);
    double greatest = Double.NEGATIVE_INFINITY;
    for (int key = 0; key < visible; key++) {
      weights[key] = inputs.scale() * inputs.keys().dot(keyHead, key, query);
      if (!Double.isFinite(weights[key])) {
        throw new ArithmeticException(
            String.format(
                "logit of head %d, query row %d and key row %d overflows to %s",
                head, row, key, weights[key]));
      }
      greatest = Math.max(greatest, weights[key]);
    }
    double rowSum = 0;
    for (int key = 0; key < visible; key++) {
      weights[key] = Math.exp(weights[key] - greatest);
      rowSum += weights[key];
    }
    for (int column = 0; column < inputs.values().width(); column++) {
      result[column] = 0;
    }
    for (int key = 0; key < visible; key++) {
      inputs.values().addScaledRow(keyHead, key, weights[key] / rowSum, result);
    }
    for (int column = 0; column < inputs.values().width(); column++) {
      if (!Double.isFinite(result[column])) {
        throw new ArithmeticException(
            String.format(
                "values of head %d overflow in the sum of query row %d: column %d is %s",
                head, row, column, result[column]));
      }
    }
    return greatest + Math.log(rowSum);
  }
}
