package io.github.convbasis.properties;

/** Attention at a tolerance of the scalar backend. */
class ScalarPlannedAttentionProperties extends PlannedAttentionContract implements ScalarContract {}
