package io.github.convbasis.properties;

/** The decomposition to a tolerance on the SIMD backend. */
class SimdToleranceDecompositionProperties extends ToleranceDecompositionContract
    implements SimdContract {}
