package io.github.convbasis.inference.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.inference.embed.AttentionChoice;
import io.github.convbasis.inference.generate.Generator;
import io.github.convbasis.inference.generate.Generator.Phase;
import io.github.convbasis.inference.model.LlamaConfig;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Tells how fast a text was generated, as lines or as JSON.
 *
 * @param model its name
 * @param config its sizes
 * @param unit what a token is
 * @param backend what computed
 * @param threads that worked at once
 * @param choice the prompt's attention
 * @param heads what it did
 * @param result what was done
 */
record GenerateReport(
    Path model,
    LlamaConfig config,
    String unit,
    Backend backend,
    int threads,
    AttentionChoice choice,
    HeadReports heads,
    Generator.Result result) {

  String text() {
    String end = System.lineSeparator();
    StringBuilder text = new StringBuilder();
    text.append(
        format(
            "%nmodel %s: %d layers of %d heads (%d of keys), d = %d; backend %s (%s), threads %d%n",
            model,
            config.layers(),
            config.heads(),
            config.keyHeads(),
            config.headWidth(),
            backend.name(),
            backend.description(),
            threads));
    text.append(phase("prompt", result.prompt(), choice.label())).append(end);
    text.append(phase("generated", result.generation(), "exact")).append(end);
    text.append(
        format("ended after %d %ss: %s%n", result.generated(), unit, reason(result.ending())));
    if (!heads.isEmpty()) {
      text.append(end).append(heads.table("attention to the prompt, " + choice.label()));
      text.append("error: relative to exact attention, of sampled rows").append(end);
    }
    return text.toString();
  }

  private String phase(String name, Phase phase, String attention) {
    if (phase.tokens() == 0) {
      return format("%-10s nothing was read", name);
    }
    double share = (double) phase.attentionNanos() / phase.nanos();
    return format(
        "%-10s %d %ss read in %.3f s, %.1f a second; attention (%s) took %.0f %% of the time",
        name,
        phase.tokens(),
        unit,
        phase.nanos() / 1e9,
        phase.tokensPerSecond(),
        attention,
        100 * share);
  }

  private static String reason(Generator.Ending ending) {
    return switch (ending) {
      case TOKEN_LIMIT -> "--max-tokens";
      case END_TOKEN -> "the model ended the text";
      case CONTEXT_FULL -> "the model's context is full";
      case STOPPED -> "the output stream takes no more";
    };
  }

  private static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }

  ObjectNode tree(String text) {
    ObjectNode root = Report.object();
    root.put("model", model.toString());
    root.put("backend", backend.name());
    root.put("backend_description", backend.description());
    root.put("threads", threads);
    root.put("attention", Report.word(choice.kind()));
    if (choice.kind() == AttentionChoice.Kind.TOLERANCE) {
      root.put("tolerance", choice.tolerance());
    }
    if (choice.kind() == AttentionChoice.Kind.RECOVER) {
      root.put("terms", choice.terms());
    }
    root.put("text", text);
    root.put("generated_tokens", result.generated());
    root.put("ending", Report.word(result.ending()));
    root.set("prompt", tree(result.prompt()));
    root.set("generation", tree(result.generation()));
    if (!heads.isEmpty()) {
      heads.addTo(root);
    }
    return root;
  }

  private static ObjectNode tree(Phase phase) {
    ObjectNode node = Report.object();
    node.put("tokens", phase.tokens());
    node.put("seconds", phase.nanos() / 1e9);
    node.put("attention_seconds", phase.attentionNanos() / 1e9);
    node.put("rest_seconds", (phase.nanos() - phase.attentionNanos()) / 1e9);
    if (phase.tokens() > 0) {
      node.put("tokens_per_second", phase.tokensPerSecond());
    } else {
      node.putNull("tokens_per_second");
    }
    return node;
  }
}
