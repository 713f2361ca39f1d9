package io.github.convbasis.matrix;

/** How the weights of one tile of a head's lower triangle are obtained. */
public enum TileKind {
  /** Every logit from its query and key. */
  EXACT,
  /** Logits {@code w(i - j) + g(i) + c(j)} from a kernel, with optional row and column offsets. */
  CONVOLUTION,
  /**
   * Logits {@code g(i) + c(j)}: a convolution with constant kernel, whose weights are a matrix of
   * rank one. The offsets follow from the mean query of the rows and the mean key of the columns.
   */
  RANK_ONE,
  /** Weights taken for zero. */
  NEGLIGIBLE
}
