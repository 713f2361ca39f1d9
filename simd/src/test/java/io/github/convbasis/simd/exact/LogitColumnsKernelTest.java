package io.github.convbasis.simd.exact;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.simd.Samples;
import io.github.convbasis.simd.Samples.Layout;
import io.github.convbasis.simd.Tolerance;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class LogitColumnsKernelTest {
  /** Not a multiple of any group of rows. */
  private static final int ROWS = 77;

  @Test
  void agreesWithTheDefinition() {
    for (int depth : new int[] {1, 3, 8, 33, 64}) {
      for (Layout layout : Layout.values()) {
        for (boolean single : new boolean[] {true, false}) {
          AttentionInputs inputs =
              Samples.inputs(
                  depth, layout, single, 4, 2, ROWS, ROWS, depth, 1, AttentionMask.CAUSAL);
          agrees(inputs, 3, new int[] {0, 1, 5, 31, 32, 40, 64, 76});
          agrees(inputs, 0, new int[] {76});
        }
      }
    }
  }

  @Test
  void everyColumnAtOnceNeedsSeveralChunks() {
    int n = 500;
    AttentionInputs inputs =
        Samples.inputs(9, Layout.values()[0], true, 1, 1, n, n, 9, 1, AttentionMask.CAUSAL);
    int[] all = new int[n];
    Arrays.setAll(all, j -> j);
    agrees(inputs, 0, all);
  }

  private static void agrees(AttentionInputs inputs, int head, int[] keys) {
    int n = inputs.rows();
    double[][] logits = new double[keys.length][];
    for (int r = 0; r < keys.length; r++) {
      logits[r] = new double[n - keys[r] + 1];
      Arrays.fill(logits[r], Double.NaN);
    }
    LogitColumnsKernel.compute(inputs, head, keys, logits);
    double[] key = new double[inputs.keys().width()];
    for (int r = 0; r < keys.length; r++) {
      inputs.keys().copyRow(inputs.keyHead(head), keys[r], key);
      for (int row = keys[r]; row < n; row++) {
        double expected = inputs.scale() * inputs.queries().dot(head, row, key);
        assertEquals(
            expected, logits[r][row - keys[r]], Tolerance.logit(inputs, head, row, keys[r]));
      }
      assertEquals(Double.NaN, logits[r][n - keys[r]], "beyond the column");
    }
  }
}
