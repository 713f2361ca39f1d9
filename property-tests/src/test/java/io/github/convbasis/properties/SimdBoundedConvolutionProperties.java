package io.github.convbasis.properties;

/** Bounds on rounding that the SIMD backend gives. */
class SimdBoundedConvolutionProperties extends BoundedConvolutionContract implements SimdContract {}
