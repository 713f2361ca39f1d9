package io.github.convbasis.properties;

/** Exact rows under a mask and a bias, on the scalar backend. */
class ScalarSeenKeysProperties extends SeenKeysContract implements ScalarContract {}
