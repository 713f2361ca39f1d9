package io.github.convbasis.inference.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.inference.embed.AttentionChoice;
import io.github.convbasis.inference.model.LlamaConfig;
import io.github.convbasis.inference.model.LogitDrift;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Tells what attention that is not exact did to a model, as tables or as JSON. */
final class PerplexityReport {
  private static final String NONE = "-";

  private static List<String> heading(String unit) {
    return List.of(
        "attention",
        "perplexity",
        "bits per " + unit,
        "same top " + unit,
        "logit drift rms",
        "max",
        "KL nats",
        "attention ms",
        "rest ms",
        "total ms",
        "heads not exact");
  }

  private static List<String> howToRead(String unit) {
    return List.of(
        "perplexity, bits per "
            + unit
            + ": how well the next "
            + unit
            + " is predicted, less is better",
        "same top "
            + unit
            + ": positions whose most likely next "
            + unit
            + " is that of exact attention",
        "logit drift, KL: distance of logits and of the predicted distribution from exact"
            + " attention's",
        "attention ms: planning and judging of plans included, sampling of other errors not; the"
            + " fastest pass of each window counts",
        "heads not exact: in the first window, heads whose plan held, or whose basis was cheaper"
            + " than exact attention; the others were exact");
  }

  private final Path model;
  private final Path source;
  private final LlamaConfig config;
  private final String unit;
  private final int[][] texts;
  private final Backend backend;
  private final int threads;
  private final List<AttentionTrial> trials;

  PerplexityReport(
      Path model,
      Path source,
      LoadedModel loaded,
      int[][] texts,
      Backend backend,
      int threads,
      List<AttentionTrial> trials) {
    this.model = model;
    this.source = source;
    config = loaded.model().config();
    unit = loaded.tokenizer().unit();
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
            model, config.layers(), config.heads(), config.keyHeads(), config.headWidth()));
    text.append(
        format(
            "text %s: windows %d, %ss in each %d; backend %s (%s), threads %d%n%n",
            source,
            texts.length,
            unit,
            texts[0].length,
            backend.name(),
            backend.description(),
            threads));
    List<List<String>> rows = new ArrayList<>();
    for (AttentionTrial trial : trials) {
      rows.add(cells(trial));
    }
    text.append(Report.table(heading(unit), rows)).append(end);
    for (AttentionTrial trial : trials) {
      if (!trial.isExact()) {
        text.append(verdict(trial)).append(end);
      }
    }
    text.append(end);
    howToRead(unit).forEach(line -> text.append(line).append(end));
    return text.append(end).append(plans()).toString();
  }

  private String verdict(AttentionTrial trial) {
    AttentionTrial exact = trials.get(0);
    double change = trial.drift().perplexity() / exact.drift().perplexity() - 1;
    return format(
        "%s: perplexity %+.3f %%, attention takes %.2f times as long as exact attention, the"
            + " model %.2f times",
        trial.choice().label(),
        100 * change,
        trial.attentionMillis() / exact.attentionMillis(),
        trial.totalMillis() / exact.totalMillis());
  }

  private List<String> cells(AttentionTrial trial) {
    LogitDrift drift = trial.drift();
    boolean exact = trial.isExact();
    int heads = config.layers() * config.heads();
    return List.of(
        trial.choice().label(),
        format("%.4f", drift.perplexity()),
        format("%.4f", drift.bitsPerToken()),
        exact ? NONE : format("%.2f %%", 100 * drift.agreement()),
        exact ? NONE : format("%.1e", drift.rootMeanSquare()),
        exact ? NONE : format("%.1e", drift.greatestDifference()),
        exact ? NONE : format("%.1e", drift.meanDivergence()),
        format("%.1f", trial.attentionMillis()),
        format("%.1f", trial.restMillis()),
        format("%.1f", trial.totalMillis()),
        exact ? NONE : trial.reports().approximated() + " of " + heads);
  }

  /** Has a row for each head and a column for each attention but exact. */
  private String plans() {
    List<String> heading = new ArrayList<>(List.of("layer", "head"));
    for (AttentionTrial trial : trials) {
      if (!trial.isExact()) {
        heading.add(heading(trial.choice()));
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
            row.add(trial.reports().brief(layer, head));
          }
        }
        rows.add(row);
      }
    }
    return Report.table(heading, rows);
  }

  private static String heading(AttentionChoice choice) {
    boolean planned = choice.kind() == AttentionChoice.Kind.TOLERANCE;
    return planned ? "plan " + choice.label() : "basis of at most " + choice.label();
  }

  private static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }

  ObjectNode tree() {
    ObjectNode root = Report.object();
    root.put("model", model.toString());
    root.put("text", source.toString());
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

  private void describe(AttentionTrial trial, ObjectNode node) {
    LogitDrift drift = trial.drift();
    node.put("attention", Report.word(trial.choice().kind()));
    node.put("perplexity", drift.perplexity());
    node.put("bits_per_" + unit, drift.bitsPerToken());
    node.put("predicted_tokens", drift.predictedTokens());
    node.put("attention_ms", trial.attentionMillis());
    node.put("rest_ms", trial.restMillis());
    node.put("total_ms", trial.totalMillis());
    if (trial.isExact()) {
      return;
    }
    if (trial.choice().kind() == AttentionChoice.Kind.TOLERANCE) {
      node.put("tolerance", trial.choice().tolerance());
    } else {
      node.put("terms", trial.choice().terms());
    }
    node.put("top_agreement", drift.agreement());
    node.put("logit_rms", drift.rootMeanSquare());
    node.put("logit_max", drift.greatestDifference());
    node.put("kl_nats", drift.meanDivergence());
    trial.reports().addTo(node);
  }
}
