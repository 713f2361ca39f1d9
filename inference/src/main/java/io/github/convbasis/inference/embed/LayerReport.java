package io.github.convbasis.inference.embed;

import io.github.convbasis.plan.HeadReport;
import java.util.List;

/**
 * What an {@link AttentionEngine} did in one call for a layer. Both lists are empty if every head
 * was attended exactly because that was asked for, or because the rows came after earlier ones.
 * Immutable and thread-safe.
 *
 * @param layer which layer, as the caller counts them
 * @param planned for each query head what attention at a tolerance did; empty for another choice
 * @param recovered for each query head what attention from a recovered basis did; empty for another
 *     choice
 * @param nanos how long attending took, planning and judging of plans included, sampling of errors
 *     not
 * @param samplingNanos how long sampling of errors took, which a user who trusts the attention goes
 *     without
 */
public record LayerReport(
    int layer,
    List<HeadReport> planned,
    List<RecoveredHead> recovered,
    long nanos,
    long samplingNanos) {

  /** Copies the lists. */
  public LayerReport {
    planned = List.copyOf(planned);
    recovered = List.copyOf(recovered);
  }
}
