package io.github.convbasis.properties;

/** Bounds on rounding that the scalar backend gives. */
class ScalarBoundedConvolutionProperties extends BoundedConvolutionContract
    implements ScalarContract {}
