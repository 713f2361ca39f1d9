package io.github.convbasis.properties;

/** Gradients of the SIMD backend against the oracle's, whose elements are of size 1. */
class SimdGradientOracleProperties extends GradientOracleContract implements SimdContract {
  /** Float roundings of exact attention, and what the guard lets through of transforms. */
  @Override
  double bound() {
    return 1e-4;
  }
}
