package io.github.convbasis.backend;

import java.util.Arrays;

/**
 * Chooses entries (row i, key j) of a score matrix: i in {@code rows}, j in {@code keys} and {@code
 * fromLag ≤ i - j < toLag}. Entries that the mask hides are never meant.
 *
 * <p>A lag is counted from the row's place in the sequence of the keys; without a causal mask there
 * is none, and lags are ignored. Arrays are copied. Immutable and thread-safe.
 *
 * @param rows query rows, increasing; null for all
 * @param keys key rows, increasing; null for all
 * @param fromLag least lag
 * @param toLag end of the lags, exclusive, at least {@code fromLag}
 */
public record GradientEntries(int[] rows, int[] keys, int fromLag, int toLag) {
  private static final GradientEntries ALL =
      new GradientEntries(null, null, Integer.MIN_VALUE, Integer.MAX_VALUE);

  /** Checks and copies. */
  public GradientEntries {
    rows = copy("rows", rows);
    keys = copy("keys", keys);
    if (toLag < fromLag) {
      throw new IllegalArgumentException(
          "toLag must be at least fromLag " + fromLag + ", was " + toLag);
    }
  }

  private static int[] copy(String name, int[] indices) {
    if (indices == null) {
      return null;
    }
    for (int i = 0; i < indices.length; i++) {
      int least = i == 0 ? 0 : indices[i - 1] + 1;
      if (indices[i] < least) {
        throw new IllegalArgumentException(
            String.format("%s[%d] must be at least %d, was %d", name, i, least, indices[i]));
      }
    }
    return indices.clone();
  }

  /**
   * Chooses every entry.
   *
   * @return always the same object
   */
  public static GradientEntries all() {
    return ALL;
  }

  /**
   * Chooses all keys of some rows.
   *
   * @param rows query rows, increasing
   * @return the entries
   */
  public static GradientEntries ofRows(int... rows) {
    return new GradientEntries(rows, null, Integer.MIN_VALUE, Integer.MAX_VALUE);
  }

  /**
   * Returns the rows.
   *
   * @return a copy, increasing; null for all
   */
  @Override
  public int[] rows() {
    return rows == null ? null : rows.clone();
  }

  /**
   * Returns the keys.
   *
   * @return a copy, increasing; null for all
   */
  @Override
  public int[] keys() {
    return keys == null ? null : keys.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof GradientEntries entries
        && Arrays.equals(rows, entries.rows)
        && Arrays.equals(keys, entries.keys)
        && fromLag == entries.fromLag
        && toLag == entries.toLag;
  }

  @Override
  public int hashCode() {
    return 31 * (31 * Arrays.hashCode(rows) + Arrays.hashCode(keys)) + 31 * fromLag + toLag;
  }

  @Override
  public String toString() {
    return String.format(
        "rows %s, keys %s, lags %d to %d",
        rows == null ? "all" : rows.length, keys == null ? "all" : keys.length, fromLag, toLag);
  }
}
