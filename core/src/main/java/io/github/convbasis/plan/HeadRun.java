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
  private final double[] exactRow;
  private final double[] outputRow;
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
        planner.start(inputs, head, mixed(this.seed, -1), scratch.workspace, parallelism);
    exactRow = new double[inputs.values().width()];
    outputRow = new double[exactRow.length];
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
    boolean reuse = earlier != null && earlier.rows() >= inputs.rows();
    long start = System.nanoTime();
    AttentionPlan plan = reuse ? earlier.firstRows(inputs.rows()) : planner.plan();
    planningNanos += System.nanoTime() - start;
    for (int look = 0; look < LOOKS; look++) {
      if (plan.isExact()) {
        break;
      }
      int[] judged = tryPlan(plan, look);
      if (judged == null) {
        Outcome first = reuse ? Outcome.REUSED : Outcome.PLANNED;
        return report(plan, look == 0 ? first : Outcome.REFINED);
      }
      start = System.nanoTime();
      plan = look + 1 < LOOKS ? another(plan, judged, reuse) : exactAfter(plan);
      planningNanos += System.nanoTime() - start;
    }
    boolean atOnce = certificate == null;
    certificate = null;
    attendExactly(atOnce ? "planned" : "fallen back");
    if (atOnce) {
      return report(plan, reuse ? Outcome.REUSED : Outcome.EXACT);
    }
    return report(plan, Outcome.FALLEN_BACK);
  }

  private AttentionPlan another(AttentionPlan plan, int[] judged, boolean reuse) {
    if (reuse) {
      return planner.plan();
    }
    return plan.kernels() != null ? planner.planTiles() : planner.refine(judged);
  }

  private AttentionPlan exactAfter(AttentionPlan plan) {
    return AttentionPlan.exact(
        inputs.rows(), "no plan held; the last one had " + certificate.relativeError());
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

  /** Judges and runs a plan; returns the rows it was judged on if it did not hold, else null. */
  private int[] tryPlan(AttentionPlan plan, int look) {
    long start = System.nanoTime();
    int count = planner.budget().certificateRows();
    RowSample rows = RowSample.draw(inputs.rows(), count, planner.seen(), mixed(seed, look));
    boolean known = plan.kernels() == null && plan.exactColumns().length == 0;
    TileSample sample = planner.sample(rows.drawn(), plan.map().grid(), known);
    if (known) {
      certificate = certificate(rows, sample, plan);
    }
    certificateNanos += System.nanoTime() - start;
    if (certificate == null || certificate.holds()) {
      start = System.nanoTime();
      run(plan);
      runNanos += System.nanoTime() - start;
      start = System.nanoTime();
      certificate = certificate(rows, sample, null);
      certificateNanos += System.nanoTime() - start;
    }
    return certificate.holds() ? null : rows.drawn();
  }

  /**
   * Returns the rows that are not judged: those that the plan was made from, and those without any
   * approximation, which would only dilute the error of the others.
   */
  private int[] avoided(AttentionPlan plan) {
    TileGrid grid = plan.map().grid();
    boolean[] avoided = new boolean[inputs.rows()];
    for (int row : planner.seen()) {
      avoided[row] = true;
    }
    for (int block = 0; block < grid.rowBlocks(); block++) {
      boolean exact = true;
      for (int tile = 0; exact && tile < grid.columnBlocks(block); tile++) {
        exact = plan.map().kind(block, tile) == TileKind.EXACT;
      }
      if (exact) {
        Arrays.fill(avoided, grid.rowStart(block), grid.rowEnd(block), true);
      }
    }
    return IntStream.range(0, avoided.length).filter(row -> avoided[row]).toArray();
  }

  /** Judges a plan that was not run yet or, if it is null, the output. */
  private Certificate certificate(RowSample rows, TileSample sample, AttentionPlan plan) {
    double[] errors = new double[sample.count()];
    double[] norms = new double[sample.count()];
    for (int index = 0; index < errors.length; index++) {
      errors[index] =
          plan == null
              ? outputError(sample, index)
              : sample.squaredError(index, plan, planner.scale());
      norms[index] = sample.squaredNorm(index, planner.scale());
    }
    return Certificate.of(rows, errors, norms, tolerance, confidence);
  }

  private double outputError(TileSample sample, int index) {
    sample.copyOutput(index, exactRow);
    output.copyRow(head, sample.row(index), outputRow);
    double squares = 0;
    for (int c = 0; c < exactRow.length; c++) {
      double error = (outputRow[c] - exactRow[c]) / planner.scale();
      squares += error * error;
    }
    return squares;
  }

  private void run(AttentionPlan plan) {
    TiledLogits model = model(plan);
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
    exactRows = attendRows(untrusted, "untrusted");
  }

  private TiledLogits model(AttentionPlan plan) {
    FittedKernels fitted =
        plan.kernels() == null
            ? new FittedKernels(null, null, null)
            : FittedKernels.of(
                backend, inputs, head, plan.kernels(), scratch.workspace, parallelism);
    return new TiledLogits(
        plan.map(),
        plan.exactColumns(),
        fitted.kernels(),
        fitted.rowOffsets(),
        fitted.columnOffsets(),
        plan.mostRankOneShare());
  }

  private void attendExactly(String reason) {
    long start = System.nanoTime();
    boolean[] all = scratch.untrusted(inputs.rows());
    Arrays.fill(all, 0, inputs.rows(), true);
    attendRows(all, reason);
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
