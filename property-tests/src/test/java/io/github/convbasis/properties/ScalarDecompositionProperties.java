package io.github.convbasis.properties;

/** The exact decomposition on the scalar backend. */
class ScalarDecompositionProperties extends DecompositionContract implements ScalarContract {}
