package io.github.convbasis.plan;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.TiledLogits;
import java.util.Objects;

/**
 * Chooses for each head the cheapest plan that is expected to meet a tolerance.
 *
 * <p>Rows are sampled in equal strata and computed exactly, tile by tile, beside the rank-one
 * models of the same tiles; from these the error of any choice of tiles follows without running it.
 * Long heads are also searched for convolutions, judged on sampled logits. Costs are those of
 * {@link Backend#costs} and {@link Backend#segmentCost}. Sampling costs at most a given share of
 * exact attention: shorter heads are exact.
 *
 * <p>Deterministic for one backend and seed. Immutable and thread-safe.
 */
public final class Planner {
  /** Share of exact attention that planning and judging may cost unless told otherwise. */
  public static final double DEFAULT_OVERHEAD = 0.1;

  private final Backend backend;
  private final double tolerance;
  private final double mostOverhead;

  private Planner(Backend backend, double tolerance, double mostOverhead) {
    this.backend = Objects.requireNonNull(backend, "backend");
    this.tolerance = tolerance;
    this.mostOverhead = mostOverhead;
  }

  /**
   * Plans for a tolerance, spending at most a tenth of exact attention on a head that turns out to
   * need it.
   *
   * @param backend what the plans are for
   * @param tolerance relative Frobenius error of a head's output that is allowed, between 0 and 1
   * @return the planner
   * @throws IllegalArgumentException if the tolerance is out of range
   */
  public static Planner of(Backend backend, double tolerance) {
    if (!(tolerance > 0 && tolerance < 1)) {
      throw new IllegalArgumentException(
          "tolerance must be greater than 0 and less than 1, was " + tolerance);
    }
    return new Planner(backend, tolerance, DEFAULT_OVERHEAD);
  }

  /**
   * Allows another overhead: what may be spent on sampling, and on a plan that is run and then does
   * not hold. More lets shorter heads be planned, and plans be run that save less, at the risk of
   * losing as much where exact attention is what a head needs. A plan of convolutions with which
   * unseen logits agree to a quarter of the tolerance is run whatever it costs.
   *
   * @param share of exact attention, greater than 0
   * @return a changed copy
   * @throws IllegalArgumentException if it is not greater than 0
   */
  public Planner withMostOverhead(double share) {
    if (!(share > 0)) {
      throw new IllegalArgumentException("mostOverhead must be greater than 0, was " + share);
    }
    return new Planner(backend, tolerance, share);
  }

  /**
   * Returns the backend that plans are for.
   *
   * @return the backend
   */
  public Backend backend() {
    return backend;
  }

  /**
   * Returns the tolerance.
   *
   * @return relative Frobenius error of a head's output
   */
  public double tolerance() {
    return tolerance;
  }

  /**
   * Plans one head.
   *
   * @param inputs causal inputs
   * @param head query head
   * @param seed where rows are sampled
   * @param parallelism how many tasks may work
   * @return the plan
   * @throws IllegalArgumentException if the mask is not causal
   * @throws ArithmeticException if a logit overflows
   */
  public AttentionPlan plan(AttentionInputs inputs, int head, long seed, Parallelism parallelism) {
    return start(inputs, head, seed, backend.newWorkspace(), parallelism).plan();
  }

  /**
   * Computes what a plan puts in place of a head's logits, to look at it or to run it.
   *
   * @param inputs causal inputs of as many rows as the plan
   * @param head query head
   * @param plan of this or an equal planner
   * @param parallelism how many tasks may work
   * @return the modelled logits
   * @throws IllegalArgumentException if the mask is not causal or the plan has other rows
   * @throws ArithmeticException if a logit overflows
   */
  public TiledLogits model(
      AttentionInputs inputs, int head, AttentionPlan plan, Parallelism parallelism) {
    requireCausal(inputs);
    Objects.checkIndex(head, inputs.queries().heads());
    if (plan.rows() != inputs.rows()) {
      throw new IllegalArgumentException(
          "plan must have " + inputs.rows() + " rows like the inputs, had " + plan.rows());
    }
    return FittedKernels.model(backend, inputs, head, plan, backend.newWorkspace(), parallelism);
  }

  /** Starts on one head; the plan can then be refined. */
  HeadPlanner start(
      AttentionInputs inputs, int head, long seed, Workspace workspace, Parallelism parallelism) {
    requireCausal(inputs);
    Objects.checkIndex(head, inputs.queries().heads());
    PlanBudget budget = new PlanBudget(inputs.rows(), mostOverhead, backend.costs());
    return new HeadPlanner(backend, inputs, head, tolerance, budget, seed, workspace, parallelism);
  }

  static void requireCausal(AttentionInputs inputs) {
    if (inputs.mask() != AttentionMask.CAUSAL) {
      throw new IllegalArgumentException("mask must be CAUSAL, was " + inputs.mask());
    }
  }
}
