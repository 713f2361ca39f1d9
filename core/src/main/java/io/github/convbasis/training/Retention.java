package io.github.convbasis.training;

/** What a backward pass finds of its forward pass; gradients are the same, bit for bit. */
public enum Retention {
  /** Kernels are kept: {@code Σ 8·(n - sampled column)} bytes for each head. */
  KEPT,
  /** Kernels are sampled again, O(terms·n·d); segments and row sums are kept. */
  RECOMPUTED
}
