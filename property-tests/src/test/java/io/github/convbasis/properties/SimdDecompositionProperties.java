package io.github.convbasis.properties;

/** The exact decomposition on the SIMD backend. */
class SimdDecompositionProperties extends DecompositionContract implements SimdContract {}
