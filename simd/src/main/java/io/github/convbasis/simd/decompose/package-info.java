/**
 * Vectorised element loops of decomposition, prefix comparison and fits, in double.
 *
 * <p>Main type: {@link io.github.convbasis.simd.decompose.VectorLoops}. One kernel class for each
 * use: differences, the envelope of a segment that grows, and fits of offsets.
 */
package io.github.convbasis.simd.decompose;
