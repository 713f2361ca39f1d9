/**
 * Batched transforms: one column per lane, so no shuffles.
 *
 * <p>Main type: {@link io.github.convbasis.simd.fft.BatchFft}.
 */
package io.github.convbasis.simd.fft;
