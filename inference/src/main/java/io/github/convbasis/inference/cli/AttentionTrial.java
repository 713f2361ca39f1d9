package io.github.convbasis.inference.cli;

import io.github.convbasis.attention.AttentionWorkspace;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.inference.model.AttentionStep;
import io.github.convbasis.inference.model.LlamaModel;
import io.github.convbasis.inference.model.LogitDrift;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.plan.HeadReport;
import io.github.convbasis.plan.PlannedAttention;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs a model with one kind of attention, and keeps time, drift and plans. Mutable: one forward
 * pass at a time.
 */
final class AttentionTrial {
  private final double tolerance;
  private final AttentionStep step;
  private final LogitDrift drift;

  /** Reports of the pass that runs or ran last, layer by layer. */
  private final List<List<HeadReport>> pass;

  /** Those of the first text. */
  private final List<List<HeadReport>> reports = new ArrayList<>();

  private long passAttention;
  private long leastTotal = Long.MAX_VALUE;
  private long leastAttention;
  private long totalNanos;
  private long attentionNanos;

  private AttentionTrial(
      double tolerance, AttentionStep step, List<List<HeadReport>> pass, int vocabulary) {
    this.tolerance = tolerance;
    this.step = step;
    this.pass = pass;
    drift = new LogitDrift(vocabulary);
  }

  static AttentionTrial exact(AttentionStep exact, int vocabulary) {
    return new AttentionTrial(0, exact, List.of(), vocabulary);
  }

  static AttentionTrial planned(
      PlannedAttention attention, AttentionWorkspace workspace, double tolerance, int vocabulary) {
    List<List<HeadReport>> pass = new ArrayList<>();
    return new AttentionTrial(
        tolerance,
        (layer, queries, keys, values, output, parallelism) -> {
          AttentionInputs inputs = AttentionInputs.causal(queries, keys, values);
          if (layer == 0) {
            pass.clear();
          }
          pass.add(attention.forward(inputs, output, workspace, parallelism));
        },
        pass,
        vocabulary);
  }

  /** Runs the model on a text once more; the least time of a text's passes counts. */
  float[] run(LlamaModel model, int[] text, Parallelism parallelism) {
    passAttention = 0;
    long start = System.nanoTime();
    float[] logits =
        model.forward(
            text,
            (layer, queries, keys, values, output, tasks) -> {
              long begin = System.nanoTime();
              step.attend(layer, queries, keys, values, output, tasks);
              passAttention += System.nanoTime() - begin;
            },
            parallelism);
    long nanos = System.nanoTime() - start;
    if (nanos < leastTotal) {
      leastTotal = nanos;
      leastAttention = passAttention;
    }
    return logits;
  }

  /** Ends the passes over a text. */
  void finish(int[] text, float[] exact, float[] logits) {
    drift.add(text, exact, logits);
    totalNanos += leastTotal;
    attentionNanos += leastAttention;
    leastTotal = Long.MAX_VALUE;
    if (reports.isEmpty()) {
      reports.addAll(pass);
    }
  }

  boolean isExact() {
    return tolerance == 0;
  }

  double tolerance() {
    return tolerance;
  }

  LogitDrift drift() {
    return drift;
  }

  /** Returns the reports of the first text's heads, none for exact attention. */
  List<List<HeadReport>> reports() {
    return reports;
  }

  double attentionMillis() {
    return attentionNanos / 1e6;
  }

  double restMillis() {
    return (totalNanos - attentionNanos) / 1e6;
  }

  double totalMillis() {
    return totalNanos / 1e6;
  }
}
