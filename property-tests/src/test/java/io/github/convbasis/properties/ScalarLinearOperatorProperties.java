package io.github.convbasis.properties;

/** Products with dense weights of the scalar backend. */
class ScalarLinearOperatorProperties extends LinearOperatorContract implements ScalarContract {}
