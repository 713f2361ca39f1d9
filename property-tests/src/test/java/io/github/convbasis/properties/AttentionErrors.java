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

  /**
   * The unit of rounding of one head: a logit error η of kind SUM moves weights by about 2η in
   * total, and the weighted sum of up to n values rounds as a sum of that many; both times ‖V‖∞.
   */
  static double unit(double unitRoundoff, AttentionInputs inputs, int head) {
    int d = inputs.queries().width();
    double products = 0;
    for (int c = 0; c < d; c++) {
      products +=
          columnSup(inputs.queries(), head, c) * columnSup(inputs.keys(), keyHead(inputs, head), c);
    }
    double logitError = Tolerances.sum(unitRoundoff, d + 2, Math.abs(inputs.scale()) * products);
    double valueSup = inputs.values().maxAbs(keyHead(inputs, head));
    return 2 * logitError * valueSup + Tolerances.sum(unitRoundoff, inputs.keys().rows(), valueSup);
  }

  private static int keyHead(AttentionInputs inputs, int head) {
    return inputs.keyHead(head);
  }

  private static double columnSup(HeadTensor tensor, int head, int column) {
    double sup = 0;
    for (int row = 0; row < tensor.rows(); row++) {
      sup = Math.max(sup, Math.abs(tensor.get(head, row, column)));
    }
    return sup;
  }

  /** Storing as float rounds once more. */
  static double storing(HeadTensor output, double valueSup) {
    return output.isSinglePrecision() ? Tolerances.ulps(Tolerances.FLOAT, valueSup) : 0;
  }
}
