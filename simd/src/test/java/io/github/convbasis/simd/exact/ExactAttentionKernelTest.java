package io.github.convbasis.simd.exact;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.attention.ExactAttention;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.simd.Lanes;
import io.github.convbasis.simd.Samples;
import io.github.convbasis.simd.Samples.Layout;
import io.github.convbasis.simd.Tolerance;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ExactAttentionKernelTest {
  private static final int L = Lanes.COUNT;
  private static final int TILE = AttentionScratch.TILE_KEYS;

  /** Fills scratch with NaN, so that reading what was not written shows. */
  static AttentionScratch dirty(AttentionInputs inputs) {
    AttentionScratch scratch = AttentionScratch.of(inputs);
    for (float[] array :
        new float[][] {
          scratch.queries, scratch.output, scratch.maxima, scratch.sums, scratch.errors,
          scratch.factors, scratch.tileSums, scratch.visible, scratch.tile, scratch.run.packedKeys,
          scratch.run.packedValues, scratch.transposition
        }) {
      Arrays.fill(array, Float.NaN);
    }
    Arrays.fill(scratch.rows, -1);
    Arrays.fill(scratch.heads, -1);
    Arrays.fill(scratch.starts, -1);
    Arrays.fill(scratch.visibleKeys, -1);
    return scratch;
  }

  /** Attends all rows and compares every element with the definition in double. */
  static void agrees(AttentionInputs inputs, Layout layout, boolean single) {
    int rows = inputs.rows();
    int width = inputs.values().width();
    int heads = inputs.queries().heads();
    HeadTensor output = Samples.empty(layout, single, heads, rows, width);
    double[] weights = new double[inputs.keys().rows()];
    double[] expected = new double[width];
    for (int keyHead = 0; keyHead < inputs.keys().heads(); keyHead++) {
      ExactAttentionKernel.attendGroup(inputs, keyHead, 0, rows, output, dirty(inputs));
    }
    for (int head = 0; head < heads; head++) {
      for (int row = 0; row < rows; row++) {
        ExactAttention.row(inputs, head, row, weights, expected);
        double tolerance = Tolerance.attention(inputs, head, row);
        for (int c = 0; c < width; c++) {
          double actual = output.get(head, row, c);
          String where = inputs + " head " + head + " row " + row + " column " + c;
          assertTrue(
              Math.abs(actual - expected[c]) <= tolerance,
              () -> where + ": error above " + tolerance + ", was " + actual);
        }
      }
    }
    guardsAreUntouched(output);
  }

  /** Whatever is not an element of the output must still be NaN. */
  private static void guardsAreUntouched(HeadTensor output) {
    int touched = 0;
    if (output.isSinglePrecision()) {
      for (float element : output.floats()) {
        touched += Float.isNaN(element) ? 0 : 1;
      }
    } else {
      for (double element : output.doubles()) {
        touched += Double.isNaN(element) ? 0 : 1;
      }
    }
    assertEquals(output.heads() * output.rows() * output.width(), touched);
  }

  @Test
  void agreesAtLengthsAroundLanesTilesAndBlocks() {
    int[] lengths = {
      1,
      2,
      3,
      5,
      6,
      7,
      L - 1,
      L,
      L + 1,
      2 * L - 1,
      2 * L,
      2 * L + 1,
      63,
      64,
      65,
      TILE - 1,
      TILE,
      TILE + 1,
      127,
      128,
      129,
      2 * TILE + 1,
      257
    };
    for (int n : lengths) {
      agrees(Samples.causal(n, Math.max(1, n), 8, 7, 2), Layout.DENSE, true);
    }
  }

  @Test
  void agreesForAnyDepth() {
    for (int depth = 1; depth <= 130; depth += depth < 20 ? 1 : 11) {
      agrees(Samples.causal(depth, 67, depth, 6, 2), Layout.DENSE, true);
    }
  }

  @Test
  void agreesForAnyWidth() {
    for (int width = 1; width <= 130; width += width < 20 ? 1 : 11) {
      agrees(Samples.causal(width, 67, 5, width, 2), Layout.DENSE, true);
    }
  }

  @Test
  void agreesForEveryLayoutStorageMaskAndGrouping() {
    for (Layout layout : Layout.values()) {
      for (boolean single : new boolean[] {true, false}) {
        for (AttentionMask mask : AttentionMask.values()) {
          for (int keyHeads : new int[] {1, 2, 4}) {
            agrees(
                Samples.inputs(7, layout, single, 4, keyHeads, 53, 53, 9, 10, mask),
                layout,
                single);
          }
        }
      }
    }
  }

  @Test
  void agreesAcrossSequencesOfDifferentLength() {
    int[][] shapes = {{1, 1}, {1, 200}, {200, 1}, {3, 97}, {130, 5}, {40, 300}};
    for (int[] shape : shapes) {
      for (Layout layout : Layout.values()) {
        agrees(
            Samples.inputs(8, layout, true, 1, 1, shape[0], shape[1], 11, 13, AttentionMask.NONE),
            layout,
            true);
      }
    }
  }

  @Test
  void keepsTheSumsOfManyKeys() {
    // Equal logits and values of 1: rounding that grows with the number of keys would show.
    int keys = 1 << 16;
    float[] ones = new float[keys];
    Arrays.fill(ones, 1);
    AttentionInputs inputs =
        new AttentionInputs(
            HeadTensor.of(new float[] {0}, 1, 1, 1),
            HeadTensor.of(new float[keys], 1, keys, 1),
            HeadTensor.of(ones, 1, keys, 1),
            1,
            AttentionMask.NONE);
    double[] sum = new double[1];
    float[] numerator = new float[1];
    ExactAttentionKernel.partial(inputs, 0, 0, 1, 0, numerator, new double[1], sum, dirty(inputs));
    assertEquals(keys, sum[0]);
    assertEquals(keys, numerator[0]);
    agrees(inputs, Layout.DENSE, true);
    AttentionInputs random =
        Samples.inputs(9, Layout.DENSE, true, 1, 1, 2, keys, 4, 3, AttentionMask.NONE);
    agrees(random, Layout.DENSE, true);
  }
}
