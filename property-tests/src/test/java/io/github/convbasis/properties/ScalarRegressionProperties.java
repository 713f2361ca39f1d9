package io.github.convbasis.properties;

/** The attention regression on the scalar backend. */
class ScalarRegressionProperties extends RegressionContract implements ScalarContract {}
