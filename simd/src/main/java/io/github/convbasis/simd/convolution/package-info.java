/**
 * Causal convolutions of the columns of a head with one kernel or a kernel each, and their
 * transposes, by blocks in the frequency domain.
 *
 * <p>Main types: {@link io.github.convbasis.simd.convolution.SharedConvolution} and {@link
 * io.github.convbasis.simd.convolution.DepthwiseConvolution}.
 */
package io.github.convbasis.simd.convolution;
