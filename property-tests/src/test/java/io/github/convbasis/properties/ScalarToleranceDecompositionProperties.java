package io.github.convbasis.properties;

/** The decomposition to a tolerance on the scalar backend. */
class ScalarToleranceDecompositionProperties extends ToleranceDecompositionContract
    implements ScalarContract {}
