/**
 * Attention from segmented logits, and products with segmented matrices, in the blocked spectral
 * form.
 *
 * <p>Entry: {@link io.github.convbasis.simd.spectral.SpectralWorkspace}. It asks {@link
 * io.github.convbasis.simd.spectral.BlockPlan} for a grid of nested blocks. {@link
 * io.github.convbasis.simd.spectral.SegmentAttention} merges diagonal blocks, exact or of a {@link
 * io.github.convbasis.simd.spectral.NearPart}, with everything below them, whose logits may have
 * {@link io.github.convbasis.simd.spectral.FarOffsets}; {@link
 * io.github.convbasis.simd.spectral.SegmentProduct} has products on the diagonal too. Both let
 * {@link io.github.convbasis.simd.spectral.BlockConvolution} add up whole blocks: it cuts {@link
 * io.github.convbasis.simd.spectral.Pieces}, transforms {@link
 * io.github.convbasis.simd.spectral.HalfWindows} and multiplies with {@link
 * io.github.convbasis.simd.spectral.SpectrumProduct} into a {@link
 * io.github.convbasis.simd.spectral.FarField}.
 */
package io.github.convbasis.simd.spectral;
