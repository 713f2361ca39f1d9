package io.github.convbasis.masks;

/**
 * Has only r distinct columns: column j is pattern {@code class_j}, so {@code Y_i = Σ_c
 * pattern_c(i)·u₁_i·(Σ_{j of class c} u₂_j ⊗ v_j)}.
 *
 * <p>O(r·n·k·d) time, O(k·d) memory beside the factors. Immutable and thread-safe.
 */
public final class DistinctColumnsMask extends LowRankMask {
  private final Patterns patterns;

  /**
   * Makes the mask.
   *
   * @param classes for each column which pattern it is
   * @param patterns for each class n entries by row
   * @throws IllegalArgumentException if a class has no pattern or a pattern has another length
   */
  public DistinctColumnsMask(int[] classes, boolean[][] patterns) {
    super(classes.length);
    this.patterns = new Patterns(classes, patterns);
  }

  @Override
  boolean holds(int row, int column) {
    return patterns.holds(column, row);
  }

  @Override
  void addProduct(LowRankProduct product) {
    for (int c = 0; c < patterns.count(); c++) {
      double[] sums = product.newSums();
      for (int column = 0; column < size(); column++) {
        if (patterns.classOf(column) == c) {
          product.addColumn(column, sums);
        }
      }
      for (int row = 0; row < size(); row++) {
        if (patterns.entry(c, row)) {
          product.addRow(row, sums);
        }
      }
    }
  }
}
