package io.github.convbasis.properties;

/** Columns of logits of the SIMD backend. */
class SimdLogitColumnsProperties extends LogitColumnsContract implements SimdContract {}
