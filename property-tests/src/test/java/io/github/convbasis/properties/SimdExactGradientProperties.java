package io.github.convbasis.properties;

/** Gradients of exact entries of the SIMD backend. */
class SimdExactGradientProperties extends ExactGradientContract implements SimdContract {}
