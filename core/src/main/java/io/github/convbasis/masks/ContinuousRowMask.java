package io.github.convbasis.masks;

import java.util.Arrays;
import java.util.function.IntConsumer;

/**
 * Lets row i see the columns from {@code starts_i} to {@code ends_i - 1}, possibly none: a sum over
 * at most {@code 2·log₂n} nodes of a segment tree, each {@code Σ u₂_j ⊗ v_j} over its columns.
 * Nothing is subtracted, so a great column spoils no row that does not see it.
 *
 * <p>O(n·k·d·log n) time. The tree is walked depth first, and a node's sum serves all rows that
 * need it while it exists: O(k·d·log n) memory for sums and O(n log n) integers. Immutable and
 * thread-safe.
 */
public final class ContinuousRowMask extends LowRankMask {
  private final int[] starts;
  private final int[] ends;
  private final int levels;
  // Rows of node v are nodeRows[nodeStarts[v]] …; the root is node 1, children of v 2v and 2v + 1.
  private final int[] nodeStarts;
  private final int[] nodeRows;

  /**
   * Makes the mask.
   *
   * @param starts for each row its first column
   * @param ends for each row the end of its columns, exclusive; equal to the start if it sees none
   * @throws IllegalArgumentException if lengths differ or {@code 0 ≤ start ≤ end ≤ n} does not hold
   */
  public ContinuousRowMask(int[] starts, int[] ends) {
    super(starts.length);
    requireRanges(starts, ends);
    this.starts = starts.clone();
    this.ends = ends.clone();
    levels = 32 - Integer.numberOfLeadingZeros(size() - 1);
    nodeStarts = new int[(2 << levels) + 1];
    for (int row = 0; row < size(); row++) {
      forNodes(row, node -> nodeStarts[node + 1]++);
    }
    for (int node = 0; node + 1 < nodeStarts.length; node++) {
      nodeStarts[node + 1] = Math.addExact(nodeStarts[node + 1], nodeStarts[node]);
    }
    nodeRows = new int[nodeStarts[nodeStarts.length - 1]];
    int[] next = nodeStarts.clone();
    for (int row = 0; row < size(); row++) {
      int owner = row;
      forNodes(row, node -> nodeRows[next[node]++] = owner);
    }
  }

  /**
   * Lets row i see columns {@code i - window + 1 … i}.
   *
   * @param size n, at least 1
   * @param window columns a row sees at most, at least 1
   * @return the mask
   * @throws IllegalArgumentException if a number is below 1
   */
  public static ContinuousRowMask slidingWindow(int size, int window) {
    return new ContinuousRowMask(Windows.slidingStarts(size, window), Windows.causalEnds(size));
  }

  private static void requireRanges(int[] starts, int[] ends) {
    if (ends.length != starts.length) {
      throw new IllegalArgumentException(
          "ends must be " + starts.length + " like starts, was " + ends.length);
    }
    for (int row = 0; row < starts.length; row++) {
      if (starts[row] < 0 || starts[row] > ends[row] || ends[row] > starts.length) {
        throw new IllegalArgumentException(
            String.format(
                "columns of row %d must be a range in 0 … %d, was %d … %d",
                row, starts.length, starts[row], ends[row]));
      }
    }
  }

  private void forNodes(int row, IntConsumer use) {
    int low = starts[row] + (1 << levels);
    int high = ends[row] + (1 << levels);
    for (; low < high; low >>= 1, high >>= 1) {
      if ((low & 1) == 1) {
        use.accept(low++);
      }
      if ((high & 1) == 1) {
        use.accept(--high);
      }
    }
  }

  /**
   * Returns how many nodes of the tree all rows need together.
   *
   * @return at most {@code n·max(1, 2·⌈log₂n⌉)}
   */
  public long nodeVisits() {
    return nodeRows.length;
  }

  @Override
  boolean holds(int row, int column) {
    return column >= starts[row] && column < ends[row];
  }

  @Override
  void addProduct(LowRankProduct product) {
    double[][] sums = new double[levels + 1][];
    for (int level = 0; level <= levels; level++) {
      sums[level] = product.newSums();
    }
    visit(product, levels, 1, sums);
  }

  /** Leaves the sum of a node in {@code sums[level]}, after use by its rows and those below it. */
  private void visit(LowRankProduct product, int level, int node, double[][] sums) {
    double[] own = sums[level];
    Arrays.fill(own, 0);
    if (level == 0) {
      product.addColumn(node - (1 << levels), own);
    } else {
      double[] child = sums[level - 1];
      for (int side = 0; side < 2; side++) {
        int below = 2 * node + side;
        if (firstColumn(level - 1, below) < size()) {
          visit(product, level - 1, below, sums);
          for (int i = 0; i < own.length; i++) {
            own[i] += child[i];
          }
        }
      }
    }
    for (int i = nodeStarts[node]; i < nodeStarts[node + 1]; i++) {
      product.addRow(nodeRows[i], own);
    }
  }

  private int firstColumn(int level, int node) {
    return (node << level) - (1 << levels);
  }
}
