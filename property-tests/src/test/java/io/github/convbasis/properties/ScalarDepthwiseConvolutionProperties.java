package io.github.convbasis.properties;

/** Convolution with a kernel for each column of the scalar backend. */
class ScalarDepthwiseConvolutionProperties extends DepthwiseConvolutionContract
    implements ScalarContract {}
