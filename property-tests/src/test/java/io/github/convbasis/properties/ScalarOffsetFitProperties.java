package io.github.convbasis.properties;

/** Fits of offset convolutions on the scalar backend. */
class ScalarOffsetFitProperties extends OffsetFitContract implements ScalarContract {}
