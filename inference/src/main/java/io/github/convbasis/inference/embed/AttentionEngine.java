package io.github.convbasis.inference.embed;

import io.github.convbasis.attention.AttentionWorkspace;
import io.github.convbasis.attention.AttentionWorkspace.HeadScratch;
import io.github.convbasis.attention.ExactAttention;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.plan.AttentionPlan;
import io.github.convbasis.plan.HeadReport;
import io.github.convbasis.plan.PlannedAttention;
import io.github.convbasis.plan.Planner;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Causal attention of a prompt for an engine that has its own model, cache and threads: call {@link
 * #prefill} once for each layer, where the engine's attention loop over positions and heads stood.
 * Queries and keys come rotated, as the cache holds them.
 *
 * <p>Results are bit-identical for any number of tasks. Keeps its scratch: one call at a time.
 */
public final class AttentionEngine {
  private final Backend backend;
  private final PlannedAttention planned;
  private final AttentionWorkspace workspace;

  private AttentionEngine(Backend backend, PlannedAttention planned) {
    this.backend = backend;
    this.planned = planned;
    workspace = AttentionWorkspace.of(backend);
  }

  /**
   * Attends exactly.
   *
   * @param backend what computes
   * @return the engine
   */
  public static AttentionEngine exact(Backend backend) {
    return new AttentionEngine(Objects.requireNonNull(backend, "backend"), null);
  }

  /**
   * Attends at a tolerance, see {@link PlannedAttention}: heads without a plan that holds are
   * exact.
   *
   * @param planner chooses plans; {@code Planner.of(backend, tolerance)}
   * @return the engine
   */
  public static AttentionEngine planned(Planner planner) {
    return new AttentionEngine(planner.backend(), PlannedAttention.of(planner));
  }

  /**
   * Attends to the first positions of a cache.
   *
   * @param shape heads and their sizes
   * @param positions how many, at least 1
   * @param queries rotated, of {@code shape.heads} heads
   * @param keys rotated, of {@code shape.keyHeads} heads
   * @param values of {@code shape.keyHeads} heads
   * @param output receives {@code shape.heads} heads of {@code shape.width} elements; must not
   *     share rows with the others
   * @param parallelism the engine's executor, and how many tasks may work
   * @return what was done with each query head; of exact engines the time is shared evenly
   * @throws IllegalArgumentException naming what does not fit: rows beyond their memory, sizes, an
   *     element that is not finite
   * @throws ArithmeticException if a logit overflows
   */
  public List<HeadReport> prefill(
      HeadShape shape,
      int positions,
      CacheRows queries,
      CacheRows keys,
      CacheRows values,
      CacheRows output,
      Parallelism parallelism) {
    if (positions < 1) {
      throw new IllegalArgumentException("positions must be at least 1, was " + positions);
    }
    HeadTensor q = read("queries", queries, shape.heads(), positions, shape.depth());
    HeadTensor k = read("keys", keys, shape.keyHeads(), positions, shape.depth());
    HeadTensor v = read("values", values, shape.keyHeads(), positions, shape.width());
    HeadTensor result = output.tensor("output", shape.heads(), positions, shape.width());
    AttentionInputs inputs = new AttentionInputs(q, k, v, shape.scale(), AttentionMask.CAUSAL);
    List<HeadReport> reports =
        planned == null
            ? attendExactly(inputs, result, parallelism)
            : planned.forward(inputs, result, workspace, parallelism);
    output.copyFrom(result);
    return reports;
  }

  private static HeadTensor read(String name, CacheRows rows, int heads, int count, int width) {
    HeadTensor tensor = rows.tensor(name, heads, count, width);
    rows.copyTo(tensor);
    tensor.requireFinite(name);
    return tensor;
  }

  private List<HeadReport> attendExactly(
      AttentionInputs inputs, HeadTensor output, Parallelism parallelism) {
    long start = System.nanoTime();
    HeadScratch scratch = workspace.take();
    new ExactAttention(backend).forward(inputs, output, scratch.workspace, parallelism);
    workspace.give(scratch);
    int heads = inputs.queries().heads();
    long nanos = (System.nanoTime() - start) / heads;
    AttentionPlan plan = AttentionPlan.exact(inputs.rows(), "asked for");
    List<HeadReport> reports = new ArrayList<>();
    for (int head = 0; head < heads; head++) {
      reports.add(new HeadReport(head, plan, HeadReport.Outcome.EXACT, null, 1, 0, 0, nanos, 0));
    }
    return reports;
  }
}
