package io.github.convbasis.properties;

/** Attention with few segments under any visibility, on the scalar backend. */
class ScalarVariantStructureProperties extends VariantStructureContract implements ScalarContract {}
