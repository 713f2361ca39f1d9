package io.github.convbasis.properties;

/** Element loops of decomposition on the scalar backend. */
class ScalarDecompositionLoopsProperties extends DecompositionLoopsContract
    implements ScalarContract {}
