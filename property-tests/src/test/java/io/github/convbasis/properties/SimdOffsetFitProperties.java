package io.github.convbasis.properties;

/** Fits of offset convolutions on the SIMD backend. */
class SimdOffsetFitProperties extends OffsetFitContract implements SimdContract {}
