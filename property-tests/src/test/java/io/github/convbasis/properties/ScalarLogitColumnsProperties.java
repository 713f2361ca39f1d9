package io.github.convbasis.properties;

/** Columns of logits of the scalar backend. */
class ScalarLogitColumnsProperties extends LogitColumnsContract implements ScalarContract {}
