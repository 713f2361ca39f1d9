package io.github.convbasis.plan;

/** How the kernels of a plan's convolutions are obtained from queries and keys. */
public enum KernelFit {
  /** A segment's kernel is its first column, as in the paper's Recover. */
  SAMPLED_COLUMN,
  /**
   * A segment's kernel is the mean of several of its columns along diagonals: noise of single keys
   * averages out.
   */
  DIAGONAL_MEANS,
  /**
   * One kernel with row and column offsets, {@code w(i - j) + g(i) + c(j)}, by alternating weighted
   * means over sampled rows.
   */
  OFFSETS
}
