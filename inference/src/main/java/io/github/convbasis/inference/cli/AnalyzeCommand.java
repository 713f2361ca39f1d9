package io.github.convbasis.inference.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Analyses: how conv-like is each head, and what does conv-basis attention cost in accuracy. */
@Command(
    name = "analyze",
    mixinStandardHelpOptions = true,
    description = {
      "Measure, per head, how well a basis of a few convolutions fits and what error it makes.",
      "",
      "residual: modelled against real logits, over the whole lower triangle (max and root mean"
          + " square). output error: relative Frobenius norm against exact attention, over all"
          + " rows. exact part: the share of the lower triangle that the backend computed from"
          + " queries and keys all the same; 100 %% means that the terms were not worth using. Times"
          + " are the best of many runs, recovery included. Exact attention is O(n²): this is a"
          + " diagnosis, not the fast path.",
      ""
    },
    footer = {
      "",
      "Example:",
      "  convbasis analyze --queries q.npy --keys k.npy --values v.npy --terms 8,64,256"
    })
final class AnalyzeCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private InputOptions input;
  @Mixin private RecoveryOptions recovery;
  @Mixin private BackendOptions backend;

  @Option(
      names = "--terms",
      paramLabel = "k",
      split = ",",
      defaultValue = "8,64",
      description = "Numbers of terms to try, comma-separated (default: ${DEFAULT-VALUE}).")
  private List<Integer> terms;

  @Option(names = "--json", description = "Print the report as JSON.")
  private boolean json;

  @Override
  public Integer call() {
    AttentionInputs inputs = input.load(AttentionMask.CAUSAL).inputs();
    Backend chosen = backend.backend(inputs);
    List<HeadAnalysis> analyses =
        backend.parallel(parallelism -> analyze(chosen, inputs, parallelism));
    print(spec.commandLine().getOut(), chosen, inputs, analyses);
    return 0;
  }

  private List<HeadAnalysis> analyze(
      Backend chosen, AttentionInputs inputs, Parallelism parallelism) {
    int heads = inputs.queries().heads();
    List<HeadAnalysis> analyses = new ArrayList<>();
    try (Progress progress = Progress.of("analyze", (long) heads * (terms.size() + 1))) {
      for (int head = 0; head < heads; head++) {
        HeadAnalysis.Baseline baseline = HeadAnalysis.baseline(chosen, inputs, head, parallelism);
        progress.step();
        for (int count : terms) {
          analyses.add(
              HeadAnalysis.of(chosen, baseline, count, recovery.recovery(count), parallelism));
          progress.step();
        }
      }
    }
    return analyses;
  }

  private void print(
      PrintWriter out, Backend chosen, AttentionInputs inputs, List<HeadAnalysis> analyses) {
    if (!json) {
      printTable(out, chosen, inputs, analyses);
      return;
    }
    ObjectNode root = Report.object();
    root.put("backend", chosen.name());
    root.put("backend_description", chosen.description());
    root.put("threads", backend.threads());
    root.put("n", inputs.rows());
    root.put("d", inputs.queries().width());
    root.put("scale", inputs.scale());
    for (HeadAnalysis analysis : analyses) {
      root.withArray("heads").add(analysis.tree());
    }
    out.println(Report.json(root));
  }

  private static void printTable(
      PrintWriter out, Backend chosen, AttentionInputs inputs, List<HeadAnalysis> analyses) {
    out.printf(
        "%d heads, n = %d, d = %d, scale %.6g; backend %s (%s)%n%n",
        inputs.queries().heads(),
        inputs.rows(),
        inputs.queries().width(),
        inputs.scale(),
        chosen.name(),
        chosen.description());
    List<List<String>> rows = new ArrayList<>();
    for (HeadAnalysis analysis : analyses) {
      rows.add(analysis.cells());
    }
    out.print(Report.table(HeadAnalysis.HEADING, rows));
    out.flush();
  }
}
