package io.github.convbasis.variants;

import io.github.convbasis.attention.ErrorEstimate;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.SeenKeys;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.variants.VariantWorkspace.BlockScratch;
import io.github.convbasis.variants.Visibility.Block;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Computes attention with a visibility and a bias exactly, row by row without the n × n matrix:
 * {@code Y_i = Σ_j exp(z_ij)·V_j / Σ_j exp(z_ij)} over the keys j that row i sees, {@code z_ij =
 * scale·⟨Q_i, K_j⟩ + b(i - j)}. O(visible entries·(d + value width)) time, O(n) extra memory.
 *
 * <p>Rows are the backend's, in its precision; {@link #row} is the definition, in double.
 *
 * <p>Immutable and thread-safe.
 */
public final class ExactVariantAttention {
  /** Rows per work item; fixed, so that results do not depend on the number of tasks. */
  private static final int ROWS_PER_ITEM = 256;

  private final Backend backend;

  /**
   * Attends with a backend.
   *
   * @param backend what computes the rows
   */
  public ExactVariantAttention(Backend backend) {
    this.backend = Objects.requireNonNull(backend, "backend");
  }

  /** Rows of one block of one head. */
  private record Item(int head, SeenKeys seen, int fromRow, int toRow) {}

  /**
   * Computes all heads, with scratch of its own.
   *
   * @param inputs queries, keys, values, scale, visibility, bias
   * @param output receives query heads × query rows × value width; must not share rows with the
   *     inputs
   * @param parallelism how many tasks may work
   * @throws IllegalArgumentException if the output has another shape or overlapping rows
   * @throws ArithmeticException if a logit overflows in the backend's precision, or a bias is not
   *     finite
   */
  public void forward(VariantInputs inputs, HeadTensor output, Parallelism parallelism) {
    forward(inputs, output, VariantWorkspace.of(backend), parallelism);
  }

  /**
   * Computes all heads.
   *
   * @param inputs queries, keys, values, scale, visibility, bias
   * @param output receives query heads × query rows × value width; must not share rows with the
   *     inputs
   * @param workspace of the same backend
   * @param parallelism how many tasks may work
   * @throws IllegalArgumentException if the output has another shape or overlapping rows, or the
   *     workspace is of another backend
   * @throws ArithmeticException if a logit overflows in the backend's precision, or a bias is not
   *     finite
   */
  public void forward(
      VariantInputs inputs,
      HeadTensor output,
      VariantWorkspace workspace,
      Parallelism parallelism) {
    inputs.requireOutput(output);
    workspace.requireBackend(backend);
    List<Item> items = items(inputs);
    parallelism.forEach(
        items.size(),
        index -> {
          Item item = items.get(index);
          int[] rows = new int[item.toRow - item.fromRow];
          Arrays.setAll(rows, i -> item.fromRow + i);
          BlockScratch scratch = workspace.take();
          backend.attendSeen(
              inputs.unmasked(),
              item.head,
              item.seen,
              rows,
              0,
              rows.length,
              output,
              scratch.workspace);
          workspace.give(scratch);
        });
  }

  private static List<Item> items(VariantInputs inputs) {
    List<Item> items = new ArrayList<>();
    for (int head = 0; head < inputs.queries().heads(); head++) {
      for (Block block : inputs.visibility(head).blocks()) {
        SeenKeys seen = inputs.seenKeys(head, block);
        for (int from = block.queryFrom(); from < block.queryTo(); from += ROWS_PER_ITEM) {
          int to = Math.min(block.queryTo(), from + ROWS_PER_ITEM);
          items.add(new Item(head, seen, from, to));
        }
      }
    }
    return items;
  }

  /** Computes those rows of a block that are flagged, by block row; returns how many. */
  int attendFlagged(
      VariantInputs inputs,
      int head,
      Block block,
      boolean[] flags,
      HeadTensor output,
      Workspace workspace,
      Parallelism parallelism) {
    int[] rows = new int[block.rows()];
    int count = 0;
    for (int row = 0; row < rows.length; row++) {
      if (flags[row]) {
        rows[count++] = block.queryFrom() + row;
      }
    }
    SeenKeys seen = inputs.seenKeys(head, block);
    parallelism.forEachRange(
        count,
        ROWS_PER_ITEM,
        (from, to) ->
            backend.attendSeen(inputs.unmasked(), head, seen, rows, from, to, output, workspace));
    return count;
  }

  /**
   * Estimates the error of a head's output from rows recomputed in double; O(sampled rows·visible
   * keys·d).
   *
   * @param inputs what was attended with
   * @param head query head
   * @param output the output to judge
   * @param rowsPerStratum the most rows drawn per stratum, at least 2; a great number takes all
   * @param seed where the sample comes from; the same seed draws the same rows
   * @return the estimate
   * @throws IllegalArgumentException if rowsPerStratum is below 2 or the output has another shape
   */
  public static ErrorEstimate estimateError(
      VariantInputs inputs, int head, HeadTensor output, int rowsPerStratum, long seed) {
    inputs.requireOutput(output);
    double[] weights = new double[inputs.keys().rows()];
    return ErrorEstimate.measure(
        (row, result) -> row(inputs, head, row, weights, result),
        inputs.values().maxAbs(inputs.keyHead(head)),
        head,
        output,
        rowsPerStratum,
        seed);
  }

  /**
   * Computes one row in double: the definition that every variant is judged by.
   *
   * @param inputs queries, keys, values, scale, visibility, bias
   * @param head query head
   * @param row query row
   * @param weights work space of at least as many elements as key rows
   * @param result receives value width elements
   * @return the logarithm of the row sum, {@code log Σ_j exp(logit_j)}
   * @throws ArithmeticException if a logit overflows or a bias is not finite
   */
  public static double row(
      VariantInputs inputs, int head, int row, double[] weights, double[] result) {
    Visibility visibility = inputs.visibility(head);
    int keyHead = inputs.keyHead(head);
    int from = visibility.firstKey(row);
    int to = visibility.endKey(row);
    double[] query = new double[inputs.queries().width()];
    inputs.queries().copyRow(head, row, query);
    double greatest = Double.NEGATIVE_INFINITY;
    for (int key = from; key < to; key++) {
      weights[key] = Double.NEGATIVE_INFINITY;
      if (!visibility.isHidden(key)) {
        double logit =
            inputs.scale() * inputs.keys().dot(keyHead, key, query) + inputs.bias(head, row - key);
        weights[key] = VariantInputs.requireFinite(logit, head, row, key);
        greatest = Math.max(greatest, logit);
      }
    }
    double rowSum = 0;
    for (int key = from; key < to; key++) {
      weights[key] = Math.exp(weights[key] - greatest);
      rowSum += weights[key];
    }
    Arrays.fill(result, 0, inputs.values().width(), 0);
    for (int key = from; key < to; key++) {
      inputs.values().addScaledRow(keyHead, key, weights[key] / rowSum, result);
    }
    return greatest + Math.log(rowSum);
  }
}
