/**
 * Causal attention, exact and from a recovered basis, with its error.
 *
 * <p>Main types: {@link io.github.convbasis.attention.ConvAttention} (the paper's conv-basis
 * attention, {@code D⁻¹·Σ_r conv(exp(u_r), m_r)·V}), {@link
 * io.github.convbasis.attention.ExactAttention}, {@link io.github.convbasis.attention.ErrorBounds}
 * and {@link io.github.convbasis.attention.ErrorEstimate}.
 */
package io.github.convbasis.attention;
