package io.github.convbasis.properties;

/** The SIMD backend against attention computed elsewhere. */
class SimdOracleProperties extends OracleContract implements SimdContract {}
