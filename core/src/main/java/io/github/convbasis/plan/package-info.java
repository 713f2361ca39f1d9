/**
 * Attention of any input at a tolerance: plans what to compute exactly, what to model and what to
 * leave out, and measures what that delivered.
 *
 * <p>Main types: {@link io.github.convbasis.plan.PlannedAttention} runs; {@link
 * io.github.convbasis.plan.Planner} chooses an {@link io.github.convbasis.plan.AttentionPlan} for
 * each head from sampled rows; {@link io.github.convbasis.plan.Certificate} judges the output by
 * rows that were not used in planning; {@link io.github.convbasis.plan.HeadReport} says all of it.
 * Plain conv-basis attention (Liang et al. 2025) is one of the plans.
 */
package io.github.convbasis.plan;
