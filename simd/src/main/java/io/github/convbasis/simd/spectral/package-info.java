/**
 * Attention from segmented logits in the blocked spectral form.
 *
 * <p>Main type: {@link io.github.convbasis.simd.spectral.SegmentAttention}. It asks {@link
 * io.github.convbasis.simd.spectral.BlockPlan} for a grid of nested blocks, lets {@link
 * io.github.convbasis.simd.spectral.BlockConvolution} add up everything below the diagonal blocks,
 * and merges that with exact diagonal blocks.
 */
package io.github.convbasis.simd.spectral;
