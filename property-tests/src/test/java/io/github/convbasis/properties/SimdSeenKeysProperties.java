package io.github.convbasis.properties;

/** Exact rows under a mask and a bias, on the SIMD backend. */
class SimdSeenKeysProperties extends SeenKeysContract implements SimdContract {}
