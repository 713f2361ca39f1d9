package io.github.convbasis.backend;

import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;

/**
 * The operations worth vectorising. Coarse on purpose: an implementation is free in precision,
 * layout, blocking and order of summation inside each.
 *
 * <p>Arguments are checked by the callers in this module; implementations only assert them.
 * Implementations are immutable and thread-safe.
 */
public interface Backend {
  /**
   * Returns the word that chooses this backend.
   *
   * @return such as {@code scalar}
   */
  String name();

  /**
   * Describes precision and lanes for a person.
   *
   * @return one line
   */
  String description();

  /**
   * Returns the bound on untrusted rows that suits this backend's precision: see {@link
   * #attendSegments}.
   *
   * @return a relative error, greater than 0
   */
  double defaultGuardTolerance();

  /**
   * Computes part of one column of logits, {@code scale·⟨queries_i, keys_key⟩} for rows i from
   * {@code fromRow} to {@code toRow - 1}.
   *
   * @param inputs queries, keys and scale
   * @param head query head
   * @param key key row, the column
   * @param fromRow first query row
   * @param toRow end of the query rows, exclusive
   * @param target receives {@code toRow - fromRow} logits from its start
   */
  void logitColumn(
      AttentionInputs inputs, int head, int key, int fromRow, int toRow, double[] target);

  /**
   * Computes whole columns of causal logits, each from the diagonal down: what {@link #logitColumn}
   * gives, up to rounding of the precision the inputs are stored in.
   *
   * @param inputs causal queries and keys, and the scale
   * @param head query head
   * @param keys key rows, the columns, increasing
   * @param targets for each key receives its {@code n - key} logits from its start
   */
  default void logitColumns(AttentionInputs inputs, int head, int[] keys, double[][] targets) {
    for (int r = 0; r < keys.length; r++) {
      logitColumn(inputs, head, keys[r], keys[r], inputs.rows(), targets[r]);
    }
  }

  /**
   * Computes rows of exact attention, {@code softmax(logits of row i)·values}.
   *
   * <p>A row's result does not depend on which other rows are asked for in the same call.
   *
   * @param inputs what to attend with
   * @param head query head
   * @param fromRow first row
   * @param toRow end of the rows, exclusive
   * @param output receives those rows of that head
   * @throws ArithmeticException if a logit overflows
   */
  void attend(AttentionInputs inputs, int head, int fromRow, int toRow, HeadTensor output);

  /**
   * Computes scattered rows of exact attention, as {@link #attend} does neighbouring ones.
   *
   * @param inputs what to attend with
   * @param head query head
   * @param rows row numbers, increasing
   * @param from first index into {@code rows}
   * @param to end of the indices, exclusive
   * @param output receives those rows of that head
   * @throws ArithmeticException if a logit overflows
   */
  void attendRows(
      AttentionInputs inputs, int head, int[] rows, int from, int to, HeadTensor output);

  /**
   * Computes causal attention of one head from modelled logits: {@code Y = D⁻¹·(M∘exp(H))·V} for a
   * segmented H whose first segment starts at column 0, without the n × n matrix.
   *
   * <p>Rounding of transforms is absolute, so a row with a small normaliser D may drown in it. With
   * noise the bound on a row's rounding error in {@code (M∘exp(H))·V}, a row is untrusted unless
   * {@code noise ≤ guardTolerance·D·(greatest |V| among the keys the row sees)} and D is a normal
   * number. So a great value far ahead cannot spoil a row unseen.
   *
   * @param inputs gives the values; queries and keys are for exact parts an implementation may add
   * @param head query head
   * @param logits H
   * @param guardTolerance relative error from which a row is untrusted
   * @param output receives all rows of that head; untrusted rows hold unspecified finite numbers
   * @param untrusted receives true for untrusted rows, false for the others
   * @param parallelism how many tasks may work
   * @return the share of the lower triangle, from 0 to 1, whose logits were computed from queries
   *     and keys instead of taken from H
   */
  double attendSegments(
      AttentionInputs inputs,
      int head,
      SegmentedToeplitz logits,
      double guardTolerance,
      HeadTensor output,
      boolean[] untrusted,
      Parallelism parallelism);
}
