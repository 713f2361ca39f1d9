package io.github.convbasis.inference.model;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.inference.embed.AttentionChoice;
import io.github.convbasis.inference.embed.AttentionEngine;
import io.github.convbasis.inference.embed.LayerReport;
import io.github.convbasis.inference.embed.RecoveredHead;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.plan.HeadReport;
import java.util.ArrayList;
import java.util.List;

/**
 * One use of an {@link AttentionChoice} by a model: an {@link AttentionEngine} as a step of its
 * forward pass, with the time it took and what it did with each head since {@link #begin}. Rows
 * that were preceded by others add time and no reports.
 *
 * <p>Mutable: one forward pass at a time.
 */
public final class AttentionRun implements AttentionStep {
  private final AttentionEngine engine;
  private final List<List<HeadReport>> planned = new ArrayList<>();
  private final List<List<RecoveredHead>> recovered = new ArrayList<>();
  private long nanos;
  private long samplingNanos;

  private AttentionRun(AttentionEngine engine) {
    this.engine = engine;
  }

  /**
   * Starts a run with scratch of its own.
   *
   * @param choice which attention reads a prompt
   * @return the step to give to a model
   */
  public static AttentionRun of(AttentionChoice choice) {
    return new AttentionRun(AttentionEngine.of(choice));
  }

  /** Forgets time and reports, to begin another pass; plans that are reused stay. */
  public void begin() {
    planned.clear();
    recovered.clear();
    nanos = 0;
    samplingNanos = 0;
  }

  @Override
  public void attend(
      int layer,
      HeadTensor queries,
      HeadTensor keys,
      HeadTensor values,
      HeadTensor output,
      Parallelism parallelism) {
    long start = System.nanoTime();
    LayerReport report =
        engine.attend(layer, AttentionStep.inputs(queries, keys, values), output, parallelism);
    if (!report.planned().isEmpty()) {
      planned.add(report.planned());
    }
    if (!report.recovered().isEmpty()) {
      recovered.add(report.recovered());
    }
    samplingNanos += report.samplingNanos();
    // From the clock here and not the report's: the inputs are checked on the way.
    nanos += System.nanoTime() - start - report.samplingNanos();
  }

  /**
   * Returns what attention at a tolerance did.
   *
   * @return for each layer that was attended its heads; empty for another choice
   */
  public List<List<HeadReport>> planned() {
    return List.copyOf(planned);
  }

  /**
   * Returns what attention from recovered bases did.
   *
   * @return for each layer that was attended its heads; empty for another choice
   */
  public List<List<RecoveredHead>> recovered() {
    return List.copyOf(recovered);
  }

  /**
   * Returns how long attending took.
   *
   * @return nanoseconds, planning and judging of plans included, sampling of errors not
   */
  public long nanos() {
    return nanos;
  }

  /**
   * Returns how long sampling of errors took, which a user who trusts the attention goes without.
   *
   * @return nanoseconds, none of them in {@link #nanos}
   */
  public long samplingNanos() {
    return samplingNanos;
  }
}
