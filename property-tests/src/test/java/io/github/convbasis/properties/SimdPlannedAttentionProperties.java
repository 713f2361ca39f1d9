package io.github.convbasis.properties;

/** Attention at a tolerance of the SIMD backend. */
class SimdPlannedAttentionProperties extends PlannedAttentionContract implements SimdContract {}
