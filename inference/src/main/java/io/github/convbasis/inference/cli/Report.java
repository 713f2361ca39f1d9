package io.github.convbasis.inference.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.convbasis.decompose.SegmentSearch;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Makes the parts that reports of several commands share: JSON, tables, segment starts. */
final class Report {
  private static final ObjectMapper MAPPER =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private static final int SHOWN_STARTS = 6;

  private Report() {}

  static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  static ArrayNode array() {
    return MAPPER.createArrayNode();
  }

  static String json(JsonNode node) {
    try {
      return MAPPER.writeValueAsString(node);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of plain values must be writable", e);
    }
  }

  /** Adds how a basis was found. */
  static void describe(ObjectNode node, SegmentSearch search) {
    node.put("recovery", word(search.strategy()));
    node.put("terms", search.columns());
    ArrayNode starts = node.putArray("starts");
    search.starts().forEach(starts::add);
    node.put("window", search.window());
    node.put("delta", search.delta());
    node.put("epsilon", search.epsilon());
    node.put("probes", search.probes());
    node.put("unconfirmed_terms", search.unconfirmedTerms());
    node.put("outcome", word(search.outcome()));
  }

  /** Turns TERM_LIMIT into term-limit. */
  static String word(Enum<?> value) {
    return value.name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
  }

  /** Lists the first starts, counted from 0, and how many more there are. */
  static String starts(List<Integer> starts) {
    String first =
        starts.stream().limit(SHOWN_STARTS).map(String::valueOf).collect(Collectors.joining(" "));
    return starts.size() > SHOWN_STARTS ? first + " +" + (starts.size() - SHOWN_STARTS) : first;
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
