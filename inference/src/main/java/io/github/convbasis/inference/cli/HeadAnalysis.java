package io.github.convbasis.inference.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.convbasis.attention.ConvAttention;
import io.github.convbasis.attention.ExactAttention;
import io.github.convbasis.attention.LogitColumns;
import io.github.convbasis.attention.LogitResidual;
import io.github.convbasis.attention.OutputError;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.decompose.Recovery;
import io.github.convbasis.decompose.SegmentSearch;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import java.util.ArrayList;
import java.util.List;

/**
 * How well conv-basis attention fits one head, all of it measured: the residual over every logit,
 * the output error over every row against exact attention, and the time of both.
 *
 * @param head query head
 * @param askedTerms terms allowed
 * @param search what was found
 * @param exactShare share of the lower triangle computed from queries and keys, not from terms
 * @param exactRows rows that rounding forced to be recomputed exactly
 * @param residual error of the modelled logits
 * @param relativeError ‖Y - Ỹ‖_F / ‖Y‖_F over all rows
 * @param worstRowError the greatest ‖y - ỹ‖₂ / ‖y‖₂ of a row
 * @param exactSeconds best time of exact attention
 * @param convSeconds best time of conv-basis attention, recovery included
 */
record HeadAnalysis(
    int head,
    int askedTerms,
    SegmentSearch search,
    double exactShare,
    int exactRows,
    LogitResidual residual,
    double relativeError,
    double worstRowError,
    double exactSeconds,
    double convSeconds) {

  static final List<String> HEADING =
      List.of(
          "head",
          "asked",
          "terms",
          "residual max",
          "rms",
          "output error",
          "worst row",
          "exact part",
          "exact rows",
          "exact ms",
          "conv ms",
          "segment starts");

  private static final int LEAST_RUNS = 5;

  /** What the compiler needs on a machine with a processor to spare, and then some. */
  private static final double TIMING_SECONDS = 2;

  /** Enough of runs that are long themselves. */
  private static final double MOST_SECONDS = 4;

  /** Exact attention of one head, computed and timed once for all numbers of terms. */
  record Baseline(AttentionInputs inputs, int head, HeadTensor output, double seconds) {}

  static Baseline baseline(
      Backend backend, AttentionInputs all, int head, Parallelism parallelism) {
    AttentionInputs inputs = all.head(head);
    HeadTensor output = HeadTensor.allocate(false, 1, inputs.rows(), inputs.values().width());
    ExactAttention attention = new ExactAttention(backend);
    double seconds = best(() -> attention.forward(inputs, output, parallelism));
    return new Baseline(inputs, head, output, seconds);
  }

  static HeadAnalysis of(
      Backend backend,
      Baseline baseline,
      int terms,
      ConvBasisRecovery recovery,
      Parallelism parallelism) {
    AttentionInputs inputs = baseline.inputs();
    HeadTensor output = HeadTensor.allocate(false, 1, inputs.rows(), inputs.values().width());
    ConvAttention attention = ConvAttention.of(backend, recovery);
    List<ConvAttention.HeadResult> results = new ArrayList<>();
    double seconds = best(() -> results.addAll(attention.forward(inputs, output, parallelism)));
    ConvAttention.HeadResult result = results.get(0);
    // The kernels of the timed runs are gone; recovery is deterministic.
    Recovery found = recovery.recover(new LogitColumns(backend, inputs, 0));
    OutputError error = OutputError.measure(baseline.output(), output, 0);
    return new HeadAnalysis(
        baseline.head(),
        terms,
        result.search(),
        result.exactShare(),
        result.exactRows(),
        LogitResidual.measure(inputs, 0, found.matrix()),
        error.relative(),
        error.worstRowError(),
        baseline.seconds(),
        seconds);
  }

  /** Returns the best time of many runs, so that compiled code is what is timed. */
  private static double best(Runnable work) {
    double best = Double.POSITIVE_INFINITY;
    double total = 0;
    int runs = 0;
    while ((runs < LEAST_RUNS || total < TIMING_SECONDS) && total < MOST_SECONDS) {
      double seconds = time(work);
      best = Math.min(best, seconds);
      total += seconds;
      runs++;
    }
    return best;
  }

  private static double time(Runnable work) {
    long start = System.nanoTime();
    work.run();
    return (System.nanoTime() - start) / 1e9;
  }

  List<String> cells() {
    return List.of(
        Integer.toString(head),
        Integer.toString(askedTerms),
        Integer.toString(search.columns()),
        String.format("%.3g", residual.sup()),
        String.format("%.3g", residual.rootMeanSquare()),
        String.format("%.2e", relativeError),
        String.format("%.2e", worstRowError),
        String.format("%.1f %%", 100 * exactShare),
        Integer.toString(exactRows),
        String.format("%.1f", exactSeconds * 1e3),
        String.format("%.1f", convSeconds * 1e3),
        Report.starts(search.starts()));
  }

  ObjectNode tree() {
    ObjectNode node = Report.object();
    node.put("head", head);
    node.put("asked_terms", askedTerms);
    Report.describe(node, search);
    node.put("residual_max", residual.sup());
    node.put("residual_rms", residual.rootMeanSquare());
    node.put("relative_error", relativeError);
    node.put("worst_row_error", worstRowError);
    node.put("exact_share", exactShare);
    node.put("exact_rows", exactRows);
    node.put("exact_seconds", exactSeconds);
    node.put("conv_seconds", convSeconds);
    return node;
  }
}
