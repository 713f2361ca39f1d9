package io.github.convbasis.inference.model;

import io.github.convbasis.attention.ExactAttention;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.plan.HeadReport;
import java.util.ArrayList;
import java.util.List;

/**
 * One use of an {@link AttentionChoice}: a step that keeps its scratch, its time and what it did
 * with each head since {@link #begin}. Rows that were preceded by others are attended exactly,
 * since conv-basis attention is for whole prompts; they add time and no reports.
 *
 * <p>Mutable: one forward pass at a time.
 */
public abstract class AttentionRun implements AttentionStep {
  private final ExactAttention exact;
  private final Workspace workspace;
  private final List<List<HeadReport>> planned = new ArrayList<>();
  private final List<List<RecoveredHead>> recovered = new ArrayList<>();
  private long nanos;
  private long samplingNanos;

  AttentionRun(Backend backend) {
    exact = new ExactAttention(backend);
    workspace = backend.newWorkspace();
  }

  /** Forgets time and reports, to begin another pass. */
  public void begin() {
    planned.clear();
    recovered.clear();
    nanos = 0;
    samplingNanos = 0;
  }

  @Override
  public final void attend(
      int layer,
      HeadTensor queries,
      HeadTensor keys,
      HeadTensor values,
      HeadTensor output,
      Parallelism parallelism) {
    long start = System.nanoTime();
    AttentionInputs inputs = AttentionStep.inputs(queries, keys, values);
    if (inputs.mask() == AttentionMask.CAUSAL) {
      attendPrompt(layer, inputs, output, parallelism);
    } else {
      attendExactly(inputs, output, parallelism);
    }
    nanos += System.nanoTime() - start;
  }

  /** Attends to all rows of a text so far. */
  abstract void attendPrompt(
      int layer, AttentionInputs inputs, HeadTensor output, Parallelism parallelism);

  final void attendExactly(AttentionInputs inputs, HeadTensor output, Parallelism parallelism) {
    exact.forward(inputs, output, workspace, parallelism);
  }

  final void reportPlanned(List<HeadReport> heads) {
    planned.add(heads);
  }

  final void reportRecovered(List<RecoveredHead> heads) {
    recovered.add(heads);
  }

  /**
   * Takes the time that sampling of errors took, of the call that runs, to an account of its own.
   */
  final void countSampling(long spent) {
    nanos -= spent;
    samplingNanos += spent;
  }

  /**
   * Returns what attention at a tolerance did.
   *
   * @return for each layer that was attended its heads; empty for another choice
   */
  public final List<List<HeadReport>> planned() {
    return List.copyOf(planned);
  }

  /**
   * Returns what attention from recovered bases did.
   *
   * @return for each layer that was attended its heads; empty for another choice
   */
  public final List<List<RecoveredHead>> recovered() {
    return List.copyOf(recovered);
  }

  /**
   * Returns how long attending took.
   *
   * @return nanoseconds, planning and judging of plans included, sampling of errors not
   */
  public final long nanos() {
    return nanos;
  }

  /**
   * Returns how long sampling of errors took, which a user who trusts the attention goes without.
   *
   * @return nanoseconds, none of them in {@link #nanos}
   */
  public final long samplingNanos() {
    return samplingNanos;
  }
}
