package io.github.convbasis.backend;

import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;
import io.github.convbasis.matrix.TiledLogits;

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
   * Returns the element loops of decomposition, prefix comparison and fits.
   *
   * @return always the same object or an equal one
   */
  DecompositionLoops decompositionLoops();

  /**
   * Makes scratch for this backend's operations.
   *
   * @return an empty workspace
   */
  Workspace newWorkspace();

  /**
   * Computes part of one column of logits, {@code scale·⟨queries_i, keys_key⟩} for the rows at
   * positions {@code fromRow} to {@code toRow - 1}.
   *
   * @param inputs queries, keys and scale
   * @param head query head
   * @param key key row, the column
   * @param fromRow position of the first query row, see {@link AttentionInputs#firstPosition}
   * @param toRow end of the positions, exclusive
   * @param target receives {@code toRow - fromRow} logits from its start
   */
  void logitColumn(
      AttentionInputs inputs, int head, int key, int fromRow, int toRow, double[] target);

  /**
   * Computes parts of columns of causal logits, below the diagonal: what {@link #logitColumn}
   * gives, up to rounding of the precision the inputs are stored in. An entry does not depend on
   * the rows that are asked for with it.
   *
   * @param inputs causal queries and keys, and the scale
   * @param head query head
   * @param keys key rows, the columns, increasing
   * @param fromRow position of the first query row
   * @param toRow end of the positions, exclusive
   * @param targets for each key receives the logit of row i, for i from {@code max(key, fromRow)}
   *     to {@code toRow - 1}, at {@code i - key}
   * @param workspace from this backend
   * @return the greatest size of a logit, 0 if there is none; not finite if one of them is not, or
   *     if its inner product leaves the precision of the inputs before it is scaled
   */
  default double logitColumns(
      AttentionInputs inputs,
      int head,
      int[] keys,
      int fromRow,
      int toRow,
      double[][] targets,
      Workspace workspace) {
    double greatest = 0;
    double[] column = new double[toRow - fromRow];
    for (int r = 0; r < keys.length && keys[r] < toRow; r++) {
      int first = Math.max(keys[r], fromRow);
      logitColumn(inputs, head, keys[r], first, toRow, column);
      System.arraycopy(column, 0, targets[r], first - keys[r], toRow - first);
      for (int i = 0; i < toRow - first; i++) {
        // Unlike a comparison, this lets NaN through.
        greatest = Math.max(greatest, Math.abs(column[i]));
      }
    }
    return greatest;
  }

  /**
   * Computes rows of exact attention, {@code softmax(logits of row i)·values}, of all query heads
   * that read one key head.
   *
   * <p>A row's result does not depend on which other rows and heads are asked for in the same call.
   *
   * @param inputs what to attend with
   * @param keyHead key head
   * @param fromRow first query row
   * @param toRow end of the query rows, exclusive
   * @param output receives those rows of those heads
   * @param workspace from this backend
   * @throws ArithmeticException if a logit overflows
   */
  void attendGroup(
      AttentionInputs inputs,
      int keyHead,
      int fromRow,
      int toRow,
      HeadTensor output,
      Workspace workspace);

  /**
   * Computes scattered rows of exact attention of one head, as {@link #attendGroup} does
   * neighbouring ones.
   *
   * @param inputs what to attend with
   * @param head query head
   * @param rows query rows, increasing
   * @param from first index into {@code rows}
   * @param to end of the indices, exclusive
   * @param output receives those rows of that head
   * @param workspace from this backend
   * @throws ArithmeticException if a logit overflows
   */
  void attendRows(
      AttentionInputs inputs,
      int head,
      int[] rows,
      int from,
      int to,
      HeadTensor output,
      Workspace workspace);

  /**
   * Computes causal attention of one head from modelled logits: {@code Y = D⁻¹·(M∘exp(H))·V} for a
   * segmented H whose first segment starts at column 0, without the n × n matrix.
   *
   * <p>Rounding of transforms is absolute, so a row with a small normaliser D may drown in it. With
   * noise the bound on a row's rounding error in {@code (M∘exp(H))·V}, a row is trusted only if
   * {@code noise ≤ guardTolerance·D·(greatest |V| among the keys the row sees)} and D is a normal
   * number. So a great value far ahead cannot spoil a row unseen.
   *
   * @param inputs gives the values; queries and keys are for exact parts an implementation may add
   * @param head query head
   * @param logits H
   * @param guardTolerance relative error from which a row is untrusted
   * @param output receives all rows of that head; untrusted rows hold unspecified finite numbers
   * @param untrusted receives true for untrusted rows, false for the others
   * @param workspace from this backend
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
      Workspace workspace,
      Parallelism parallelism);

  /**
   * Sums weights, and averages values and keys under them, over tiles of keys.
   *
   * @param inputs keys, values and scale
   * @param keyHead key head
   * @param sums gives queries, visible columns and tiles; receives logarithms of sums, and means
   *     where it has room for them
   * @param workspace from this backend
   * @param parallelism how many tasks may work
   * @throws ArithmeticException if a logit overflows
   */
  void tileSums(
      AttentionInputs inputs,
      int keyHead,
      TileSums sums,
      Workspace workspace,
      Parallelism parallelism);

  /**
   * Computes causal attention of one head from logits modelled tile by tile: {@code Y =
   * D⁻¹·exp(H̃)·V}, where negligible tiles have weight 0. What a model calls a convolution an
   * implementation may compute exactly instead, near the diagonal or wherever that is cheaper.
   *
   * <p>Rows are judged as in {@link #attendSegments}; and a row is untrusted if a rank-one tile
   * holds more than {@link TiledLogits#mostRankOneShare} of its modelled weights.
   *
   * @param inputs what to attend with
   * @param head query head
   * @param logits H̃
   * @param guardTolerance relative error from which a row is untrusted
   * @param output receives all rows of that head; untrusted rows hold unspecified finite numbers
   * @param untrusted receives true for untrusted rows, false for the others
   * @param workspace from this backend
   * @param parallelism how many tasks may work
   * @return the share of the lower triangle, from 0 to 1, whose logits were computed one by one
   *     from queries and keys
   * @throws ArithmeticException if an exact logit overflows
   */
  double attendTiles(
      AttentionInputs inputs,
      int head,
      TiledLogits logits,
      double guardTolerance,
      HeadTensor output,
      boolean[] untrusted,
      Workspace workspace,
      Parallelism parallelism);

  /**
   * Returns what the operations cost.
   *
   * @return always the same numbers
   */
  AttentionCosts costs();

  /**
   * Estimates the cost of {@link #attendSegments}.
   *
   * @param n rows
   * @param depth columns of queries and keys
   * @param width columns of values
   * @param terms segments
   * @return in the units of {@link AttentionCosts}, pairs of exact attention
   */
  double segmentCost(int n, int depth, int width, int terms);

  /**
   * Plans attention from modelled logits chunk by chunk.
   *
   * @param capacity the most rows there will be, at least 1
   * @param depth columns of queries and keys
   * @param width columns of values
   * @param terms the most segments
   * @return the state before the first row
   */
  SegmentPrefill prefill(int capacity, int depth, int width, int terms);

  /**
   * Plans causal convolution of every column with the same kernel.
   *
   * @param kernel n finite entries by lag
   * @return the plan
   */
  ConvolutionPlan sharedConvolution(double[] kernel);

  /**
   * Plans causal convolution of every column with a kernel of its own.
   *
   * @param kernels for each column n finite entries by lag
   * @return the plan, for inputs of as many columns
   */
  ConvolutionPlan depthwiseConvolution(double[][] kernels);

  /**
   * Plans the product with a matrix that is Toeplitz on blocks of columns.
   *
   * @param matrix the matrix
   * @return the plan
   */
  SegmentPlan segmentConvolution(SegmentedToeplitz matrix);

  /**
   * Prepares the products of rows with a dense matrix.
   *
   * @param weights outputs × inputs, row-major and finite; not kept
   * @param outputs elements of a result, at least 1
   * @param inputs elements of an argument, at least 1
   * @return the operator
   */
  LinearOperator linearOperator(float[] weights, int outputs, int inputs);

  /**
   * Multiplies by the logistic unit of a gate, {@code product_i ← product_i·g_i/(1 + e^-g_i)}: the
   * gated activation of a feed-forward layer.
   *
   * @param gate g
   * @param product changed
   * @param count how many elements from the start
   */
  void multiplyBySilu(float[] gate, float[] product, int count);

  /**
   * Computes rows of exact attention as the other form does, and the logarithms of their row sums,
   * {@code log Σ_j exp(logit of row i, key j)} over visible keys.
   *
   * @param inputs what to attend with
   * @param keyHead key head
   * @param fromRow first query row
   * @param toRow end of the query rows, exclusive
   * @param output receives those rows of those heads
   * @param logSums for each query head one for each row; receives those rows of those heads
   * @param workspace from this backend
   * @throws ArithmeticException if a logit overflows
   */
  void attendGroup(
      AttentionInputs inputs,
      int keyHead,
      int fromRow,
      int toRow,
      HeadTensor output,
      double[][] logSums,
      Workspace workspace);

  /**
   * Computes attention over some visible entries alone, {@code Σ_j exp(z_ij)·values_j / Σ_j
   * exp(z_ij)} with exact logits z, and the logarithms of these row sums. Work O(entries·(d + value
   * width)).
   *
   * @param inputs what to attend with
   * @param head query head
   * @param entries which entries
   * @param output receives the chosen rows of that head, zeros where a row has no entries
   * @param logSums for each query row; receives those of the chosen rows, negative infinity where a
   *     row has no entries
   * @param workspace from this backend
   * @param parallelism how many tasks may work
   * @throws ArithmeticException if a logit overflows
   */
  void attendEntries(
      AttentionInputs inputs,
      int head,
      GradientEntries entries,
      HeadTensor output,
      double[] logSums,
      Workspace workspace,
      Parallelism parallelism);

  /**
   * Computes rows of exact attention of one head under a mask and a bias by lag, {@code softmax(z
   * of row i)·values} with {@code z_ij = scale·⟨queries_i, keys_j⟩ + b(i - j)} over the keys j that
   * the row sees. Work O(seen entries·(d + value width)), and O(keys in reach) for each call.
   *
   * <p>A row's result does not depend on which other rows are asked for in the same call, nor on
   * what keys hold that it does not see.
   *
   * @param inputs queries, keys, values and scale; its mask is not looked at
   * @param head query head
   * @param seen which keys the rows see, each at least one, and the bias
   * @param rows query rows, increasing
   * @param from first index into {@code rows}
   * @param to end of the indices, exclusive
   * @param output receives those rows of that head
   * @param workspace from this backend
   * @throws ArithmeticException if a logit overflows, with bias or without
   */
  void attendSeen(
      AttentionInputs inputs,
      int head,
      SeenKeys seen,
      int[] rows,
      int from,
      int to,
      HeadTensor output,
      Workspace workspace);

  /**
   * Adds the part of one query head's gradients that comes from some visible entries with exact
   * logits z: with {@code f_ij = exp(z_ij - logSum_i)} and {@code p_ij = f_ij·(⟨upstream_i,
   * values_j⟩ - dot_i)},
   *
   * <pre>{@code
   * gradQueries_i += scale·Σ_j p_ij·keys_j
   * gradKeys_j    += scale·Σ_i p_ij·queries_i
   * gradValues_j  += Σ_i f_ij·upstream_i
   * }</pre>
   *
   * over the entries. Work O(entries·(d + value width)), without the n × n matrix.
   *
   * @param inputs queries, keys, values, scale, mask
   * @param head query head
   * @param entries which entries
   * @param logSums for each query row the logarithm of its row sum
   * @param dots for each query row {@code ⟨upstream_i, output_i⟩}
   * @param upstream query heads × query rows × value width, finite
   * @param gradQueries shaped like queries; rows of this head are changed
   * @param gradKeys shaped like keys; rows of the head's key head are changed
   * @param gradValues shaped like values; rows of the head's key head are changed
   * @param workspace from this backend
   * @param parallelism how many tasks may work
   * @throws ArithmeticException if a logit or a gradient overflows
   */
  void exactGradients(
      AttentionInputs inputs,
      int head,
      GradientEntries entries,
      double[] logSums,
      double[] dots,
      HeadTensor upstream,
      HeadTensor gradQueries,
      HeadTensor gradKeys,
      HeadTensor gradValues,
      Workspace workspace,
      Parallelism parallelism);
}
