package io.github.convbasis.masks;

/**
 * Has only r distinct rows: row i is pattern {@code class_i}, so {@code Y_i = u₁_i·(Σ_j
 * pattern_{class_i}(j)·u₂_j ⊗ v_j)}, one sum for each pattern.
 *
 * <p>O(r·n·k·d) time, O(k·d) memory beside the factors. Immutable and thread-safe.
 */
public final class DistinctRowsMask extends LowRankMask {
  private final Patterns patterns;

  /**
   * Makes the mask.
   *
   * @param classes for each row which pattern it is
   * @param patterns for each class n entries by column
   * @throws IllegalArgumentException if a class has no pattern or a pattern has another length
   */
  public DistinctRowsMask(int[] classes, boolean[][] patterns) {
    super(classes.length);
    this.patterns = new Patterns(classes, patterns);
  }

  @Override
  boolean holds(int row, int column) {
    return patterns.holds(row, column);
  }

  @Override
  void addProduct(LowRankProduct product) {
    for (int c = 0; c < patterns.count(); c++) {
      double[] sums = product.newSums();
      for (int column = 0; column < size(); column++) {
        if (patterns.entry(c, column)) {
          product.addColumn(column, sums);
        }
      }
      for (int row = 0; row < size(); row++) {
        if (patterns.classOf(row) == c) {
          product.addRow(row, sums);
        }
      }
    }
  }
}
