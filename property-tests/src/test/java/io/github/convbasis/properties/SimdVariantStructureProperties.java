package io.github.convbasis.properties;

/** Attention with few segments under any visibility, on the SIMD backend. */
class SimdVariantStructureProperties extends VariantStructureContract implements SimdContract {}
