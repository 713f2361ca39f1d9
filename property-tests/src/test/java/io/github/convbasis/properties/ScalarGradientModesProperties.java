package io.github.convbasis.properties;

/** Gradients of conv-basis attention of the scalar backend. */
class ScalarGradientModesProperties extends GradientModesContract implements ScalarContract {}
