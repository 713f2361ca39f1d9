/**
 * The vector backend: its provider, its lane count and the vector exponential.
 *
 * <p>Main types: {@link io.github.convbasis.simd.SimdBackendProvider} (thin, loads anywhere) and
 * {@link io.github.convbasis.simd.Lanes} (the one place that fixes the vector species). The lanes
 * of a vector hold different rows or columns of a problem, hardly ever parts of one sum, so kernels
 * need neither shuffles nor special cases at multiples of the lane count.
 */
package io.github.convbasis.simd;
