package io.github.convbasis.inference.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.convbasis.inference.embed.RecoveredHead;
import io.github.convbasis.inference.model.AttentionRun;
import io.github.convbasis.plan.HeadReport;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What a run did with the heads of a prompt, whichever kind of attention it was; nothing for exact
 * attention.
 *
 * @param planned layer by layer, at a tolerance
 * @param recovered layer by layer, from recovered bases
 */
record HeadReports(List<List<HeadReport>> planned, List<List<RecoveredHead>> recovered) {
  static final HeadReports NONE = new HeadReports(List.of(), List.of());

  static HeadReports of(AttentionRun run) {
    return new HeadReports(run.planned(), run.recovered());
  }

  /** Returns how many layers were reported. */
  int layers() {
    return Math.max(planned.size(), recovered.size());
  }

  /** Returns how many heads a layer has. */
  int heads(int layer) {
    return planned.isEmpty() ? recovered.get(layer).size() : planned.get(layer).size();
  }

  boolean isEmpty() {
    return layers() == 0;
  }

  /** Counts heads that were not computed exactly. */
  long approximated() {
    long count =
        planned.stream().flatMap(List::stream).filter(r -> r.certificate() != null).count();
    // Backends compute every logit where that is cheaper than the basis.
    return count
        + recovered.stream().flatMap(List::stream).filter(r -> r.result().exactShare() < 1).count();
  }

  /** Says in a few words what was done with a head. */
  String brief(int layer, int head) {
    if (planned.isEmpty()) {
      return RecoveredReport.brief(recovered.get(layer).get(head));
    }
    HeadReport report = planned.get(layer).get(head);
    if (report.certificate() == null) {
      return report.outcome() == HeadReport.Outcome.FALLEN_BACK ? "exact: no plan held" : "exact";
    }
    return PlannedReport.brief(report.plan())
        + String.format(Locale.ROOT, "; error %.1e", report.certificate().relativeError());
  }

  /** Returns a row for each head. */
  String table(String heading) {
    List<List<String>> rows = new ArrayList<>();
    for (int layer = 0; layer < layers(); layer++) {
      for (int head = 0; head < heads(layer); head++) {
        rows.add(List.of(Integer.toString(layer), Integer.toString(head), brief(layer, head)));
      }
    }
    return Report.table(List.of("layer", "head", heading), rows);
  }

  /** Adds everything that is known of each head. */
  void addTo(ObjectNode node) {
    node.put("heads_not_exact", approximated());
    ArrayNode heads = node.putArray("heads");
    for (int layer = 0; layer < layers(); layer++) {
      for (int head = 0; head < heads(layer); head++) {
        ObjectNode tree =
            planned.isEmpty()
                ? RecoveredReport.tree(recovered.get(layer).get(head))
                : PlannedReport.tree(planned.get(layer).get(head));
        tree.put("layer", layer);
        heads.add(tree);
      }
    }
  }
}
