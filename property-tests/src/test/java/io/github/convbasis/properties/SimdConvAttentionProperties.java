package io.github.convbasis.properties;

/** Conv-basis attention of the SIMD backend. */
class SimdConvAttentionProperties extends ConvAttentionContract implements SimdContract {}
