package io.github.convbasis.plan;

/**
 * What {@link PlannedAttention} did with one head and what it delivered. Immutable and thread-safe.
 *
 * @param head query head
 * @param plan what was run in the end
 * @param outcome how it came to that
 * @param certificate the output judged on rows that were not used in planning; null if everything
 *     was computed exactly
 * @param exactShare share of the lower triangle, from 0 to 1, whose logits were computed one by one
 *     from queries and keys
 * @param exactRows rows that were recomputed exactly, because rounding could show in them or a
 *     rank-one tile held too much of them
 * @param planningNanos time spent on plans that were chosen or dropped
 * @param runNanos time spent on the output
 * @param certificateNanos time spent on judging
 */
public record HeadReport(
    int head,
    AttentionPlan plan,
    Outcome outcome,
    Certificate certificate,
    double exactShare,
    int exactRows,
    long planningNanos,
    long runNanos,
    long certificateNanos) {

  /** How the plan that was run was arrived at. */
  public enum Outcome {
    /** A plan given by the caller held. */
    REUSED,
    /** The first plan held. */
    PLANNED,
    /** The first plan did not hold, the second did. */
    REFINED,
    /** The planner chose exact attention at once. */
    EXACT,
    /** No plan held, so everything was computed exactly. */
    FALLEN_BACK
  }
}
