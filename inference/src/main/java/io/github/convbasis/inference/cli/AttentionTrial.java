package io.github.convbasis.inference.cli;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.inference.embed.AttentionChoice;
import io.github.convbasis.inference.model.AttentionRun;
import io.github.convbasis.inference.model.LlamaModel;
import io.github.convbasis.inference.model.LogitDrift;

/**
 * Runs a model with one kind of attention, and keeps time, drift and what was done with the heads.
 * Mutable: one forward pass at a time.
 */
final class AttentionTrial {
  private final AttentionChoice choice;
  private final AttentionRun run;
  private final LogitDrift drift;

  /** Those of the first text. */
  private HeadReports reports = HeadReports.NONE;

  private boolean reported;
  private long leastTotal = Long.MAX_VALUE;
  private long leastAttention;
  private long totalNanos;
  private long attentionNanos;

  AttentionTrial(AttentionChoice choice, int vocabulary) {
    this.choice = choice;
    run = AttentionRun.of(choice);
    drift = new LogitDrift(vocabulary);
  }

  /** Runs the model on a text once more; the least time of a text's passes counts. */
  float[] run(LlamaModel model, int[] text, Parallelism parallelism) {
    run.begin();
    long start = System.nanoTime();
    float[] logits = model.forward(text, run, parallelism);
    long nanos = System.nanoTime() - start - run.samplingNanos();
    if (nanos < leastTotal) {
      leastTotal = nanos;
      leastAttention = run.nanos();
    }
    return logits;
  }

  /** Ends the passes over a text. */
  void finish(int[] text, float[] exact, float[] logits) {
    drift.add(text, exact, logits);
    totalNanos += leastTotal;
    attentionNanos += leastAttention;
    leastTotal = Long.MAX_VALUE;
    if (!reported) {
      reports = HeadReports.of(run);
      reported = true;
    }
  }

  boolean isExact() {
    return choice.kind() == AttentionChoice.Kind.EXACT;
  }

  AttentionChoice choice() {
    return choice;
  }

  LogitDrift drift() {
    return drift;
  }

  /** Returns what was done with the first text's heads. */
  HeadReports reports() {
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
