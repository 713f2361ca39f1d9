package io.github.convbasis.plan;

import io.github.convbasis.attention.AttentionWorkspace.HeadScratch;
import io.github.convbasis.attention.ExactAttention;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.TileGrid;
import io.github.convbasis.matrix.TileKind;
import io.github.convbasis.matrix.TiledLogits;
import io.github.convbasis.plan.HeadReport.Outcome;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * One head of {@link PlannedAttention}: at most two plans, each judged on rows of its own, then
 * exact attention. Mutable: one use, one thread.
 */
final class HeadRun {
  /** Plans that are judged before exact attention is the answer. */
  private static final int LOOKS = 2;

  private final Backend backend;
  private final double tolerance;
  private final AttentionInputs inputs;
  private final int head;
  private final HeadTensor output;
  private final double confidence;
  private final HeadScratch scratch;
  private final Parallelism parallelism;
  private final HeadPlanner planner;
  private final long seed;
  private Certificate certificate;
  private double exactShare;
  private int exactRows;
  private long planningNanos;
  private long runNanos;
  private long certificateNanos;

  HeadRun(
      Planner planner,
      AttentionInputs inputs,
      int head,
      HeadTensor output,
      long seed,
      double confidence,
      HeadScratch scratch,
      Parallelism parallelism) {
    backend = planner.backend();
    tolerance = planner.tolerance();
    this.inputs = inputs;
    this.head = head;
    this.output = output;
    // Two looks share what may go wrong.
    this.confidence = 1 - (1 - confidence) / LOOKS;
    this.scratch = scratch;
    this.parallelism = parallelism;
    this.seed = mixed(seed, head);
    this.planner =
        planner.start(inputs, head, mixed(this.seed, LOOKS), scratch.workspace, parallelism);
  }

