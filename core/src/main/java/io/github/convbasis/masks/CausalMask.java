package io.github.convbasis.masks;

/**
 * Lets row i see columns 0 … i, {@code Y_i = u₁_i·Σ_{j≤i} u₂_j ⊗ v_j}: a running sum of k × d.
 *
 * <p>O(n·k·d) time, O(k·d) memory beside the factors. Immutable and thread-safe.
 */
public final class CausalMask extends LowRankMask {
  /**
   * Makes the mask.
   *
   * @param size n, at least 1
   * @throws IllegalArgumentException if it is below 1
   */
  public CausalMask(int size) {
    super(size);
  }

  @Override
  boolean holds(int row, int column) {
    return column <= row;
  }

  @Override
  void addProduct(LowRankProduct product) {
    double[] sums = product.newSums();
    for (int row = 0; row < size(); row++) {
      product.addColumn(row, sums);
      product.addRow(row, sums);
    }
  }
}
