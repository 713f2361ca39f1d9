package io.github.convbasis.properties;

/** Products with decomposed matrices of the scalar backend. */
class ScalarOperatorProperties extends OperatorContract implements ScalarContract {}
