package io.github.convbasis.plan;

import io.github.convbasis.attention.AttentionWorkspace;
import io.github.convbasis.attention.AttentionWorkspace.HeadScratch;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Computes causal attention of any input at a tolerance: plans every head, runs the plan, judges
 * the output by exactly recomputed rows that were not used in planning, and falls back to exact
 * attention where it does not hold. An error in so few rows that a sample misses them is not seen
 * ({@link Certificate}). Slower than exact attention by no more than the planner's overhead, but
 * where a convolution that cost a small part of exact attention was run in vain.
 *
 * <p>Rows that a summary of their block says little about are exact: those whose query is far from
 * the block's mean, and those that look at a rank-one tile.
 *
 * <p>Deterministic for one backend and seed, bit for bit with any number of tasks. Immutable and
 * thread-safe.
 */
public final class PlannedAttention {
  private final Planner planner;
  private final long seed;
  private final double confidence;
  private final List<AttentionPlan> plans;

  private PlannedAttention(
      Planner planner, long seed, double confidence, List<AttentionPlan> plans) {
    this.planner = Objects.requireNonNull(planner, "planner");
    this.seed = seed;
    this.confidence = confidence;
    this.plans = plans;
  }

  /**
   * Attends with a planner's backend at its tolerance; seed 1, confidence 95 %.
   *
   * @param planner chooses plans
   * @return the attention
   */
  public static PlannedAttention of(Planner planner) {
    return new PlannedAttention(planner, 1, 0.95, null);
  }

  /**
   * Attends at a tolerance.
   *
   * @param backend what computes
   * @param tolerance relative Frobenius error of a head's output that is allowed, between 0 and 1
   * @return the attention
   * @throws IllegalArgumentException if the tolerance is out of range
   */
  public static PlannedAttention of(Backend backend, double tolerance) {
    return of(Planner.of(backend, tolerance));
  }

  /**
   * Samples other rows.
   *
   * @param newSeed where rows for planning and judging lie
   * @return a changed copy
   */
  public PlannedAttention withSeed(long newSeed) {
    return new PlannedAttention(planner, newSeed, confidence, plans);
  }

  /**
   * Asks for another confidence of certificates.
   *
   * @param newConfidence between 0 and 1
   * @return a changed copy
   * @throws IllegalArgumentException if it is out of range
   */
  public PlannedAttention withConfidence(double newConfidence) {
    if (!(newConfidence > 0 && newConfidence < 1)) {
      throw new IllegalArgumentException(
          "confidence must be greater than 0 and less than 1, was " + newConfidence);
    }
    return new PlannedAttention(planner, seed, newConfidence, plans);
  }

  /**
   * Starts from plans made earlier, such as those of the same heads on another prompt. They are
   * judged like any other; where one does not hold the head is planned anew. A plan with a {@link
   * TileRule}, and one of convolutions alone, are applied to any number of rows. Of another plan
   * the first rows are used, and a head with more rows is planned anew.
   *
   * @param earlier one for each query head
   * @return a changed copy
   */
  public PlannedAttention withPlans(List<AttentionPlan> earlier) {
    return new PlannedAttention(planner, seed, confidence, List.copyOf(earlier));
  }

  /**
   * Computes all heads, with scratch of its own.
   *
   * @param inputs causal queries, keys, values, scale
   * @param output receives query heads × n × value width; must not share rows with the inputs
   * @param parallelism how many tasks may work: over heads, or inside a single one
   * @return one report per head
   * @throws IllegalArgumentException if the output has another shape, the mask is not causal, or
   *     plans are given for another number of heads
   * @throws ArithmeticException if a logit overflows
   */
  public List<HeadReport> forward(
      AttentionInputs inputs, HeadTensor output, Parallelism parallelism) {
    return forward(inputs, output, AttentionWorkspace.of(planner.backend()), parallelism);
  }

  /**
   * Computes all heads.
   *
   * @param inputs causal queries, keys, values, scale
   * @param output receives query heads × n × value width; must not share rows with the inputs
   * @param workspace of the same backend
   * @param parallelism how many tasks may work: over heads, or inside a single one
   * @return one report per head
   * @throws IllegalArgumentException if the output has another shape, the mask is not causal, plans
   *     are given for another number of heads, or the workspace is of another backend
   * @throws ArithmeticException if a logit overflows
   */
  public List<HeadReport> forward(
      AttentionInputs inputs,
      HeadTensor output,
      AttentionWorkspace workspace,
      Parallelism parallelism) {
    Planner.requireCausal(inputs);
    inputs.requireOutput(output);
    workspace.requireBackend(planner.backend());
    int heads = inputs.queries().heads();
    if (plans != null && plans.size() != heads) {
      throw new IllegalArgumentException(
          "plans must be " + heads + " like the query heads, were " + plans.size());
    }
    HeadReport[] reports = new HeadReport[heads];
    // Progress counts heads, whichever level works in parallel.
    Parallelism inside = heads == 1 ? parallelism.reporting(() -> {}) : Parallelism.sequential();
    parallelism.forEach(
        heads,
        head -> {
          HeadScratch scratch = workspace.take();
          AttentionPlan earlier = plans == null ? null : plans.get(head);
          reports[head] =
              new HeadRun(planner, inputs, head, output, seed, confidence, scratch, inside)
                  .attend(earlier);
          workspace.give(scratch);
        });
    return List.copyOf(Arrays.asList(reports));
  }
}
