package io.github.convbasis.properties;

/** Attention with a visibility and a bias, on the scalar backend. */
class ScalarVariantProperties extends VariantContract implements ScalarContract {}
