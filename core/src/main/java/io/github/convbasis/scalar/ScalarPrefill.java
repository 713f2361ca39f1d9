package io.github.convbasis.scalar;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.SegmentPrefill;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;
import java.util.Arrays;

/**
 * Attends chunk by chunk from the definition: row i is {@code Σ_j e^(H[i,j] - greatest)·V[j] / D},
 * O(n·width) each, with nothing to keep between chunks but their number. Every row is trusted and
 * the same however rows are cut. Mutable: one thread at a time.
 */
final class ScalarPrefill implements SegmentPrefill {
  private final int capacity;
  private int rows;

  ScalarPrefill(int capacity) {
    this.capacity = capacity;
  }

  @Override
  public int grid() {
    return 1;
  }

  @Override
  public int rows() {
    return rows;
  }

  @Override
  public void restart() {
    rows = 0;
  }

  @Override
  public double advance(
      AttentionInputs inputs,
      int head,
      SegmentedToeplitz logits,
      double guardTolerance,
      HeadTensor output,
      boolean[] untrusted,
      Parallelism parallelism) {
    int first = inputs.firstPosition();
    assert first == rows && logits.size() <= capacity : first + ", " + rows + ", " + capacity;
    int keyHead = inputs.keyHead(head);
    parallelism.forEach(
        inputs.rows(),
        row -> {
          double[] weights = new double[logits.size()];
          double[] result = new double[inputs.values().width()];
          int visible = inputs.visibleKeys(row);
          logits.copyRow(first + row, weights);
          double greatest = Double.NEGATIVE_INFINITY;
          for (int key = 0; key < visible; key++) {
            greatest = Math.max(greatest, weights[key]);
          }
          double rowSum = 0;
          for (int key = 0; key < visible; key++) {
            weights[key] = Math.exp(weights[key] - greatest);
            rowSum += weights[key];
          }
          for (int key = 0; key < visible; key++) {
            inputs.values().addScaledRow(keyHead, key, weights[key] / rowSum, result);
          }
          output.setRow(head, row, result);
        });
    Arrays.fill(untrusted, 0, inputs.rows(), false);
    rows += inputs.rows();
    return 0;
  }
}
