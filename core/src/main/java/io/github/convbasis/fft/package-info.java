/**
 * Radix-2 Fourier transforms in double precision: the reference every faster transform must agree
 * with.
 *
 * <p>Main types: {@link io.github.convbasis.fft.ComplexFft} and {@link
 * io.github.convbasis.fft.RealFft}. The paper's "FFT", by which a convolution matrix is applied in
 * O(n log n).
 */
package io.github.convbasis.fft;
