package io.github.convbasis.properties;

/** Products with dense weights of the SIMD backend. */
class SimdLinearOperatorProperties extends LinearOperatorContract implements SimdContract {}
