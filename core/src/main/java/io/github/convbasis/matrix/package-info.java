/**
 * The data everything else works on: strided views of rows, attention inputs, and lower-triangular
 * matrices.
 *
 * <p>Main types: {@link io.github.convbasis.matrix.HeadTensor} (heads × rows × width, any strides),
 * {@link io.github.convbasis.matrix.AttentionInputs} (queries, keys, values, scale, mask) and
 * {@link io.github.convbasis.matrix.SegmentedToeplitz}, the segment view of the paper's k-conv
 * basis matrix. A leaf package: it uses no other.
 */
package io.github.convbasis.matrix;
