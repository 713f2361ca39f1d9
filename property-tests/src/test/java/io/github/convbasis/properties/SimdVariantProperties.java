package io.github.convbasis.properties;

/** Attention with a visibility and a bias, on the SIMD backend. */
class SimdVariantProperties extends VariantContract implements SimdContract {}
