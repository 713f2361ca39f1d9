package io.github.convbasis.properties;

import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;

/** Attention by definition, and the rounding error that any implementation may make. */
final class AttentionErrors {
  private AttentionErrors() {}

  /** Logits of one row and one head, with compensated sums. */
  static double[] logits(AttentionInputs inputs, int head, int row) {
    double[] query = new double[inputs.queries().width()];
    double[] key = new double[query.length];
    inputs.queries().copyRow(head, row, query);
    double[] logits = new double[inputs.keys().rows()];
    for (int j = 0; j < logits.length; j++) {
      inputs.keys().copyRow(inputs.keyHead(head), j, key);
      logits[j] = inputs.scale() * Reference.dot(query, key);
    }
    return logits;
  }

  /** Values of a head as rows. */
  static double[][] values(AttentionInputs inputs, int head) {
    HeadTensor values = inputs.values();
    double[][] rows = new double[values.rows()][values.width()];
    for (int row = 0; row < rows.length; row++) {
      values.copyRow(inputs.keyHead(head), row, rows[row]);
    }
    return rows;
  }

  /** The output in dense C order. */
  static double[] reference(AttentionInputs inputs) {
    int heads = inputs.queries().heads();
    int width = inputs.values().width();
    double[] output = new double[heads * inputs.rows() * width];
    for (int head = 0; head < heads; head++) {
      double[][] values = values(inputs, head);
      for (int row = 0; row < inputs.rows(); row++) {
        double[] result =
            Reference.attend(logits(inputs, head, row), inputs.visibleKeys(row), values);
        System.arraycopy(result, 0, output, (head * inputs.rows() + row) * width, width);
      }
    }
    return output;
  }

  /** For each query row the greatest |V| among the keys it sees: its output is a mean of those. */
  static double[] visibleSups(AttentionInputs inputs, int head) {
    double[][] values = values(inputs, head);
    double[] sups = new double[inputs.rows()];
    double sup = 0;
    int seen = 0;
    for (int row = 0; row < sups.length; row++) {
      for (; seen < inputs.visibleKeys(row); seen++) {
        sup = Math.max(sup, Reference.normSup(values[seen]));
      }
      sups[row] = sup;
    }
    return sups;
  }

  /**
   * The unit of rounding of one head where values are at most 1: a logit error η of kind SUM moves
   * weights by about 2η in total, and the weighted sum of up to n values rounds as a sum of that
   * many.
   */
  static double unit(double unitRoundoff, AttentionInputs inputs, int head) {
    int d = inputs.queries().width();
    int keyHead = inputs.keyHead(head);
    double products = 0;
    for (int c = 0; c < d; c++) {
      products += columnSup(inputs.queries(), head, c) * columnSup(inputs.keys(), keyHead, c);
    }
    double logitError = Tolerances.sum(unitRoundoff, d + 2, Math.abs(inputs.scale()) * products);
    return 2 * logitError + Tolerances.sum(unitRoundoff, inputs.keys().rows(), 1);
  }

  private static double columnSup(HeadTensor tensor, int head, int column) {
    double sup = 0;
    for (int row = 0; row < tensor.rows(); row++) {
      sup = Math.max(sup, Math.abs(tensor.get(head, row, column)));
    }
    return sup;
  }
}
