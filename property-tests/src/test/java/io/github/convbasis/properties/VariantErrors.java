package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.variants.VariantInputs;

/** Variants by definition, on dense arrays, and the rounding error that is allowed. */
final class VariantErrors {
  private VariantErrors() {}

  private static AttentionInputs unmasked(VariantInputs inputs) {
    return new AttentionInputs(
        inputs.queries(), inputs.keys(), inputs.values(), inputs.scale(), AttentionMask.NONE);
  }

  /** The output in dense C order: softmax over the keys that are seen. */
  static double[] reference(VariantSample sample, VariantInputs inputs) {
    AttentionInputs unmasked = unmasked(inputs);
    boolean[][] seen = sample.seen();
    int width = sample.width();
    double[] output = new double[sample.heads().queries * sample.rows() * width];
    for (int head = 0; head < sample.heads().queries; head++) {
      double[][] values = AttentionErrors.values(unmasked, head);
      for (int row = 0; row < sample.rows(); row++) {
        double[] logits = AttentionErrors.logits(unmasked, head, row);
        double[] result = attend(sample, head, row, logits, seen[row], values);
        System.arraycopy(result, 0, output, (head * sample.rows() + row) * width, width);
      }
    }
    return output;
  }

  private static double[] attend(
      VariantSample sample, int head, int row, double[] logits, boolean[] seen, double[][] values) {
    double[] visible = new double[logits.length];
    double[][] rows = new double[logits.length][];
    int count = 0;
    for (int key = 0; key < logits.length; key++) {
      if (seen[key]) {
        visible[count] = logits[key] + sample.biasAt(head, row - key);
        rows[count++] = values[key];
      }
    }
    return Reference.attend(visible, count, rows);
  }

  /** For each query row the greatest |V| among the keys it sees. */
  static double[] visibleSups(VariantSample sample, VariantInputs inputs, int head) {
    double[][] values = AttentionErrors.values(unmasked(inputs), head);
    boolean[][] seen = sample.seen();
    double[] sups = new double[sample.rows()];
    for (int row = 0; row < sups.length; row++) {
      for (int key = 0; key < values.length; key++) {
        sups[row] = Math.max(sups[row], seen[row][key] ? Reference.normSup(values[key]) : 0);
      }
    }
    return sups;
  }

  /** Requires exact attention by definition, and nothing written beside it. */
  static void requireDenseSoftmax(VariantSample sample, HeadTensor output, double unitRoundoff) {
    VariantInputs inputs = sample.inputs();
    double[] expected = reference(sample, inputs);
    for (int head = 0; head < output.heads(); head++) {
      double unit = unit(unitRoundoff, sample, inputs, head);
      double[] sups = visibleSups(sample, inputs, head);
      for (int row = 0; row < output.rows(); row++) {
        for (int c = 0; c < output.width(); c++) {
          double error =
              output.get(head, row, c)
                  - expected[(head * output.rows() + row) * output.width() + c];
          Tolerances.VARIANT_ATTENTION.require(error, unit * sups[row], "row " + row);
        }
      }
    }
    assertEquals(0, Layout.writtenGaps(output), "elements written outside the output");
  }

  /**
   * The unit of rounding of one head where values are at most 1: that of attention, and a few
   * roundings of bias and logit with bias in the precision of the backend, which move weights by
   * twice as much in total.
   */
  static double unit(double unitRoundoff, VariantSample sample, VariantInputs inputs, int head) {
    double greatest = 0;
    for (int lag = 1 - sample.keyRows(); lag < sample.rows(); lag++) {
      greatest = Math.max(greatest, Math.abs(sample.biasAt(head, lag)));
    }
    return AttentionErrors.unit(unitRoundoff, unmasked(inputs), head)
        + 2 * Tolerances.ulps(unitRoundoff, greatest);
  }
}
