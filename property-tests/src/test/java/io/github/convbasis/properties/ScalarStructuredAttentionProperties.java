package io.github.convbasis.properties;

/** Attention of k-conv logits on the scalar backend. */
class ScalarStructuredAttentionProperties extends StructuredAttentionContract
    implements ScalarContract {}
