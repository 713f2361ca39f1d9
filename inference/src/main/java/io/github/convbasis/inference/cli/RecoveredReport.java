package io.github.convbasis.inference.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.convbasis.attention.ConvAttention.HeadResult;
import io.github.convbasis.attention.ErrorEstimate;
import io.github.convbasis.inference.embed.RecoveredHead;
import java.util.Locale;

/** Tells what attention from a recovered basis did with a head, in a cell or as JSON. */
final class RecoveredReport {
  private RecoveredReport() {}

  /** Says in a few words what was found and how far it is off. */
  static String brief(RecoveredHead head) {
    HeadResult result = head.result();
    if (result.exactShare() == 1) {
      return "exact: cheaper than " + result.search().columns() + " segments";
    }
    return String.format(
        Locale.ROOT,
        "%d segments, %.1f %% exact, %d rows exact; error %s",
        result.search().columns(),
        100 * result.exactShare(),
        result.exactRows(),
        head.error() == null
            ? "not sampled"
            : String.format(Locale.ROOT, "%.1e", head.error().relativeError()));
  }

  static ObjectNode tree(RecoveredHead head) {
    HeadResult result = head.result();
    ObjectNode node = Report.object();
    node.put("head", result.head());
    Report.describe(node, result.search());
    node.put("exact_share", result.exactShare());
    node.put("exact_rows", result.exactRows());
    if (head.error() == null) {
      node.putNull("relative_error");
    } else {
      describe(node, head.error());
    }
    return node;
  }

  /** Adds an estimated error. */
  static void describe(ObjectNode node, ErrorEstimate error) {
    node.put("relative_error", error.relativeError());
    node.put("relative_error_low", error.low());
    node.put("relative_error_high", error.high());
    node.put("worst_sampled_row", error.worstRow());
    node.put("worst_sampled_row_error", error.worstRowError());
    node.put("error_provenance", error.provenance());
  }
}
