package io.github.convbasis.properties;

/** Gradients of exact entries of the scalar backend. */
class ScalarExactGradientProperties extends ExactGradientContract implements ScalarContract {}
