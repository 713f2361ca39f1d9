package io.github.convbasis.properties;

/** Attention of k-conv logits on the SIMD backend. */
class SimdStructuredAttentionProperties extends StructuredAttentionContract
    implements SimdContract {}
