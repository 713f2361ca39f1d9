package io.github.convbasis.masks;

import io.github.convbasis.matrix.HeadTensor;
import java.util.Objects;

/**
 * Multiplies a low-rank matrix under an n × n mask W of zeros and ones, {@code Y = (W∘U₁U₂ᵀ)V},
 * without a matrix of n × n. Each kind of mask states its cost, k the rank and d the value width.
 *
 * <p>Sums are in double whatever the tensors store. Masks are immutable and thread-safe.
 */
public abstract sealed class LowRankMask
    permits CausalMask, RowChangeMask, ContinuousRowMask, DistinctColumnsMask, DistinctRowsMask {
  private final int size;

  LowRankMask(int size) {
    if (size < 1) {
      throw new IllegalArgumentException("size must be at least 1, was " + size);
    }
    this.size = size;
  }

  /**
   * Returns n.
   *
   * @return rows and columns of W
   */
  public final int size() {
    return size;
  }

  /**
   * Tells whether an entry of W is 1.
   *
   * @param row row, from 0
   * @param column column, from 0
   * @return false where W is 0
   * @throws IndexOutOfBoundsException if a place lies outside the mask
   */
  public final boolean contains(int row, int column) {
    return holds(Objects.checkIndex(row, size), Objects.checkIndex(column, size));
  }

  abstract boolean holds(int row, int column);

  /** Adds {@code (W∘U₁U₂ᵀ)V} to the product's results, which are zero before. */
  abstract void addProduct(LowRankProduct product);

  /**
   * Computes {@code Y = (W∘U₁U₂ᵀ)V} of every head. Rows that see no column become zero.
   *
   * @param left U₁, heads × n × k, finite
   * @param right U₂, heads × n × k, finite
   * @param values V, heads × n × d, finite
   * @param output receives Y, heads × n × d; rows disjoint, sharing nothing with the others
   * @throws IllegalArgumentException if shapes do not fit or an element is not finite
   * @throws ArithmeticException if a sum overflows
   */
  public final void multiply(
      HeadTensor left, HeadTensor right, HeadTensor values, HeadTensor output) {
    run(left, right, values, output, false);
  }

  /**
   * Computes low-rank attention {@code Y = D⁻¹(W∘U₁U₂ᵀ)V} of every head, {@code D =
   * diag((W∘U₁U₂ᵀ)·1)}. D comes from a column of ones beside V, so the width is d + 1.
   *
   * @param left U₁, heads × n × k, finite
   * @param right U₂, heads × n × k, finite
   * @param values V, heads × n × d, finite
   * @param output receives Y, heads × n × d; rows disjoint, sharing nothing with the others
   * @throws IllegalArgumentException if shapes do not fit or an element is not finite
   * @throws ArithmeticException if a row sum is not positive, as that of a row that sees no column,
   *     or a sum overflows
   */
  public final void attend(
      HeadTensor left, HeadTensor right, HeadTensor values, HeadTensor output) {
    run(left, right, values, output, true);
  }

  private void run(
      HeadTensor left, HeadTensor right, HeadTensor values, HeadTensor output, boolean normalised) {
    requireShape("left", left, values.heads(), left.width());
    requireShape("right", right, values.heads(), left.width());
    requireShape("values", values, values.heads(), values.width());
    requireShape("output", output, values.heads(), values.width());
    if (!output.rowsAreDisjoint()) {
      throw new IllegalArgumentException("output must have disjoint rows, was overlapping");
    }
    left.requireFinite("left");
    right.requireFinite("right");
    values.requireFinite("values");
    for (int head = 0; head < values.heads(); head++) {
      LowRankProduct product = new LowRankProduct(left, right, values, head, normalised);
      addProduct(product);
      product.store(output, head, normalised);
    }
  }

  private void requireShape(String name, HeadTensor tensor, int heads, int width) {
    if (tensor.heads() != heads || tensor.rows() != size || tensor.width() != width) {
      throw new IllegalArgumentException(
          String.format("%s must be %d × %d × %d, was %s", name, heads, size, width, tensor));
    }
  }
}