  /** Makes seeds that differ for neighbouring numbers (the finaliser of SplitMix64). */
  private static long mixed(long seed, long number) {
    long z = seed + (number + 1) * 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  /**
   * Attends the head.
   *
   * @param earlier a plan to start from, or null
   * @return what happened
   */
  HeadReport attend(AttentionPlan earlier) {
    long start = System.nanoTime();
    AttentionPlan plan = earlier == null ? null : planner.again(earlier);
    boolean reused = plan != null;
    if (!reused) {
      plan = planner.plan();
    }
    planningNanos += System.nanoTime() - start;
    double spent = reused ? planner.budget().choosing() : planner.budget().planning();
    for (int look = 0; look < LOOKS && !plan.isExact(); look++) {
      if (!isSure(plan) && !planner.budget().allowsRun(spent, plan.predictedCost())) {
        plan =
            AttentionPlan.exact(
                inputs.rows(), "too much time would be lost if the plan did not hold");
        reused = false;
        break;
      }
      spent += plan.predictedCost() + planner.budget().judging() + planner.budget().planning();
      run(plan);
      certify(plan, look);
      if (certificate.holds()) {
        Outcome first = reused ? Outcome.REUSED : Outcome.PLANNED;
        return report(plan, look == 0 ? first : Outcome.REFINED);
      }
      start = System.nanoTime();
      plan = look + 1 < LOOKS ? another(reused) : exactAfter();
      planningNanos += System.nanoTime() - start;
    }
    boolean atOnce = certificate == null;
    certificate = null;
    attendExactly(atOnce ? "planned" : "fallen back");
    if (atOnce) {
      return report(plan, reused ? Outcome.REUSED : Outcome.EXACT);
    }
    return report(plan, Outcome.FALLEN_BACK);
  }

  /** Tells whether unseen logits agreed with kernels so well that nothing is at stake. */
  private boolean isSure(AttentionPlan plan) {
    return plan.kernels() != null && plan.predictedError() <= KernelPlanner.AMPLE * tolerance;
  }

  private AttentionPlan another(boolean reused) {
    return reused ? planner.plan() : planner.refine(certificate.high());
  }

  private AttentionPlan exactAfter() {
    return AttentionPlan.exact(
        inputs.rows(),
        String.format("no plan held; the last had an error of %.2g", certificate.relativeError()));
  }

  private HeadReport report(AttentionPlan plan, Outcome outcome) {
    return new HeadReport(
        head,
        plan,
        outcome,
        certificate,
        exactShare,
        exactRows,
        planningNanos,
        runNanos,
        certificateNanos);
  }

  private void run(AttentionPlan plan) {
    long start = System.nanoTime();
    TiledLogits model =
        FittedKernels.model(backend, inputs, head, plan, scratch.workspace, parallelism);
    RunEvent event = new RunEvent();
    event.begin();
    boolean[] untrusted = scratch.untrusted(inputs.rows());
    exactShare =
        backend.attendTiles(
            inputs,
            head,
            model,
            backend.defaultGuardTolerance(),
            output,
            untrusted,
            scratch.workspace,
            parallelism);
    event.record(head, inputs.rows(), exactShare);
    if (plan.map().has(TileKind.RANK_ONE) || plan.map().has(TileKind.NEGLIGIBLE)) {
      OutlyingQueries.flag(inputs, head, plan.map().grid(), untrusted);
    }
    exactRows = attendRows(untrusted, "untrusted");
    runNanos += System.nanoTime() - start;
  }

  /** Judges the output by rows that it was not planned with, which are exact from then on. */
  private void certify(AttentionPlan plan, int look) {
    long start = System.nanoTime();
    boolean[] flags = scratch.untrusted(inputs.rows());
    int[] avoided = avoided(plan, flags);
    int count = planner.budget().certificateRows();
    RowSample sample = RowSample.draw(inputs.rows(), count, avoided, mixed(seed, look));
    int[] rows = sample.drawn();
    int width = inputs.values().width();
    double[][] planned = new double[rows.length][width];
    Arrays.fill(flags, 0, inputs.rows(), false);
    for (int index = 0; index < rows.length; index++) {
      output.copyRow(head, rows[index], planned[index]);
      flags[rows[index]] = true;
    }
    attendRows(flags, "certificate");
    double[] errors = new double[rows.length];
    double[] norms = new double[rows.length];
    double[] exact = new double[width];
    double scale = planner.scale();
    for (int index = 0; index < rows.length; index++) {
      output.copyRow(head, rows[index], exact);
      for (int c = 0; c < width; c++) {
        double error = (planned[index][c] - exact[c]) / scale;
        errors[index] += error * error;
        norms[index] += exact[c] / scale * (exact[c] / scale);
      }
    }
    certificate = Certificate.of(sample, errors, norms, tolerance, confidence);
    certificateNanos += System.nanoTime() - start;
  }

  /**
   * Returns the rows that are not judged: those that the plan was made from, and those without any
   * approximation, which would only dilute the error of the others.
   *
   * @param plan the plan that was run
   * @param untrusted rows that were recomputed; changed
   */
  private int[] avoided(AttentionPlan plan, boolean[] untrusted) {
    TileGrid grid = plan.map().grid();
    for (int row : planner.seen()) {
      untrusted[row] = true;
    }
    for (int block = 0; block < grid.rowBlocks(); block++) {
      boolean exact = true;
      for (int tile = 0; exact && tile < grid.columnBlocks(block); tile++) {
        exact = plan.map().kind(block, tile) == TileKind.EXACT;
      }
      if (exact) {
        Arrays.fill(untrusted, grid.rowStart(block), grid.rowEnd(block), true);
      }
    }
    return IntStream.range(0, inputs.rows()).filter(row -> untrusted[row]).toArray();
  }

  private void attendExactly(String reason) {
    long start = System.nanoTime();
    ExactRowsEvent event = new ExactRowsEvent();
    event.begin();
    new ExactAttention(backend).forwardHead(inputs, head, output, scratch.workspace, parallelism);
    event.record(head, inputs.rows(), reason);
    exactShare = 1;
    exactRows = 0;
    runNanos += System.nanoTime() - start;
  }

  private int attendRows(boolean[] chosen, String reason) {
    ExactRowsEvent event = new ExactRowsEvent();
    event.begin();
    int count =
        new ExactAttention(backend)
            .forwardRows(inputs, head, chosen, output, scratch.workspace, parallelism);
    event.record(head, count, reason);
    return count;
  }
}
