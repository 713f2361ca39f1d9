package io.github.convbasis.properties;

/** The scalar backend against attention computed elsewhere. */
class ScalarOracleProperties extends OracleContract implements ScalarContract {}
