package io.github.convbasis.properties;

/** Convolution with a kernel for each column of the SIMD backend. */
class SimdDepthwiseConvolutionProperties extends DepthwiseConvolutionContract
    implements SimdContract {}
