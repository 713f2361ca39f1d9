package io.github.convbasis.properties;

/** Rounding bounds and kernel gradients of the SIMD backend. */
class SimdSegmentPlanProperties extends SegmentPlanContract implements SimdContract {}
