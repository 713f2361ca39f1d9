package io.github.convbasis.properties;

/** Attention from segments of the scalar backend. */
class ScalarSegmentAttentionProperties extends SegmentAttentionContract implements ScalarContract {}
