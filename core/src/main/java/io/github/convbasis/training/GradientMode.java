package io.github.convbasis.training;

/** What is differentiated, and how. */
public enum GradientMode {
  /** {@link #EXACT} or {@link #OPERATOR}, whichever {@link GradientCosts} predicts to cost less. */
  AUTO,
  /** Exact attention, O(n²·d). */
  EXACT,
  /**
   * The gradient of exact attention with modelled weights in the place of the exact ones (the
   * paper's backward pass): with {@code f = D⁻¹(M∘exp(H̃))} and {@code p = f∘(G·Vᵀ - dots)}, {@code
   * dQ = scale·p·K, dK = scale·pᵀ·Q, dV = fᵀG}. Every key has a gradient, as far off as H̃ is;
   * O(terms·n·d²·log n).
   */
  OPERATOR,
  /**
   * The gradient of the modelled forward pass itself, which reads queries, and the keys that
   * kernels are sampled at: other keys have none but from exact entries. O(terms·n·d·log n).
   */
  SEGMENT
}
