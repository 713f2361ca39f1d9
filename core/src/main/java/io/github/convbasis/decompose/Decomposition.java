package io.github.convbasis.decompose;

import io.github.convbasis.conv.ConvBasis;

/**
 * What {@link ConvBasisDecomposer} found. Immutable and thread-safe.
 *
 * @param basis the basis
 * @param tolerance the sup-norm error that was allowed; 0 for the unique exact basis
 * @param supError the sup-norm error of the matrix rebuilt from the basis, measured over every
 *     entry; with tolerance 0 it is rounding alone
 */
public record Decomposition(ConvBasis basis, double tolerance, double supError) {}
