package io.github.convbasis.decompose;

import io.github.convbasis.matrix.SegmentedToeplitz;

/**
 * What {@link ConvBasisRecovery} found. Immutable and thread-safe.
 *
 * @param matrix the recovered matrix H̃ by segments; the first starts at column 0
 * @param search how its segments were found
 */
public record Recovery(SegmentedToeplitz matrix, SegmentSearch search) {}
