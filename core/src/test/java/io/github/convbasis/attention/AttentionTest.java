package io.github.convbasis.attention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Attention small enough to work out by hand. */
class AttentionTest {
  private static final Backend BACKEND = Backends.scalar();

  /** Weights are sums and quotients of a few exponentials. */
  private static final double ROUNDING = 1e-15;

  private static HeadTensor column(double... elements) {
    return HeadTensor.of(elements, 1, elements.length, 1);
  }

  private static double[] exact(AttentionInputs inputs) {
    double[] output = new double[inputs.rows() * inputs.values().width()];
    new ExactAttention(BACKEND)
        .forward(
            inputs,
            HeadTensor.of(output, 1, inputs.rows(), inputs.values().width()),
            Parallelism.sequential());
    return output;
  }

  @Test
  void twoRowsByHand() {
    AttentionInputs inputs =
        new AttentionInputs(
            column(1, 2), column(0, 1), column(10, 20), Math.log(2) / 2, AttentionMask.CAUSAL);
    // Row 1: logits 0 and ln 2, weights 1/3 and 2/3.
    double[] output = exact(inputs);
    assertEquals(10, output[0], 10 * ROUNDING);
    assertEquals(50.0 / 3, output[1], 20 * ROUNDING);
  }

  @Test
  void withoutAMaskTheFirstRowSeesAll() {
    AttentionInputs inputs =
        new AttentionInputs(column(0, 0, 0), column(1, 2), column(10, 20), 1, AttentionMask.NONE);
    assertEquals(15, exact(inputs)[0], 15 * ROUNDING);
  }

  @Test
  void logitsThatOverflowAreRefusedByPosition() {
    AttentionInputs inputs =
        AttentionInputs.causal(column(1, 1e200), column(1, 1e200), column(1, 1));
    String message = assertThrows(ArithmeticException.class, () -> exact(inputs)).getMessage();
    assertEquals("logit of head 0, query row 1 and key row 1 overflows to Infinity", message);
  }

  @Test
  void conditionsOnInputsNameBothValues() {
    assertRefused(
        "keys must have 2 rows like queries under a causal mask, was 3",
        () -> AttentionInputs.causal(column(1, 2), column(1, 2, 3), column(1, 2, 3)));
    assertRefused(
        "values must have 2 rows like keys, was 1",
        () -> AttentionInputs.causal(column(1, 2), column(1, 2), column(1)));
    assertRefused(
        "keys must be finite, was NaN at head 0, row 1, column 0",
        () -> AttentionInputs.causal(column(1, 2), column(1, Double.NaN), column(1, 2)));
    assertRefused(
        "mask must be CAUSAL, was NONE",
        () ->
            ConvAttention.of(BACKEND, ConvBasisRecovery.ofTerms(1))
                .forward(
                    new AttentionInputs(column(1), column(1), column(1), 1, AttentionMask.NONE),
                    column(0),
                    Parallelism.sequential()));
    AttentionInputs inputs = AttentionInputs.causal(column(1, 2), column(1, 2), column(1, 2));
    assertRefused(
        "output must be 1 × 2 × 1, was 1 × 3 × 1",
        () ->
            new ExactAttention(BACKEND).forward(inputs, column(0, 0, 0), Parallelism.sequential()));
    assertRefused(
        "output must have disjoint rows, was overlapping",
        () ->
            new ExactAttention(BACKEND)
                .forward(
                    inputs,
                    HeadTensor.of(new double[2], 0, 1, 0, 2, 0, 1),
                    Parallelism.sequential()));
  }

  private static void assertRefused(String message, Runnable call) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call::run).getMessage());
  }

  @Test
  void rowsFarBelowThePeakAreRecomputedExactlyAndCounted() {
    // The second key outweighs the first by e^900: row 0 vanishes beside it in any common scale.
    AttentionInputs inputs =
        new AttentionInputs(
            column(1, 1, 1), column(0, 900, 900), column(1, 2, 3), 1, AttentionMask.CAUSAL);
    double[] output = new double[3];
    ConvAttention.HeadResult result =
        ConvAttention.of(BACKEND, ConvBasisRecovery.ofTerms(3))
            .forward(inputs, HeadTensor.of(output, 1, 3, 1), Parallelism.sequential())
            .get(0);
    assertEquals(1, result.exactRows());
    assertEquals(1, output[0]);
    assertEquals(2.5, output[2], 1e-9);
  }

  @Test
  void boundsOfSmallAndGreatErrors() {
    assertEquals(0, ErrorBounds.paper(0, 5));
    assertEquals(0, ErrorBounds.tight(0, 5));
    assertTrue(ErrorBounds.tight(100, 1) <= 2, "weights move by at most 2 in total");
    assertEquals(2 * (Math.E - 1), ErrorBounds.paper(0.5, 1), 1e-15);
  }

  @Test
  void anEstimateOverAllRowsIsTheError() {
    AttentionInputs inputs = AttentionInputs.causal(column(1, 2), column(1, 2), column(3, 3));
    ErrorEstimate estimate = ErrorEstimate.measure(inputs, 0, column(3, 4), 2, 7);
    assertEquals(1 / Math.sqrt(18), estimate.relativeError(), ROUNDING);
    assertEquals(1, estimate.worstRow());
    assertEquals(2, estimate.sampledRows());
    assertEquals("all 2 rows recomputed exactly", estimate.provenance());
  }

  /** Every row of conv-basis attention with n terms, and how far it is from exact attention. */
  private static double worstError(double[] values, double scale, int rows) {
    int n = values.length;
    SplittableRandom random = new SplittableRandom(5);
    double[] queries = random.doubles(n, -5, 5).toArray();
    double[] keys = random.doubles(n, -5, 5).toArray();
    AttentionInputs inputs =
        new AttentionInputs(
            column(queries), column(keys), column(values), scale, AttentionMask.CAUSAL);
    double[] output = new double[n];
    ConvAttention.of(BACKEND, ConvBasisRecovery.ofTerms(n))
        .forward(inputs, column(output), Parallelism.sequential());
    double[] expected = exact(inputs);
    double visible = 0;
    double worst = 0;
    for (int row = 0; row < rows; row++) {
      visible = Math.max(visible, Math.abs(values[row]));
      worst = Math.max(worst, Math.abs(output[row] - expected[row]) / visible);
    }
    return worst;
  }

  @Test
  void theGuardHoldsForValuesWhoseSquaresVanishOrOverflow() {
    int n = 256;
    for (double size : new double[] {1e-170, 1e-300, 1, 1e160, 1e300}) {
      double[] values = new SplittableRandom(6).doubles(n, -size, size).toArray();
      double worst = worstError(values, 1.5, n);
      assertTrue(worst <= BACKEND.defaultGuardTolerance(), size + ": " + worst);
    }
  }

  @Test
  void aGreatValueAheadSpoilsNoEarlierRow() {
    int n = 256;
    for (double ahead : new double[] {1, 1e6, 1e12, 1e15, 1e200}) {
      double[] values = new SplittableRandom(6).doubles(n, -1, 1).toArray();
      values[n - 1] = ahead;
      double worst = worstError(values, 0.3, n - 1);
      assertTrue(worst <= BACKEND.defaultGuardTolerance(), ahead + ": " + worst);
    }
  }
}
