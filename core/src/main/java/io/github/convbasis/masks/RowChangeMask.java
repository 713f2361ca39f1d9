package io.github.convbasis.masks;

import java.util.Arrays;

/**
 * Lets rows see columns that change little from row to row: with {@code B_i = ‖W_i - W_{i-1}‖₁},
 * the sum {@code Σ_j W_ij·u₂_j ⊗ v_j} follows from that of row i - 1 by B_i updates.
 *
 * <p>O(k·d·ΣB_i + n·k·d) time, so O(n·k·d) where changes are constant on average (the paper's row
 * change by amortised constant). O(k·d) memory beside the factors and O(n + ΣB_i) integers.
 *
 * <p>Subtracting a column leaves the rounding errors of its time in the sums. So sums carry their
 * errors in a second array, and are built anew where that costs no more than the updates since they
 * were last built, which at most doubles the cost, or where what is left is less than {@code 2⁻⁵⁰}
 * of all that passed through. Errors then stay those of summing a row by itself, relative to {@code
 * Σ_j ‖u₂_j‖∞·‖v_j‖∞} of that row, except that the second kind of rebuilding costs more than stated
 * on inputs whose columns differ by more than {@code 2⁵⁰} again and again, which also take O(n) to
 * find in a row. {@link #contains} replays the changes up to its row, O(ΣB_i).
 *
 * <p>Immutable and thread-safe.
 */
public final class RowChangeMask extends LowRankMask {
  private static final double LEAST_SHARE = 0x1p-50;

  // changes[row] holds columns that enter as themselves and those that leave as ~column.
  private final int[][] changes;
  private final long updates;

  private RowChangeMask(int[][] changes) {
    super(changes.length);
    this.changes = changes;
    long sum = 0;
    for (int[] change : changes) {
      sum += change.length;
    }
    updates = sum;
  }

  /**
   * Makes the mask from the columns of each row.
   *
   * @param columns for each row its columns, strictly increasing in {@code 0 … n-1}, may be none
   * @return the mask
   * @throws IllegalArgumentException if there is no row or columns do not increase within range
   */
  public static RowChangeMask of(int[][] columns) {
    int[][] changes = new int[columns.length][];
    int[] before = new int[0];
    for (int row = 0; row < columns.length; row++) {
      requireIncreasing(row, columns[row], columns.length);
      changes[row] = difference(before, columns[row]);
      before = columns[row];
    }
    return new RowChangeMask(changes);
  }

  /**
   * Lets row i see columns {@code i - window + 1 … i}; fewer than 2n updates.
   *
   * @param size n, at least 1
   * @param window columns a row sees at most, at least 1
   * @return the mask
   * @throws IllegalArgumentException if a number is below 1
   */
  public static RowChangeMask slidingWindow(int size, int window) {
    return causalFrom(Windows.slidingStarts(size, window));
  }

  /**
   * Lets rows see the columns of their own group up to their own place, as LongLoRA does in half of
   * its heads; fewer than 2n updates.
   *
   * @param size n, at least 1
   * @param group rows of a group, at least 1; the last may have fewer
   * @return the mask
   * @throws IllegalArgumentException if a number is below 1
   */
  public static RowChangeMask groups(int size, int group) {
    return causalFrom(Windows.groupStarts(size, group, 0));
  }

  /**
   * Does the same with groups that start half a group earlier, as LongLoRA does in its other heads.
   * The first group has {@code group - ⌊group/2⌋} rows: it does not join the last one, as shifting
   * in a circle would make it.
   *
   * @param size n, at least 1
   * @param group rows of a group, at least 1
   * @return the mask
   * @throws IllegalArgumentException if a number is below 1
   */
  public static RowChangeMask shiftedGroups(int size, int group) {
    return causalFrom(Windows.groupStarts(size, group, group / 2));
  }

