package io.github.convbasis.backend;

import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;

/**
 * Attention of one head from modelled logits, chunk by chunk, as the rows of a prompt arrive: what
 * {@link Backend#attendSegments} computes at once, without doing earlier rows again.
 *
 * <p>Mutable: one thread at a time.
 */
public interface SegmentPrefill {
  /**
   * Returns the rows of a block. Chunks that end at multiples of it give bit-identical rows however
   * many there are; a chunk that ends inside a block differs in rounding in that block's rows only.
   *
   * @return at least 1
   */
  int grid();

  /**
   * Returns how many rows are done.
   *
   * @return rows since the beginning
   */
  int rows();

  /**
   * Computes the rows after those that are done.
   *
   * @param inputs the chunk's queries, all keys and values so far; a causal chunk, or a whole
   *     causal sequence if nothing is done yet
   * @param head query head
   * @param logits H of all rows so far; segments and their kernels as in earlier calls, longer
   * @param guardTolerance relative error from which a row is untrusted, see {@link
   *     Backend#attendSegments}
   * @param output receives the chunk's rows of that head; untrusted rows hold unspecified finite
   *     numbers
   * @param untrusted receives true for untrusted rows of the chunk, false for the others
   * @param parallelism how many tasks may work
   * @return the share of the chunk's part of the lower triangle, from 0 to 1, whose logits were
   *     computed from queries and keys instead of taken from H
   */
  double advance(
      AttentionInputs inputs,
      int head,
      SegmentedToeplitz logits,
      double guardTolerance,
      HeadTensor output,
      boolean[] untrusted,
      Parallelism parallelism);

  /** Forgets all rows, to begin another sequence. */
  void restart();
}
