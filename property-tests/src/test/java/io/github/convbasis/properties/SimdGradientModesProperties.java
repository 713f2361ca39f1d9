package io.github.convbasis.properties;

/** Gradients of conv-basis attention of the SIMD backend. */
class SimdGradientModesProperties extends GradientModesContract implements SimdContract {}
