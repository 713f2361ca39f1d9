package io.github.convbasis.properties;

/** Conv-basis attention with known starts of the scalar backend. */
class ScalarLongConvAttentionProperties extends LongConvAttentionContract
    implements ScalarContract {}
