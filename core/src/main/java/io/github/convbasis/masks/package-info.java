/**
 * Products with a masked low-rank matrix, {@code (W∘U₁U₂ᵀ)V}, and low-rank attention {@code
 * D⁻¹(W∘U₁U₂ᵀ)V}, without the n × n matrix.
 *
 * <p>Main type: {@link io.github.convbasis.masks.LowRankMask}, with one class for each kind of mask
 * that the paper gives an algorithm for. Everything is computed in double.
 */
package io.github.convbasis.masks;
