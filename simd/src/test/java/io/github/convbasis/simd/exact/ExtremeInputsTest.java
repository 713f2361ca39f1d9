package io.github.convbasis.simd.exact;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.simd.Samples;
import io.github.convbasis.simd.Samples.Layout;
import org.junit.jupiter.api.Test;

class ExtremeInputsTest {
  private static final int ROWS = 70;
  private static final int DEPTH = 4;
  private static final int WIDTH = 7;

  private static AttentionInputs scaled(double queries, double keys, double values) {
    AttentionInputs base = Samples.causal(6, ROWS, DEPTH, WIDTH, 1);
    return AttentionInputs.causal(
        scale(base.queries(), queries), scale(base.keys(), keys), scale(base.values(), values));
  }

  private static HeadTensor scale(HeadTensor tensor, double factor) {
    float[] scaled = tensor.floats().clone();
    for (int i = 0; i < scaled.length; i++) {
      scaled[i] *= (float) factor;
    }
    return HeadTensor.of(scaled, 1, tensor.rows(), tensor.width());
  }

  private static HeadTensor attend(AttentionInputs inputs) {
    HeadTensor output = HeadTensor.allocate(true, 1, inputs.rows(), inputs.values().width());
    ExactAttentionKernel.attendGroup(
        inputs, 0, 0, inputs.rows(), output, ExactAttentionKernelTest.dirty(inputs));
    return output;
  }

  @Test
  void hugeAndTinyInputsAgree() {
    double[][] factors = {
      {1, 1, 1e30},
      {1, 1, 1e-42},
      {1e30, 1e-30, 1},
      {1e-42, 1, 1},
      {1, 1e-42, 1},
      {0, 0, 0},
      {40, 40, 1},
      {1e3, 1e3, 1},
      {1e15, 1e15, 1},
      {1e18, 1e18, 1e30}
    };
    for (double[] f : factors) {
      ExactAttentionKernelTest.agrees(scaled(f[0], f[1], f[2]), Layout.DENSE, true);
    }
  }

  @Test
  void equalLogitsGiveTheMean() {
    AttentionInputs inputs = scaled(0, 1, 1);
    ExactAttentionKernelTest.agrees(inputs, Layout.DENSE, true);
    HeadTensor output = attend(scaled(0, 1, 0));
    for (float element : output.floats()) {
      assertEquals(0, Float.floatToRawIntBits(element));
    }
  }

  @Test
  void overflowingLogitsAreRefused() {
    assertThrows(ArithmeticException.class, () -> attend(scaled(1e25, 1e25, 1)));
    assertThrows(ArithmeticException.class, () -> attend(scaled(3e38, 3e38, 1)));
  }

  /** A single logit that overflows downwards has weight 0 but is not what was asked for. */
  @Test
  void oneLogitThatOverflowsDownwardsIsRefused() {
    float[] queries = new float[ROWS];
    float[] keys = new float[ROWS];
    queries[ROWS - 1] = 1e20f;
    keys[ROWS / 2] = -1e20f;
    AttentionInputs inputs =
        AttentionInputs.causal(
            HeadTensor.of(queries, 1, ROWS, 1),
            HeadTensor.of(keys, 1, ROWS, 1),
            HeadTensor.of(new float[ROWS], 1, ROWS, 1));
    ArithmeticException thrown = assertThrows(ArithmeticException.class, () -> attend(inputs));
    assertTrue(thrown.getMessage().contains("query row " + (ROWS - 1)), thrown.getMessage());
  }

  @Test
  void overflowOfAHiddenKeyDoesNotShow() {
    float[] queries = new float[ROWS];
    float[] keys = new float[ROWS];
    queries[3] = 1e20f;
    keys[4] = 1e20f;
    HeadTensor zeros = HeadTensor.of(new float[ROWS], 1, ROWS, 1);
    HeadTensor q = HeadTensor.of(queries, 1, ROWS, 1);
    HeadTensor k = HeadTensor.of(keys, 1, ROWS, 1);
    HeadTensor output = attend(AttentionInputs.causal(q, k, zeros));
    assertEquals(0f, output.floats()[3]);
    AttentionInputs open = new AttentionInputs(q, k, zeros, 1, AttentionMask.NONE);
    assertThrows(ArithmeticException.class, () -> attend(open));
  }

  @Test
  void sumsOfValuesThatOverflowAreRefused() {
    assertThrows(ArithmeticException.class, () -> attend(scaled(0, 0, 3.3e38)));
    double[] doubles = new double[ROWS];
    doubles[1] = 1e300;
    HeadTensor zeros = HeadTensor.of(new double[ROWS], 1, ROWS, 1);
    AttentionInputs inputs =
        AttentionInputs.causal(zeros, zeros, HeadTensor.of(doubles, 1, ROWS, 1));
    assertThrows(ArithmeticException.class, () -> attend(inputs));
  }
}
