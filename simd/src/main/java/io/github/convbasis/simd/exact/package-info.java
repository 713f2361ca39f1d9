/**
 * Exact attention and single columns of logits in float32.
 *
 * <p>Main types: {@link io.github.convbasis.simd.exact.ExactAttentionKernel} (tiled attention with
 * an online softmax, and the near-diagonal part of rows for merging) and {@link
 * io.github.convbasis.simd.exact.LogitColumnKernel}.
 *
 * <p>Attention has query rows in lanes, and where there are only a few, as in decoding, keys and
 * value columns ({@code LogitRow}, {@code SoftmaxRow}, {@code ValueRow}): the same bits either way.
 * The loops of attention are longer than 325 bytecodes on purpose: HotSpot inlines shorter hot
 * methods, and several kernels in one compilation exceed its node limit (NodeCountInliningCutoff),
 * from which on vectors are boxed.
 */
package io.github.convbasis.simd.exact;
