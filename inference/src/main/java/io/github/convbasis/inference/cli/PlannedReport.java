package io.github.convbasis.inference.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.convbasis.inference.plan.PlanFile;
import io.github.convbasis.matrix.TileKind;
import io.github.convbasis.plan.AttentionPlan;
import io.github.convbasis.plan.Certificate;
import io.github.convbasis.plan.HeadReport;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Tells what attention at a tolerance did with each head, as a table or as JSON. */
final class PlannedReport {
  private static final String NONE = "-";

  private static final List<String> HEADING =
      List.of(
          "head",
          "outcome",
          "plan",
          "exact rows",
          "work",
          "error",
          "interval",
          "worst row",
          "rows within",
          "plan / run / judge ms");

  private static final List<String> HOW_TO_READ =
      List.of(
          "plan: shares of the lower triangle whose weights are computed one by one (exact), summed"
              + " up by blocks (rank one) or taken for zero (negligible); or convolutions",
          "exact rows: recomputed one by one, because rounding or a rank-one block could show",
          "work: predicted, as a share of exact attention; error: relative Frobenius, estimated from"
              + " rows that planning had not seen",
          "worst row: the sampled row with the greatest relative error; rows within: at least so"
              + " many rows have no greater error than the tolerance",
          NONE + ": computed exactly, so there is no error to estimate");

  private PlannedReport() {}

  static String text(List<HeadReport> reports) {
    List<List<String>> rows = new ArrayList<>();
    Map<String, List<String>> reasons = new LinkedHashMap<>();
    Certificate first = null;
    int firstHead = 0;
    for (HeadReport report : reports) {
      rows.add(cells(report));
      reasons
          .computeIfAbsent(report.plan().reason(), reason -> new ArrayList<>())
          .add(Integer.toString(report.head()));
      if (first == null && report.certificate() != null) {
        first = report.certificate();
        firstHead = report.head();
      }
    }
    String end = System.lineSeparator();
    StringBuilder text = new StringBuilder(Report.table(HEADING, rows)).append(end);
    reasons.forEach(
        (reason, heads) -> {
          text.append(heads.size() == 1 ? "head " : "heads ").append(String.join(", ", heads));
          text.append(": ").append(reason).append(end);
        });
    if (first != null) {
      text.append(end).append("head ").append(firstHead).append(": ").append(first.statement());
      text.append(end);
    }
    text.append(end);
    HOW_TO_READ.forEach(line -> text.append(line).append(end));
    return text.toString();
  }

  private static List<String> cells(HeadReport report) {
    AttentionPlan plan = report.plan();
    Certificate judged = report.certificate();
    return List.of(
        Integer.toString(report.head()),
        Report.word(report.outcome()),
        brief(plan),
        Integer.toString(report.exactRows()),
        format("%.3g", plan.predictedCost()),
        judged == null ? NONE : format("%.2e", judged.relativeError()),
        judged == null ? NONE : format("%.1e … %.1e", judged.low(), judged.high()),
        judged == null ? NONE : format("%d: %.1e", judged.worstRow(), judged.worstRowError()),
        judged == null ? NONE : format("%.1f %%", floor(judged.rowsWithin())),
        format(
            "%.1f / %.1f / %.1f",
            report.planningNanos() / 1e6,
            report.runNanos() / 1e6,
            report.certificateNanos() / 1e6));
  }

  /** Says in a few words what a plan is. */
  static String brief(AttentionPlan plan) {
    if (plan.isExact()) {
      return "exact";
    }
    List<String> parts = new ArrayList<>();
    if (plan.map().has(TileKind.EXACT)) {
      parts.add(percent(plan.map().share(TileKind.EXACT)) + " exact");
    }
    if (plan.exactColumns().length > 0) {
      parts.add(plan.exactColumns().length + " exact columns");
    }
    if (plan.map().has(TileKind.RANK_ONE)) {
      parts.add(percent(plan.map().share(TileKind.RANK_ONE)) + " rank one");
    }
    if (plan.map().has(TileKind.NEGLIGIBLE)) {
      parts.add(percent(plan.map().share(TileKind.NEGLIGIBLE)) + " negligible");
    }
    if (plan.kernels() != null) {
      parts.add(
          format("%d kernels in %d segments", plan.kernels().kernels(), plan.kernels().segments()));
    }
    return String.join(", ", parts);
  }

  private static String percent(double share) {
    return format("%.1f %%", 100 * share);
  }

  /** Returns a bound in percent, rounded down: it must not be claimed higher than it is. */
  private static double floor(double share) {
    return Math.floor(share * 1000) / 10;
  }

  private static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }

  /** Returns everything that is known of one head, but for the kind of every single tile. */
  static ObjectNode tree(HeadReport report) {
    ObjectNode node = Report.object();
    node.put("head", report.head());
    node.put("outcome", Report.word(report.outcome()));
    node.put("exact_share", report.exactShare());
    node.put("exact_rows", report.exactRows());
    node.put("planning_nanos", report.planningNanos());
    node.put("run_nanos", report.runNanos());
    node.put("certificate_nanos", report.certificateNanos());
    node.set("plan", tree(report.plan()));
    if (report.certificate() == null) {
      node.putNull("certificate");
    } else {
      node.set("certificate", tree(report.certificate()));
    }
    return node;
  }

  private static ObjectNode tree(AttentionPlan plan) {
    ObjectNode node = PlanFile.tree(plan);
    node.remove("map");
    node.put("rows", plan.rows());
    node.put("row_block", plan.map().grid().rowBlock());
    node.put("column_block", plan.map().grid().columnBlock());
    for (TileKind kind : TileKind.values()) {
      String name = kind.name().toLowerCase(Locale.ROOT) + "_share";
      node.put(name, plan.map().share(kind));
    }
    node.put("band", plan.band());
    node.put("sinks", plan.sinks());
    return node;
  }

  private static ObjectNode tree(Certificate certificate) {
    ObjectNode node = Report.object();
    node.put("holds", certificate.holds());
    node.put("tolerance", certificate.tolerance());
    node.put("confidence", certificate.confidence());
    node.put("relative_error", certificate.relativeError());
    node.put("low", certificate.low());
    node.put("high", certificate.high());
    node.put("worst_row", certificate.worstRow());
    if (Double.isInfinite(certificate.worstRowError())) {
      // A row of zeros; JSON has no number for it.
      node.put("worst_row_error", "infinite");
    } else {
      node.put("worst_row_error", certificate.worstRowError());
    }
    node.put("sampled_rows", certificate.sampledRows());
    node.put("population", certificate.population());
    node.put("rows", certificate.rows());
    node.put("strata", certificate.strata());
    node.put("rows_beyond", certificate.rowsBeyond());
    node.put("rows_within", certificate.rowsWithin());
    node.put("seed", certificate.seed());
    node.put("statement", certificate.statement());
    return node;
  }
}
