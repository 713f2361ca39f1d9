package io.github.convbasis.inference.model;

import io.github.convbasis.attention.AttentionWorkspace;
import io.github.convbasis.attention.ConvAttention;
import io.github.convbasis.attention.ErrorEstimate;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.plan.AttentionPlan;
import io.github.convbasis.plan.HeadReport;
import io.github.convbasis.plan.PlannedAttention;
import io.github.convbasis.plan.Planner;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * Which attention reads a prompt: exact, at a tolerance, or from a basis of a given number of
 * terms. Rows after the prompt are exact with every choice. Immutable and thread-safe.
 */
public final class AttentionChoice {
  /** The kinds of attention there are. */
  public enum Kind {
    /** Every logit. */
    EXACT,
    /** A plan for each head that holds at a tolerance, see {@link PlannedAttention}. */
    TOLERANCE,
    /** The paper's Recover, as good as it happens to be, see {@link ConvAttention}. */
    RECOVER
  }

  private final Kind kind;
  private final double tolerance;
  private final int terms;
  private final Supplier<AttentionRun> runs;

  private AttentionChoice(Kind kind, double tolerance, int terms, Supplier<AttentionRun> runs) {
    this.kind = kind;
    this.tolerance = tolerance;
    this.terms = terms;
    this.runs = runs;
  }

  /**
   * Chooses exact attention.
   *
   * @param backend what computes
   * @return the choice
   */
  public static AttentionChoice exact(Backend backend) {
    Objects.requireNonNull(backend, "backend");
    return new AttentionChoice(Kind.EXACT, 0, 0, () -> new ExactRun(backend));
  }

  /**
   * Chooses attention at a tolerance, every prompt planned for itself.
   *
   * @param planner chooses plans
   * @param seed of the sampled rows
   * @return the choice
   */
  public static AttentionChoice tolerance(Planner planner, long seed) {
    return tolerance(planner, seed, false);
  }

  /**
   * Chooses attention at a tolerance. A run that reuses plans starts, from its second prompt on,
   * from those of the prompt before, which are judged anew.
   *
   * @param planner chooses plans
   * @param seed of the sampled rows
   * @param reusing whether a run keeps its plans from prompt to prompt
   * @return the choice
   */
  public static AttentionChoice tolerance(Planner planner, long seed, boolean reusing) {
    PlannedAttention attention = PlannedAttention.of(planner).withSeed(seed);
    Backend backend = planner.backend();
    return new AttentionChoice(
        Kind.TOLERANCE, planner.tolerance(), 0, () -> new PlannedRun(backend, attention, reusing));
  }

  /**
   * Chooses conv-basis attention from recovered terms.
   *
   * @param backend what computes
   * @param recovery how a basis is found
   * @param terms the most terms it may have, for reports
   * @param rowsPerStratum rows recomputed exactly in each stratum for the error of a head, see
   *     {@link ErrorEstimate#measure}; 0 to estimate none
   * @param seed of these rows
   * @return the choice
   * @throws IllegalArgumentException if rowsPerStratum is negative or 1
   */
  public static AttentionChoice recover(
      Backend backend, ConvBasisRecovery recovery, int terms, int rowsPerStratum, long seed) {
    if (rowsPerStratum < 0 || rowsPerStratum == 1) {
      throw new IllegalArgumentException(
          "rowsPerStratum must be 0 or at least 2, was " + rowsPerStratum);
    }
    ConvAttention attention = ConvAttention.of(backend, recovery);
    return new AttentionChoice(
        Kind.RECOVER, 0, terms, () -> new RecoveredRun(backend, attention, rowsPerStratum, seed));
  }

  /**
   * Returns what was chosen.
   *
   * @return the kind
   */
  public Kind kind() {
    return kind;
  }

  /**
   * Returns the tolerance.
   *
   * @return relative error; 0 for another kind
   */
  public double tolerance() {
    return tolerance;
  }

  /**
   * Returns the terms.
   *
   * @return the most terms of a head; 0 for another kind
   */
  public int terms() {
    return terms;
  }

  /**
   * Names the choice.
   *
   * @return such as {@code exact}, {@code within 0.01} or {@code 64 terms}
   */
  public String label() {
    return switch (kind) {
      case EXACT -> "exact";
      case TOLERANCE -> "within " + tolerance;
      case RECOVER -> terms + (terms == 1 ? " term" : " terms");
    };
  }

  /**
   * Starts a run with scratch of its own.
   *
   * @return the step to give to a model
   */
  public AttentionRun start() {
    return runs.get();
  }

  private static final class ExactRun extends AttentionRun {
    ExactRun(Backend backend) {
      super(backend);
    }

    @Override
    void attendPrompt(
        int layer, AttentionInputs inputs, HeadTensor output, Parallelism parallelism) {
      attendExactly(inputs, output, parallelism);
    }
  }

  private static final class PlannedRun extends AttentionRun {
    private final PlannedAttention attention;
    private final AttentionWorkspace workspace;
    private final boolean reusing;

    /** For each layer that was attended the attention that starts from its last plans. */
    private final List<PlannedAttention> earlier = new ArrayList<>();

    PlannedRun(Backend backend, PlannedAttention attention, boolean reusing) {
      super(backend);
      this.attention = attention;
      this.reusing = reusing;
      workspace = AttentionWorkspace.of(backend);
    }

    @Override
    void attendPrompt(
        int layer, AttentionInputs inputs, HeadTensor output, Parallelism parallelism) {
      PlannedAttention start = layer < earlier.size() ? earlier.get(layer) : attention;
      List<HeadReport> reports = start.forward(inputs, output, workspace, parallelism);
      reportPlanned(reports);
      if (reusing) {
        List<AttentionPlan> plans = reports.stream().map(HeadReport::plan).toList();
        if (layer < earlier.size()) {
          earlier.set(layer, attention.withPlans(plans));
        } else {
          earlier.add(attention.withPlans(plans));
        }
      }
    }
  }

  private static final class RecoveredRun extends AttentionRun {
    private final ConvAttention attention;
    private final AttentionWorkspace workspace;
    private final int rowsPerStratum;
    private final long seed;

    RecoveredRun(Backend backend, ConvAttention attention, int rowsPerStratum, long seed) {
      super(backend);
      this.attention = attention;
      this.rowsPerStratum = rowsPerStratum;
      this.seed = seed;
      workspace = AttentionWorkspace.of(backend);
    }

    @Override
    void attendPrompt(
        int layer, AttentionInputs inputs, HeadTensor output, Parallelism parallelism) {
      List<ConvAttention.HeadResult> results =
          attention.forward(inputs, output, workspace, parallelism);
      RecoveredHead[] heads = new RecoveredHead[results.size()];
      if (rowsPerStratum == 0) {
        Arrays.setAll(heads, head -> new RecoveredHead(results.get(head), null));
      } else {
        long start = System.nanoTime();
        parallelism.forEach(
            heads.length,
            head ->
                heads[head] =
                    new RecoveredHead(
                        results.get(head),
                        ErrorEstimate.measure(inputs, head, output, rowsPerStratum, seed)));
        countSampling(System.nanoTime() - start);
      }
      reportRecovered(List.of(heads));
    }
  }
}