  private static RowChangeMask causalFrom(int[] starts) {
    int[][] changes = new int[starts.length][];
    int leaving = 0;
    for (int row = 0; row < starts.length; row++) {
      int[] change = new int[1 + starts[row] - leaving];
      change[0] = row;
      for (int i = 1; i < change.length; i++) {
        change[i] = ~leaving++;
      }
      changes[row] = change;
    }
    return new RowChangeMask(changes);
  }

  private static void requireIncreasing(int row, int[] columns, int size) {
    int least = 0;
    for (int column : columns) {
      if (column < least || column >= size) {
        throw new IllegalArgumentException(
            String.format(
                "columns of row %d must increase in 0 … %d, was %d where %d is least",
                row, size - 1, column, least));
      }
      least = column + 1;
    }
  }

  private static int[] difference(int[] before, int[] after) {
    int[] changes = new int[before.length + after.length];
    int count = 0;
    int b = 0;
    int a = 0;
    while (b < before.length || a < after.length) {
      if (a == after.length || b < before.length && before[b] < after[a]) {
        changes[count++] = ~before[b++];
      } else if (b == before.length || after[a] < before[b]) {
        changes[count++] = after[a++];
      } else {
        a++;
        b++;
      }
    }
    return Arrays.copyOf(changes, count);
  }

  /**
   * Returns ΣB_i, the changes of all rows; the first row changes from seeing nothing.
   *
   * @return how many updates a product makes besides building sums anew
   */
  public long updates() {
    return updates;
  }

  @Override
  boolean holds(int row, int column) {
    boolean held = false;
    for (int r = 0; r <= row; r++) {
      for (int change : changes[r]) {
        if (change == column || ~change == column) {
          held = change >= 0;
        }
      }
    }
    return held;
  }

  @Override
  void addProduct(LowRankProduct product) {
    ChangingSums sums = new ChangingSums(product);
    for (int row = 0; row < size(); row++) {
      sums.change(changes[row]);
      product.addRow(row, sums.sums, sums.errors);
    }
  }

  /** The sums of one row, and which columns are in them. */
  private static final class ChangingSums {
    final double[] sums;
    final double[] errors;
    private final LowRankProduct product;
    // Columns in any order, and where each one stands there.
    private final int[] held;
    private final int[] places;
    private int count;
    private long updatesSinceBuilt;
    private boolean subtracted;
    // Magnitudes of all columns since the sums were built.
    private double passed;

    ChangingSums(LowRankProduct product) {
      this.product = product;
      sums = product.newSums();
      errors = product.newSums();
      held = new int[product.size];
      places = new int[product.size];
    }

    void change(int[] changes) {
      for (int change : changes) {
        if (change >= 0) {
          places[change] = count;
          held[count++] = change;
        } else {
          int place = places[~change];
          held[place] = held[--count];
          places[held[place]] = place;
          subtracted = true;
        }
      }
      updatesSinceBuilt += changes.length;
      if (subtracted && updatesSinceBuilt >= count) {
        build();
        return;
      }
      for (int change : changes) {
        int column = change >= 0 ? change : ~change;
        product.addColumn(column, change >= 0 ? 1 : -1, sums, errors);
        passed += change >= 0 ? product.magnitude(column) : 0;
      }
      if (subtracted && passed * LEAST_SHARE > greatestHeld()) {
        build();
      }
    }

    /** Stops at the first column that is great enough, which most often is the first. */
    private double greatestHeld() {
      double greatest = 0;
      for (int i = 0; i < count && greatest < passed * LEAST_SHARE; i++) {
        greatest = Math.max(greatest, product.magnitude(held[i]));
      }
      return greatest;
    }

    private void build() {
      Arrays.fill(sums, 0);
      Arrays.fill(errors, 0);
      passed = 0;
      for (int i = 0; i < count; i++) {
        product.addColumn(held[i], 1, sums, errors);
        passed += product.magnitude(held[i]);
      }
      updatesSinceBuilt = 0;
      subtracted = false;
    }
  }
}
