package io.github.convbasis.properties;

/** Rounding bounds and kernel gradients of the scalar backend. */
class ScalarSegmentPlanProperties extends SegmentPlanContract implements ScalarContract {}
