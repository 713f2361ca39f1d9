package io.github.convbasis.properties;

/** Convolution with one kernel of the SIMD backend. */
class SimdCausalConvolutionProperties extends CausalConvolutionContract implements SimdContract {}
