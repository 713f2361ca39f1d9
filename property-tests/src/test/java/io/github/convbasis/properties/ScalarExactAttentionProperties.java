package io.github.convbasis.properties;

/** Exact attention of the scalar backend. */
class ScalarExactAttentionProperties extends ExactAttentionContract implements ScalarContract {}
