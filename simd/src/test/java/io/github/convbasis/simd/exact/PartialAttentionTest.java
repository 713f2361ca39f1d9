package io.github.convbasis.simd.exact;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.attention.ExactAttention;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.simd.Samples;
import io.github.convbasis.simd.Samples.Layout;
import io.github.convbasis.simd.Tolerance;
import org.junit.jupiter.api.Test;

class PartialAttentionTest {
  private static final int ROWS = 211;
  private static final int WIDTH = 10;

  @Test
  void partsMergeToTheWhole() {
    AttentionInputs inputs = Samples.causal(3, ROWS, 12, WIDTH, 3);
    for (int firstKey : new int[] {1, 7, 47, 48, 49, 100, 200, ROWS - 1}) {
      int rows = ROWS - firstKey;
      float[] numerators = new float[rows * WIDTH];
      double[] shifts = new double[rows];
      double[] sums = new double[rows];
      ExactAttentionKernel.partial(
          inputs,
          0,
          firstKey,
          ROWS,
          firstKey,
          numerators,
          shifts,
          sums,
          ExactAttentionKernelTest.dirty(inputs));
      for (int row = firstKey; row < ROWS; row++) {
        int r = row - firstKey;
        merges(inputs, row, firstKey, numerators, r * WIDTH, shifts[r], sums[r]);
      }
    }
  }

  /** Adds the keys before {@code firstKey} in double and compares with the definition. */
  private static void merges(
      AttentionInputs inputs,
      int row,
      int firstKey,
      float[] numerators,
      int at,
      double shift,
      double rowSum) {
    double[] expected = new double[WIDTH];
    ExactAttention.row(inputs, 0, row, new double[ROWS], expected);
    double[] query = new double[inputs.queries().width()];
    inputs.queries().copyRow(0, row, query);
    double[] merged = new double[WIDTH];
    double sum = rowSum;
    for (int c = 0; c < WIDTH; c++) {
      merged[c] = numerators[at + c];
    }
    for (int key = 0; key < firstKey; key++) {
      double weight = Math.exp(inputs.scale() * inputs.keys().dot(0, key, query) - shift);
      sum += weight;
      inputs.values().addScaledRow(0, key, weight, merged);
    }
    for (int c = 0; c < WIDTH; c++) {
      merged[c] /= sum;
    }
    assertArrayEquals(expected, merged, Tolerance.attention(inputs, 0, row));
    assertTrue(rowSum > 0.999, "row sum " + rowSum);
  }

  @Test
  void aRowHasTheSameBitsInAnyCompany() {
    AttentionInputs inputs = Samples.causal(4, ROWS, 12, WIDTH, 3);
    HeadTensor whole = Samples.empty(Layout.DENSE, true, 1, ROWS, WIDTH);
    AttentionScratch scratch = ExactAttentionKernelTest.dirty(inputs);
    ExactAttentionKernel.attendGroup(inputs, 0, 0, ROWS, whole, scratch);
    for (int count : new int[] {1, 2, 5, 31, 32, 33, 100, 128, 130}) {
      HeadTensor parts = Samples.empty(Layout.DENSE, true, 1, ROWS, WIDTH);
      for (int from = 0; from < ROWS; from += count) {
        int to = Math.min(ROWS, from + count);
        ExactAttentionKernel.attendGroup(inputs, 0, from, to, parts, scratch);
      }
      assertArrayEquals(whole.floats(), parts.floats(), "calls of " + count + " rows");
    }
    int[] rows = {0, 3, 4, 77, 78, 120, 200, 210};
    HeadTensor scattered = Samples.empty(Layout.DENSE, true, 1, ROWS, WIDTH);
    ExactAttentionKernel.attendRows(inputs, 0, rows, 1, rows.length, scattered, scratch);
    assertTrue(Float.isNaN(scattered.floats()[0]));
    for (int i = 1; i < rows.length; i++) {
      for (int c = 0; c < WIDTH; c++) {
        assertEquals(whole.get(0, rows[i], c), scattered.get(0, rows[i], c));
      }
    }
  }

  @Test
  void laterKeysDoNotChangeTheBitsOfARow() {
    AttentionInputs inputs = Samples.causal(5, ROWS, 12, WIDTH, 3);
    HeadTensor whole = Samples.empty(Layout.DENSE, true, 1, ROWS, WIDTH);
    ExactAttentionKernel.attendGroup(
        inputs, 0, 0, ROWS, whole, ExactAttentionKernelTest.dirty(inputs));
    for (int n : new int[] {1, 2, 40, 47, 48, 49, 150}) {
      AttentionInputs prefix =
          AttentionInputs.causal(
              HeadTensor.of(inputs.queries().floats(), 1, n, 12),
              HeadTensor.of(inputs.keys().floats(), 1, n, 12),
              HeadTensor.of(inputs.values().floats(), 1, n, WIDTH));
      HeadTensor output = Samples.empty(Layout.DENSE, true, 1, n, WIDTH);
      ExactAttentionKernel.attendGroup(
          prefix, 0, 0, n, output, ExactAttentionKernelTest.dirty(prefix));
      for (int i = 0; i < n * WIDTH; i++) {
        assertEquals(whole.floats()[i], output.floats()[i]);
      }
    }
  }
}
