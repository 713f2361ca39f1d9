package io.github.convbasis.inference.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.convbasis.decompose.Recovery;
import io.github.convbasis.matrix.SegmentedToeplitz;
import java.util.ArrayList;
import java.util.List;

/** Makes the parts that reports of several commands share: JSON, tables, segment starts. */
final class Report {
  private static final ObjectMapper MAPPER =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private static final int SHOWN_STARTS = 6;

  private Report() {}

  static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  static String json(JsonNode node) {
    try {
      return MAPPER.writeValueAsString(node);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of plain values must be writable", e);
    }
  }

  /** Adds how a basis was found. */
  static void describe(ObjectNode node, Recovery recovery) {
    node.put("recovery", word(recovery.strategy()));
    node.put("terms", recovery.columns());
    ArrayNode starts = node.putArray("starts");
    for (int r = 0; r < recovery.matrix().terms(); r++) {
      starts.add(recovery.matrix().start(r));
    }
    node.put("window", recovery.window());
    node.put("delta", recovery.delta());
    node.put("epsilon", recovery.epsilon());
    node.put("probes", recovery.probes());
    node.put("unconfirmed_terms", recovery.unconfirmedTerms());
    node.put("outcome", word(recovery.outcome()));
  }

  /** Turns TERM_LIMIT into term-limit. */
  static String word(Enum<?> value) {
    return value.name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
  }

  /** Lists the first starts, counted from 0, and how many more there are. */
  static String starts(SegmentedToeplitz matrix) {
    StringBuilder text = new StringBuilder();
    int shown = Math.min(matrix.terms(), SHOWN_STARTS);
    for (int r = 0; r < shown; r++) {
      text.append(r == 0 ? "" : " ").append(matrix.start(r));
    }
    return shown < matrix.terms() ? text + " +" + (matrix.terms() - shown) : text.toString();
  }

  /** Aligns rows of cells under a heading; numbers to the right. */
  static String table(List<String> heading, List<List<String>> rows) {
    List<List<String>> lines = new ArrayList<>();
    lines.add(heading);
    lines.addAll(rows);
    int[] widths = new int[heading.size()];
    for (List<String> line : lines) {
      for (int c = 0; c < widths.length; c++) {
        widths[c] = Math.max(widths[c], line.get(c).length());
      }
    }
    StringBuilder text = new StringBuilder();
    for (List<String> line : lines) {
      StringBuilder row = new StringBuilder();
      for (int c = 0; c < widths.length; c++) {
        boolean last = c == widths.length - 1;
        String padding = " ".repeat(widths[c] - line.get(c).length());
        row.append(last ? line.get(c) : padding + line.get(c) + "  ");
      }
      text.append(row.toString().stripTrailing()).append(System.lineSeparator());
    }
    return text.toString();
  }
}
