package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.variants.ConvVariantAttention;
import io.github.convbasis.variants.ConvVariantAttention.HeadResult;
import io.github.convbasis.variants.ExactVariantAttention;
import io.github.convbasis.variants.VariantInputs;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** What variants must give on any backend where logits have few segments. */
abstract class VariantStructureContract implements BackendContract {
  private static final int WIDTH = 3;

  /** Far above the rounding of eight logits, far below what random contents differ by. */
  private static final double DELTA = 0.05;

  private ConvVariantAttention attention(VariantRotarySample sample) {
    // One more than needed, so that a term too many would show.
    ConvBasisRecovery recovery =
        ConvBasisRecovery.ofTerms(sample.mostSegments() + 1)
            .withWindow(VariantRotarySample.WINDOW)
            .withDelta(DELTA);
    return ConvVariantAttention.of(backend(), recovery).withGuardTolerance(rotaryTolerance() / 2);
  }

  @Property
  void piecewiseConstantRotaryKeysAreOneSegmentEachOnBothSides(
      @ForAll(supplier = VariantRotarySample.Any.class) VariantRotarySample sample) {
    VariantInputs inputs = sample.inputs(WIDTH);
    HeadTensor output = HeadTensor.allocate(false, 1, inputs.queries().rows(), WIDTH);
    HeadResult result = attention(sample).forward(inputs, output, Parallelism.sequential()).get(0);
    if (!sample.kind().isCross()) {
      int sides = sample.kind().causal ? 1 : result.bases() / sample.documents().length;
      assertEquals(sides * sample.shownStretches(), result.segments(), result.toString());
      assertEquals(sides * sample.documents().length, result.bases(), result.toString());
    }
    double bound = rotaryTolerance() * inputs.values().maxAbs(0);
    double[] weights = new double[inputs.keys().rows()];
    double[] expected = new double[WIDTH];
    for (int row = 0; row < output.rows(); row++) {
      ExactVariantAttention.row(inputs, 0, row, weights, expected);
      for (int c = 0; c < WIDTH; c++) {
        double error = output.get(0, row, c) - expected[c];
        Tolerances.requireBounded(error, bound, 0, "row " + row);
      }
    }
  }

  /** Else every row could be exact, and the other properties would judge nothing. */
  @Property
  void mostRowsComeFromTheBasis(
      @ForAll(supplier = VariantRotarySample.Any.class) VariantRotarySample sample) {
    VariantInputs inputs = sample.inputs(WIDTH);
    HeadTensor output = HeadTensor.allocate(false, 1, inputs.queries().rows(), WIDTH);
    ConvBasisRecovery recovery = ConvBasisRecovery.ofTerms(sample.mostSegments());
    HeadResult result =
        ConvVariantAttention.of(backend(), recovery)
            .forward(inputs, output, Parallelism.sequential())
            .get(0);
    assertTrue(4 * result.exactRows() <= output.rows(), result + " of " + output.rows());
  }
}
