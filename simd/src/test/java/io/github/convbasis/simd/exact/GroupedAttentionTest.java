package io.github.convbasis.simd.exact;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.simd.Samples;
import io.github.convbasis.simd.Samples.Layout;
import org.junit.jupiter.api.Test;

class GroupedAttentionTest {
  private static final int ROWS = 101;
  private static final int KEY_HEADS = 2;

  /** Single heads in one call each; rows outside {@code fromRow … toRow-1} stay NaN. */
  private static HeadTensor singly(
      AttentionInputs inputs, Layout layout, boolean single, int fromRow, int toRow) {
    HeadTensor output = empty(inputs, layout, single);
    for (int head = 0; head < output.heads(); head++) {
      ExactAttentionKernel.attend(
          inputs, head, fromRow, toRow, output, ExactAttentionKernelTest.dirty(inputs));
    }
    return output;
  }

  private static HeadTensor empty(AttentionInputs inputs, Layout layout, boolean single) {
    HeadTensor queries = inputs.queries();
    return Samples.empty(layout, single, queries.heads(), queries.rows(), inputs.values().width());
  }

  private static HeadTensor grouped(
      AttentionInputs inputs, Layout layout, boolean single, int fromRow, int toRow, int step) {
    HeadTensor output = empty(inputs, layout, single);
    AttentionScratch scratch = ExactAttentionKernelTest.dirty(inputs);
    for (int keyHead = 0; keyHead < inputs.keys().heads(); keyHead++) {
      for (int row = fromRow; row < toRow; row += step) {
        int end = Math.min(toRow, row + step);
        ExactAttentionKernel.attendGroup(inputs, keyHead, row, end, output, scratch);
      }
    }
    return output;
  }

  /** Whole arrays are compared, so what must not be written is seen too. */
  private static void same(HeadTensor expected, HeadTensor actual, String message) {
    if (expected.isSinglePrecision()) {
      assertArrayEquals(expected.floats(), actual.floats(), message);
    } else {
      assertArrayEquals(expected.doubles(), actual.doubles(), message);
    }
  }

  @Test
  void groupsHaveTheBitsOfSingleHeads() {
    for (int size : new int[] {1, 2, 3, 4, 8}) {
      AttentionInputs inputs =
          Samples.inputs(
              size,
              Layout.INTERLEAVED,
              true,
              KEY_HEADS * size,
              KEY_HEADS,
              ROWS,
              ROWS,
              19,
              21,
              AttentionMask.CAUSAL);
      HeadTensor expected = singly(inputs, Layout.INTERLEAVED, true, 0, ROWS);
      for (int step : new int[] {1, 2, 3, 5, 16, 31, 33, 100, ROWS}) {
        same(
            expected,
            grouped(inputs, Layout.INTERLEAVED, true, 0, ROWS, step),
            size + " heads, calls of " + step + " rows");
      }
    }
  }

  @Test
  void otherRowsAreNotWritten() {
    AttentionInputs inputs =
        Samples.inputs(
            5, Layout.PADDED, true, 6, KEY_HEADS, ROWS, ROWS, 17, 37, AttentionMask.CAUSAL);
    for (boolean single : new boolean[] {true, false}) {
      for (int[] range : new int[][] {{0, 1}, {1, 2}, {7, 20}, {33, 34}, {99, ROWS}, {50, 50}}) {
        same(
            singly(inputs, Layout.PADDED, single, range[0], range[1]),
            grouped(inputs, Layout.PADDED, single, range[0], range[1], ROWS),
            range[0] + " … " + range[1]);
      }
    }
  }

  /** One query row per head, as a decoder asks. */
  @Test
  void singleRowsOverManyKeys() {
    for (int size : new int[] {1, 2, 3, 4, 8, 71}) {
      AttentionInputs inputs =
          Samples.inputs(size, Layout.DENSE, true, size, 1, 1, 1000, 64, 64, AttentionMask.NONE);
      same(
          singly(inputs, Layout.DENSE, true, 0, 1),
          grouped(inputs, Layout.DENSE, true, 0, 1, 1),
          size + " heads");
      ExactAttentionKernelTest.agrees(inputs, Layout.DENSE, true);
    }
  }

  @Test
  void overflowNamesHeadAndRow() {
    float[] queries = new float[6];
    queries[4] = 1e20f;
    float[] keys = {0, 1e20f};
    AttentionInputs inputs =
        AttentionInputs.causal(
            HeadTensor.of(queries, 3, 2, 1),
            HeadTensor.of(keys, 1, 2, 1),
            HeadTensor.of(keys, 1, 2, 1));
    // Head 2, row 0 does not see the key it would overflow with.
    grouped(inputs, Layout.DENSE, true, 0, 2, 2);
    queries[3] = 1e20f;
    ArithmeticException thrown =
        assertThrows(ArithmeticException.class, () -> grouped(inputs, Layout.DENSE, true, 0, 2, 2));
    assertEquals("a logit of head 1 and query row 1 overflows float32", thrown.getMessage());
  }
}
