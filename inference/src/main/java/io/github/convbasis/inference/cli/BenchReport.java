package io.github.convbasis.inference.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.inference.embed.AttentionChoice;
import io.github.convbasis.inference.model.LlamaConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Tells what a benchmark gave, as a table of Markdown, as CSV or as JSON.
 *
 * @param model its name
 * @param config its sizes
 * @param backend what computed
 * @param threads that worked at once
 * @param tests what was measured
 */
record BenchReport(
    Path model, LlamaConfig config, Backend backend, int threads, List<BenchTest> tests) {
  /** How results are printed. */
  enum Format {
    /** A table of Markdown. */
    MD,
    /** Comma-separated values under a line of names. */
    CSV,
    /** An array of objects. */
    JSON
  }

  private static final List<String> HEADING =
      List.of(
          "model",
          "size",
          "params",
          "backend",
          "threads",
          "attention",
          "test",
          "t/s",
          "attention time");

  /** Prints in a format, null for the usual one. */
  String print(Format format) {
    return switch (format == null ? Format.MD : format) {
      case MD -> markdown();
      case CSV -> csv();
      case JSON -> Report.json(tree()) + System.lineSeparator();
    };
  }

  private String name() {
    Path last = model.getFileName();
    return "llama " + (last == null ? model : last);
  }

  private String markdown() {
    List<List<String>> lines = new ArrayList<>();
    lines.add(HEADING);
    for (BenchTest test : tests) {
      lines.add(
          List.of(
              name(),
              String.format(Locale.ROOT, "%.2f MiB", bytes() / (1024.0 * 1024)),
              String.format(Locale.ROOT, "%.2f M", config.parameters() / 1e6),
              backend.name(),
              Integer.toString(threads),
              test.choice().label(),
              test.name(),
              String.format(Locale.ROOT, "%.2f ± %.2f", test.meanSpeed(), test.speedDeviation()),
              String.format(Locale.ROOT, "%.0f %%", 100 * test.attentionShare())));
    }
    int[] widths = new int[HEADING.size()];
    for (List<String> line : lines) {
      for (int c = 0; c < widths.length; c++) {
        widths[c] = Math.max(widths[c], line.get(c).replace("|", "\\|").length());
      }
    }
    StringBuilder text = new StringBuilder();
    for (int row = 0; row < lines.size(); row++) {
      text.append('|');
      for (int c = 0; c < widths.length; c++) {
        String cell = lines.get(row).get(c).replace("|", "\\|");
        text.append(' ').append(cell).append(" ".repeat(widths[c] - cell.length())).append(" |");
      }
      text.append(System.lineSeparator());
      if (row == 0) {
        for (int width : widths) {
          text.append("| ").append("-".repeat(width)).append(' ');
        }
        text.append('|').append(System.lineSeparator());
      }
    }
    return text.toString();
  }

  private long bytes() {
    return Float.BYTES * config.parameters();
  }

  private String csv() {
    StringBuilder text =
        new StringBuilder(
            "model,size_bytes,params,backend,threads,attention,test,tokens,repetitions,"
                + "tokens_per_second,standard_deviation,attention_share");
    text.append(System.lineSeparator());
    for (BenchTest test : tests) {
      List<Object> cells =
          List.of(
              name(),
              bytes(),
              config.parameters(),
              backend.name(),
              threads,
              test.choice().label(),
              test.name(),
              test.tokens(),
              test.speeds().length,
              test.meanSpeed(),
              test.speedDeviation(),
              test.attentionShare());
      text.append(cells.stream().map(BenchReport::quoted).collect(Collectors.joining(",")));
      text.append(System.lineSeparator());
    }
    return text.toString();
  }

  /** Quotes what would read as several cells. */
  private static String quoted(Object cell) {
    String text = cell.toString();
    return text.matches("(?s).*[\",\\r\\n].*") ? '"' + text.replace("\"", "\"\"") + '"' : text;
  }

  private ArrayNode tree() {
    ArrayNode array = Report.array();
    for (BenchTest test : tests) {
      ObjectNode node = array.addObject();
      node.put("model", name());
      node.put("model_directory", model.toString());
      node.put("size_bytes", bytes());
      node.put("params", config.parameters());
      node.put("backend", backend.name());
      node.put("backend_description", backend.description());
      node.put("threads", threads);
      node.put("attention", Report.word(test.choice().kind()));
      if (test.choice().kind() == AttentionChoice.Kind.TOLERANCE) {
        node.put("tolerance", test.choice().tolerance());
      }
      if (test.choice().kind() == AttentionChoice.Kind.RECOVER) {
        node.put("terms", test.choice().terms());
      }
      node.put("test", test.name());
      node.put("tokens", test.tokens());
      node.put("tokens_per_second", test.meanSpeed());
      node.put("standard_deviation", test.speedDeviation());
      ArrayNode samples = node.putArray("samples");
      for (double speed : test.speeds()) {
        samples.add(speed);
      }
      node.put("attention_share", test.attentionShare());
      node.put("heads_not_exact", test.approximatedHeads());
    }
    return array;
  }
}
