package io.github.convbasis.properties;

/** Attention chunk by chunk of the scalar backend. */
class ScalarPrefillProperties extends PrefillContract implements ScalarContract {}
