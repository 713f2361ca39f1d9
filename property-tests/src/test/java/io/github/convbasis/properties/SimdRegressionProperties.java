package io.github.convbasis.properties;

/** The attention regression on the SIMD backend. */
class SimdRegressionProperties extends RegressionContract implements SimdContract {}
