package io.github.convbasis.simd.exact;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
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

class LogitColumnKernelTest {
  private static final int ROWS = 23;

  @Test
  void agreesWithTheDefinition() {
    for (int depth = 1; depth <= 67; depth++) {
      for (Layout layout : Layout.values()) {
        for (boolean single : new boolean[] {true, false}) {
          agrees(
              Samples.inputs(
                  depth, layout, single, 4, 2, ROWS, ROWS, depth, 1, AttentionMask.CAUSAL));
        }
      }
    }
  }

  private static void agrees(AttentionInputs inputs) {
    double[] key = new double[inputs.keys().width()];
    for (int head = 0; head < 4; head += 3) {
      double[] logits = new double[ROWS + 1];
      Arrays.fill(logits, Double.NaN);
      LogitColumnKernel.compute(inputs, head, 2, 0, ROWS, logits);
      inputs.keys().copyRow(inputs.keyHead(head), 2, key);
      for (int row = 0; row < ROWS; row++) {
        double expected = inputs.scale() * inputs.queries().dot(head, row, key);
        assertEquals(expected, logits[row], Tolerance.logit(inputs, head, row, 2));
      }
      assertEquals(Double.NaN, logits[ROWS]);
    }
  }

  @Test
  void anEntryHasTheSameBitsInAnyCompany() {
    AttentionInputs inputs = Samples.causal(11, ROWS, 37, 1, 2);
    double[] whole = new double[ROWS];
    LogitColumnKernel.compute(inputs, 0, 0, 0, ROWS, whole);
    for (int from = 0; from < ROWS; from++) {
      for (int to = from; to <= ROWS; to++) {
        double[] part = new double[to - from];
        LogitColumnKernel.compute(inputs, 0, 0, from, to, part);
        assertArrayEquals(Arrays.copyOfRange(whole, from, to), part);
      }
    }
  }

  @Test
  void overflowIsNotFinite() {
    float[] huge = new float[ROWS];
    Arrays.fill(huge, 1e30f);
    HeadTensor tensor = HeadTensor.of(huge, 1, ROWS, 1);
    double[] logits = new double[ROWS];
    LogitColumnKernel.compute(
        AttentionInputs.causal(tensor, tensor, tensor), 0, 0, 0, ROWS, logits);
    assertFalse(Double.isFinite(logits[ROWS - 1]));
  }
}
