package io.github.convbasis.simd.exact;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
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

  @Test
  void rowRangesHaveTheSameBits() {
    AttentionInputs inputs =
        Samples.inputs(3, Layout.PADDED, true, 4, 2, ROWS, ROWS, 21, 1, AttentionMask.CAUSAL);
    int[] keys = {0, 1, 2, 3, 30, 31, 32, 33, 63, 64, 65, ROWS - 1};
    double[][] whole = columns(keys);
    compute(inputs, 3, keys, 0, ROWS, whole);
    for (int from = 0; from < ROWS; from++) {
      for (int to = from; to <= ROWS; to++) {
        double[][] part = columns(keys);
        double greatest = compute(inputs, 3, keys, from, to, part);
        double expected = 0;
        for (int k = 0; k < keys.length; k++) {
          for (int row = keys[k]; row <= ROWS; row++) {
            boolean asked = row >= from && row < to;
            double logit = asked ? whole[k][row - keys[k]] : Double.NaN;
            assertEquals(logit, part[k][row - keys[k]]);
            expected = asked ? Math.max(expected, Math.abs(logit)) : expected;
          }
        }
        assertEquals(expected, greatest);
      }
    }
  }

  @Test
  void overflowShowsInTheGreatestUnlessHidden() {
    float[] queries = new float[ROWS];
    float[] keys = new float[ROWS];
    Arrays.fill(queries, -1);
    Arrays.fill(keys, 1);
    queries[10] = 1e20f;
    keys[9] = -1e20f;
    HeadTensor q = HeadTensor.of(queries, 1, ROWS, 1);
    HeadTensor k = HeadTensor.of(keys, 1, ROWS, 1);
    AttentionInputs inputs = AttentionInputs.causal(q, k, k);
    int[] columns = {5, 9, 11};
    assertEquals(Double.POSITIVE_INFINITY, compute(inputs, 0, columns, 0, ROWS, columns(columns)));
    assertEquals(1e20f, compute(inputs, 0, columns, 11, ROWS, columns(columns)));
    assertEquals(1, compute(inputs, 0, columns, 0, 9, columns(columns)));
    assertEquals(0, compute(inputs, 0, columns, 0, 5, columns(columns)));
    keys[9] = 1;
    keys[11] = 1e20f;
    assertEquals(1e20f, compute(inputs, 0, columns, 0, 12, columns(columns)));
    queries[10] = Float.MAX_VALUE;
    assertEquals(Float.MAX_VALUE, compute(inputs, 0, columns, 0, 11, columns(columns)));
  }

  /** Infinities of both signs in one sum. */
  @Test
  void notANumberShowsInTheGreatest() {
    float[] ones = new float[2 * ROWS];
    Arrays.fill(ones, 1);
    float[] queries = ones.clone();
    queries[2 * 40] = 1e38f;
    queries[2 * 40 + 1] = -1e38f;
    float[] keys = ones.clone();
    keys[2] = 1e38f;
    keys[3] = 1e38f;
    AttentionInputs inputs =
        AttentionInputs.causal(
            HeadTensor.of(queries, 1, ROWS, 2),
            HeadTensor.of(keys, 1, ROWS, 2),
            HeadTensor.of(ones, 1, ROWS, 2));
    int[] columns = {1};
    double greatest = compute(inputs, 0, columns, 0, ROWS, columns(columns));
    assertFalse(Double.isFinite(greatest), () -> "was " + greatest);
  }

  private static double[][] columns(int[] keys) {
    double[][] columns = new double[keys.length][];
    for (int k = 0; k < keys.length; k++) {
      columns[k] = new double[ROWS - keys[k] + 1];
      Arrays.fill(columns[k], Double.NaN);
    }
    return columns;
  }

  private static double compute(
      AttentionInputs inputs, int head, int[] keys, int from, int to, double[][] targets) {
    LogitScratch scratch = new LogitScratch(inputs.keys().width(), keys.length + 1);
    Arrays.fill(scratch.keys, Float.NaN);
    Arrays.fill(scratch.queries, Float.NaN);
    Arrays.fill(scratch.tile, Float.NaN);
    Arrays.fill(scratch.transposition, Float.NaN);
    Arrays.fill(scratch.starts, -1);
    return LogitColumnsKernel.compute(inputs, head, keys, from, to, targets, scratch);
  }

  private static void agrees(AttentionInputs inputs, int head, int[] keys) {
    int n = inputs.rows();
    double[][] logits = new double[keys.length][];
    for (int r = 0; r < keys.length; r++) {
      logits[r] = new double[n - keys[r] + 1];
      Arrays.fill(logits[r], Double.NaN);
    }
    double greatest = compute(inputs, head, keys, 0, n, logits);
    double most = 0;
    double[] key = new double[inputs.keys().width()];
    for (int r = 0; r < keys.length; r++) {
      inputs.keys().copyRow(inputs.keyHead(head), keys[r], key);
      for (int row = keys[r]; row < n; row++) {
        double expected = inputs.scale() * inputs.queries().dot(head, row, key);
        assertEquals(
            expected, logits[r][row - keys[r]], Tolerance.logit(inputs, head, row, keys[r]));
        most = Math.max(most, Math.abs(logits[r][row - keys[r]]));
      }
      assertEquals(Double.NaN, logits[r][n - keys[r]], "beyond the column");
    }
    assertEquals(most, greatest);
  }
}
