package io.github.convbasis.properties;

/** Products with decomposed matrices of the SIMD backend. */
class SimdOperatorProperties extends OperatorContract implements SimdContract {}
