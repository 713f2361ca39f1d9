package io.github.convbasis.properties;

/** Element loops of decomposition on the SIMD backend. */
class SimdDecompositionLoopsProperties extends DecompositionLoopsContract implements SimdContract {}
