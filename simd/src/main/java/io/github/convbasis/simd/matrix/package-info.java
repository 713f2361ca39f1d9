/**
 * Products of rows with dense matrices of weights, and the gated activation between them.
 *
 * <p>Main type: {@link io.github.convbasis.simd.matrix.PackedMatrix}.
 */
package io.github.convbasis.simd.matrix;
