package io.github.convbasis.properties;

/** Exact attention of the SIMD backend. */
class SimdExactAttentionProperties extends ExactAttentionContract implements SimdContract {}
