package io.github.convbasis.properties;

/** Convolution with one kernel of the scalar backend. */
class ScalarCausalConvolutionProperties extends CausalConvolutionContract
    implements ScalarContract {}
