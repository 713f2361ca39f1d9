package io.github.convbasis.properties;

/** Conv-basis attention of the scalar backend. */
class ScalarConvAttentionProperties extends ConvAttentionContract implements ScalarContract {}
