package io.github.convbasis.properties;

/** Gradients of the scalar backend against the oracle's. */
class ScalarGradientOracleProperties extends GradientOracleContract implements ScalarContract {
  @Override
  double bound() {
    return 1e-9;
  }
}
