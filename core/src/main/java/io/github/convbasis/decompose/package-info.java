/**
 * Finds the k-conv basis of a lower-triangular matrix.
 *
 * <p>Main types: {@link io.github.convbasis.decompose.ConvBasisDecomposer} for a dense matrix, and
 * {@link io.github.convbasis.decompose.ConvBasisRecovery} for one whose columns are computed on
 * demand (the paper's Recover and Search, and a repaired search). {@link
 * io.github.convbasis.decompose.OffsetFit} fits one convolution with offsets of rows and columns to
 * a tile instead.
 */
package io.github.convbasis.decompose;
