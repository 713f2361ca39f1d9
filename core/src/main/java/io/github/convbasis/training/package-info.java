/**
 * Gradients of attention without the n × n matrix.
 *
 * <p>Main types: {@link io.github.convbasis.training.AttentionGradient} (exact attention under any
 * mask), {@link io.github.convbasis.training.ConvGradient} (conv-basis attention, in the modes of
 * {@link io.github.convbasis.training.GradientMode}), {@link
 * io.github.convbasis.training.GradientCosts} (which of them costs less) and {@link
 * io.github.convbasis.training.AttentionRegression} (the paper's training objective).
 */
package io.github.convbasis.training;
