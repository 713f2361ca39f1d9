package io.github.convbasis.properties;

/** Attention from tiles of the scalar backend. */
class ScalarTilesProperties extends TilesContract implements ScalarContract {
  @Override
  boolean convolutions() {
    return true;
  }
}
