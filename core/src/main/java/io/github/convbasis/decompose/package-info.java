/**
 * Finds the k-conv basis of a lower-triangular matrix.
 *
 * <p>Main types: {@link io.github.convbasis.decompose.ConvBasisDecomposer} for a dense matrix, and
 * {@link io.github.convbasis.decompose.ConvBasisRecovery} for one whose columns are computed on
 * demand (the paper's Recover and Search, and a repaired search).
 */
package io.github.convbasis.decompose;
