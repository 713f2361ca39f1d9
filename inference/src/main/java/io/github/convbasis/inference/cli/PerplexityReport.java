package io.github.convbasis.inference.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.inference.model.LlamaConfig;
import io.github.convbasis.inference.model.LogitDrift;
import io.github.convbasis.plan.HeadReport;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Tells what attention at some tolerances did to a model, as tables or as JSON. */
final class PerplexityReport {
  private static final String NONE = "-";

  private static final List<String> HEADING =
      List.of(
          "attention",
          "perplexity",
          "bits per byte",
          "same top byte",
          "logit drift rms",
          "max",
          "KL nats",
          "attention ms",
          "rest ms",
          "total ms",
          "heads not exact");

  private static final List<String> HOW_TO_READ =
      List.of(
          "perplexity, bits per byte: how well the next byte is predicted, less is better",
          "same top byte: positions whose most likely next byte is that of exact attention",
          "logit drift, KL: distance of logits and of the predicted distribution from exact"
              + " attention's",
          "attention ms: planning and judging included; the fastest pass of each window counts",
          "heads not exact: heads whose plan held, in the first window; the others were exact");

  private final ModelOptions source;
  private final LlamaConfig config;
  private final int[][] texts;
  private final Backend backend;
  private final int threads;
  private final List<AttentionTrial> trials;

  PerplexityReport(
      ModelOptions source,
      LlamaConfig config,
      int[][] texts,
      Backend backend,
      int threads,
      List<AttentionTrial> trials) {
    this.source = source;
    this.config = config;
    this.texts = texts;
    this.backend = backend;
    this.threads = threads;
    this.trials = trials;
  }

  String text() {
    String end = System.lineSeparator();
    StringBuilder text = new StringBuilder();
    text.append(
        format(
            "model %s: %d layers of %d heads (%d of keys), d = %d%n",
            source.model(),
            config.layers(),
            config.heads(),
            config.keyHeads(),
            config.headWidth()));
    text.append(
        format(
            "text %s: windows %d, bytes in each %d; backend %s (%s), threads %d%n%n",
            source.text(),
            texts.length,
            texts[0].length,
            backend.name(),
            backend.description(),
            threads));
    List<List<String>> rows = new ArrayList<>();
    for (AttentionTrial trial : trials) {
      rows.add(cells(trial));
    }
    text.append(Report.table(HEADING, rows)).append(end);
    for (AttentionTrial trial : trials) {
      if (!trial.isExact()) {
        text.append(verdict(trial)).append(end);
      }
    }
    text.append(end);
    HOW_TO_READ.forEach(line -> text.append(line).append(end));
    return text.append(end).append(plans()).toString();
  }

  private String verdict(AttentionTrial trial) {
    AttentionTrial exact = trials.get(0);
    double change = trial.drift().perplexity() / exact.drift().perplexity() - 1;
    return format(
        "within %s: perplexity %+.3f %%, attention takes %.2f times as long as exact attention, the"
            + " model %.2f times",
        trial.tolerance(),
        100 * change,
        trial.attentionMillis() / exact.attentionMillis(),
        trial.totalMillis() / exact.totalMillis());
  }

  private List<String> cells(AttentionTrial trial) {
    LogitDrift drift = trial.drift();
    boolean exact = trial.isExact();
    int heads = config.layers() * config.heads();
    return List.of(
        exact ? "exact" : "within " + trial.tolerance(),
        format("%.4f", drift.perplexity()),
        format("%.4f", drift.bitsPerToken()),
        exact ? NONE : format("%.2f %%", 100 * drift.agreement()),
        exact ? NONE : format("%.1e", drift.rootMeanSquare()),
        exact ? NONE : format("%.1e", drift.greatestDifference()),
        exact ? NONE : format("%.1e", drift.meanDivergence()),
        format("%.1f", trial.attentionMillis()),
        format("%.1f", trial.restMillis()),
        format("%.1f", trial.totalMillis()),
        exact ? NONE : approximated(trial) + " of " + heads);
  }

  private static long approximated(AttentionTrial trial) {
    return trial.reports().stream()
        .flatMap(List::stream)
        .filter(report -> report.certificate() != null)
        .count();
  }

  /** Has a row for each head and a column for each tolerance. */
  private String plans() {
    List<String> heading = new ArrayList<>(List.of("layer", "head"));
    for (AttentionTrial trial : trials) {
      if (!trial.isExact()) {
        heading.add("plan within " + trial.tolerance());
      }
    }
    List<List<String>> rows = new ArrayList<>();
    for (int layer = 0; layer < config.layers(); layer++) {
      for (int head = 0; head < config.heads(); head++) {
        List<String> row = new ArrayList<>();
        row.add(Integer.toString(layer));
        row.add(Integer.toString(head));
        for (AttentionTrial trial : trials) {
          if (!trial.isExact()) {
            row.add(brief(trial.reports().get(layer).get(head)));
          }
        }
        rows.add(row);
      }
    }
    return Report.table(heading, rows);
  }

  private static String brief(HeadReport report) {
    if (report.certificate() == null) {
      return report.outcome() == HeadReport.Outcome.FALLEN_BACK ? "exact: no plan held" : "exact";
    }
    return PlannedReport.brief(report.plan())
        + format("; error %.1e", report.certificate().relativeError());
  }

  private static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }

  ObjectNode tree() {
    ObjectNode root = Report.object();
    root.put("model", source.model().toString());
    root.put("text", source.text().toString());
    root.put("windows", texts.length);
    root.put("tokens", texts[0].length);
    root.put("backend", backend.name());
    root.put("threads", threads);
    ArrayNode runs = root.putArray("runs");
    for (AttentionTrial trial : trials) {
      describe(trial, runs.addObject());
    }
    return root;
  }

  private static void describe(AttentionTrial trial, ObjectNode node) {
    LogitDrift drift = trial.drift();
    node.put("attention", trial.isExact() ? "exact" : "tolerance");
    node.put("perplexity", drift.perplexity());
    node.put("bits_per_byte", drift.bitsPerToken());
    node.put("predicted_tokens", drift.predictedTokens());
    node.put("attention_ms", trial.attentionMillis());
    node.put("rest_ms", trial.restMillis());
    node.put("total_ms", trial.totalMillis());
    if (trial.isExact()) {
      return;
    }
    node.put("tolerance", trial.tolerance());
    node.put("top_agreement", drift.agreement());
    node.put("logit_rms", drift.rootMeanSquare());
    node.put("logit_max", drift.greatestDifference());
    node.put("kl_nats", drift.meanDivergence());
    node.put("heads_not_exact", approximated(trial));
    ArrayNode heads = node.putArray("heads");
    for (int layer = 0; layer < trial.reports().size(); layer++) {
      for (HeadReport report : trial.reports().get(layer)) {
        ObjectNode head = PlannedReport.tree(report);
        head.put("layer", layer);
        heads.add(head);
      }
    }
  }
}
