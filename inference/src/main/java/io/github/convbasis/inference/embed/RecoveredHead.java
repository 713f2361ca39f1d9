package io.github.convbasis.inference.embed;

import io.github.convbasis.attention.ConvAttention.HeadResult;
import io.github.convbasis.attention.ErrorEstimate;

/**
 * What attention from a recovered basis did with one head. Immutable and thread-safe.
 *
 * @param result segments, exact rows and the exact share
 * @param error of the output, estimated from rows recomputed exactly; null if none were sampled
 */
public record RecoveredHead(HeadResult result, ErrorEstimate error) {}
