package io.github.convbasis.variants;

import io.github.convbasis.backend.SeenKeys;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Which keys each query row sees: a range of neighbouring keys, less those that are hidden.
 *
 * <p>{@link #causal} and {@link #full} begin; the others take keys away, and can be combined. Query
 * row i and key row i have the same position. Every row must see a key: what attention should give
 * otherwise is undefined.
 *
 * <p>O(n) memory. Immutable and thread-safe.
 */
public final class Visibility {
  private static final int NO_BAND = Integer.MAX_VALUE;

  private final int queryRows;
  private final int keyRows;
  private final boolean causal;
  private final int band;
  // First row of each document; a single one is all there is without documents.
  private final int[] starts;
  // For each key how many of those before it are not hidden; one more entry than keys. Null: none.
  private final int[] shownBefore;

  private Visibility(
      int queryRows, int keyRows, boolean causal, int band, int[] starts, int[] shownBefore) {
    this.queryRows = queryRows;
    this.keyRows = keyRows;
    this.causal = causal;
    this.band = band;
    this.starts = starts;
    this.shownBefore = shownBefore;
    for (int row = 0; row < queryRows; row++) {
      int from = firstKey(row);
      int to = endKey(row);
      if (shown(from, to) == 0) {
        throw new IllegalArgumentException(
            String.format(
                "every row must see a key, row %d sees none: %s",
                row,
                from < to
                    ? "keys " + from + " to " + (to - 1) + " are hidden"
                    : "none is in reach"));
      }
    }
  }

  private static void requirePositive(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " must be at least 1, was " + value);
    }
  }

  /**
   * Lets row i see keys 0 … i.
   *
   * @param rows rows of queries and keys, n, at least 1
   * @return the visibility
   * @throws IllegalArgumentException if rows is below 1
   */
  public static Visibility causal(int rows) {
    requirePositive("rows", rows);
    return new Visibility(rows, rows, true, NO_BAND, new int[] {0}, null);
  }

  /**
   * Lets every row see every key: bidirectional attention if there are as many rows as keys, else
   * cross attention.
   *
   * @param queryRows rows of queries, at least 1
   * @param keyRows rows of keys, at least 1
   * @return the visibility
   * @throws IllegalArgumentException if a number is below 1
   */
  public static Visibility full(int queryRows, int keyRows) {
    requirePositive("queryRows", queryRows);
    requirePositive("keyRows", keyRows);
    return new Visibility(queryRows, keyRows, false, NO_BAND, new int[] {0}, null);
  }

  /**
   * Makes the visibilities of LongLoRA's shifted sparse attention: the first half of the heads has
   * {@link #withGroups}, the others {@link #withShiftedGroups}.
   *
   * @param rows rows of queries and keys, n, at least 1
   * @param group rows of a group, at least 1
   * @param heads query heads, at least 1
   * @return one causal visibility for each head
   * @throws IllegalArgumentException if a number is below 1
   */
  public static List<Visibility> longLora(int rows, int group, int heads) {
    requirePositive("heads", heads);
    Visibility plain = causal(rows).withGroups(group);
    Visibility shifted = causal(rows).withShiftedGroups(group);
    List<Visibility> all = new ArrayList<>();
    for (int head = 0; head < heads; head++) {
      all.add(head < heads / 2 || heads == 1 ? plain : shifted);
    }
    return List.copyOf(all);
  }

  /**
   * Takes away keys at a distance of {@code band} or more, {@code |i - j| ≥ band}: a sliding window
   * of {@code band} keys under a causal mask, of {@code 2·band - 1} without.
   *
   * @param band distances that are seen, at least 1
   * @return a changed copy
   * @throws IllegalArgumentException if the band is below 1, or a row is left without keys
   */
  public Visibility withBand(int band) {
    requirePositive("band", band);
    return new Visibility(
        queryRows, keyRows, causal, Math.min(band, this.band), starts, shownBefore);
  }

  /**
   * Takes away keys of other documents than a row's own. Documents that are given already are cut
   * further.
   *
   * @param starts first row of each document, strictly increasing from 0
   * @return a changed copy
   * @throws IllegalArgumentException if there are not as many query rows as keys, the starts do not
   *     begin at 0 or increase below n, or a row is left without keys
   */
  public Visibility withDocuments(int... starts) {
    if (queryRows != keyRows) {
      throw new IllegalArgumentException(
          String.format(
              "documents need as many query rows as keys, %d, was %d", keyRows, queryRows));
    }
    if (starts.length == 0) {
      throw new IllegalArgumentException("starts must begin with 0, was empty");
    }
    for (int d = 0; d < starts.length; d++) {
      int least = d == 0 ? 0 : starts[d - 1] + 1;
      int most = d == 0 ? 0 : keyRows - 1;
      if (starts[d] < least || starts[d] > most) {
        throw new IllegalArgumentException(
            String.format(
                "starts[%d] must be between %d and %d, was %d", d, least, most, starts[d]));
      }
    }
    int[] all = new int[this.starts.length + starts.length];
    System.arraycopy(this.starts, 0, all, 0, this.starts.length);
    System.arraycopy(starts, 0, all, this.starts.length, starts.length);
    return new Visibility(
        queryRows,
        keyRows,
        causal,
        band,
        Arrays.stream(all).sorted().distinct().toArray(),
        shownBefore);
  }

  /**
   * Cuts rows into groups that do not see each other, the last perhaps short, as LongLoRA does in
   * half of its heads.
   *
   * @param group rows of a group, at least 1
   * @return a changed copy
   * @throws IllegalArgumentException as {@link #withDocuments}, or if the group is below 1
   */
  public Visibility withGroups(int group) {
    return withGroups(group, 0);
  }

  /**
   * Does the same with groups that start half a group earlier, as LongLoRA does in its other heads.
   * The first group has {@code group - ⌊group/2⌋} rows: it does not join the last one, as shifting
   * in a circle would make it.
   *
   * @param group rows of a group, at least 1
   * @return a changed copy
   * @throws IllegalArgumentException as {@link #withDocuments}, or if the group is below 1
   */
  public Visibility withShiftedGroups(int group) {
    return withGroups(group, group / 2);
  }

  private Visibility withGroups(int group, int shift) {
    requirePositive("group", group);
    List<Integer> cuts = new ArrayList<>(List.of(0));
    for (long start = (long) group - shift; start < keyRows; start += group) {
      cuts.add((int) start);
    }
    return withDocuments(cuts.stream().mapToInt(Integer::intValue).toArray());
  }

  /**
   * Takes away keys, such as padding. Their contents have no influence.
   *
   * @param hidden for each key whether no row sees it
   * @return a changed copy; keys hidden before stay so
   * @throws IllegalArgumentException if there are not as many as keys, or a row is left without
   *     keys
   */
  public Visibility withHiddenKeys(boolean[] hidden) {
    if (hidden.length != keyRows) {
      throw new IllegalArgumentException(
          "hidden must be " + keyRows + " like keys, was " + hidden.length);
    }
    int[] before = new int[keyRows + 1];
    for (int key = 0; key < keyRows; key++) {
      before[key + 1] = before[key] + (hidden[key] || isHidden(key) ? 0 : 1);
    }
    return new Visibility(queryRows, keyRows, causal, band, starts, before);
  }

  /**
   * Takes away the keys from one on, as where a batch is padded at the end.
   *
   * @param keys how many keys from the start are left, at least 1
   * @return a changed copy
   * @throws IllegalArgumentException if it is not between 1 and the number of keys, or a row is
   *     left without keys
   */
  public Visibility withKeys(int keys) {
    if (keys < 1 || keys > keyRows) {
      throw new IllegalArgumentException(
          String.format("keys must be between 1 and %d, was %d", keyRows, keys));
    }
    boolean[] hidden = new boolean[keyRows];
    Arrays.fill(hidden, keys, keyRows, true);
    return withHiddenKeys(hidden);
  }

  /**
   * Returns the rows of queries it is for.
   *
   * @return at least 1
   */
  public int queryRows() {
    return queryRows;
  }

  /**
   * Returns the rows of keys it is for.
   *
   * @return at least 1
   */
  public int keyRows() {
    return keyRows;
  }

  /**
   * Returns where a row's range of keys begins.
   *
   * @param row query row, from 0
   * @return the first key in reach, which may be hidden
   */
  public int firstKey(int row) {
    int from = starts[documentOf(Objects.checkIndex(row, queryRows))];
    return (int) Math.max(from, (long) row - band + 1);
  }

  /**
   * Returns where a row's range of keys ends.
   *
   * @param row query row, from 0
   * @return the key after the last in reach, which may be hidden
   */
  public int endKey(int row) {
    int to = end(documentOf(Objects.checkIndex(row, queryRows)));
    return (int) Math.min(to, (long) row + (causal ? 1 : band));
  }

  /**
   * Tells whether no row sees a key.
   *
   * @param key key row, from 0
   * @return false if rows that reach it see it
   */
  public boolean isHidden(int key) {
    Objects.checkIndex(key, keyRows);
    return shownBefore != null && shownBefore[key + 1] == shownBefore[key];
  }

  /**
   * Tells whether a row sees a key.
   *
   * @param row query row, from 0
   * @param key key row, from 0
   * @return whether the key is in the row's range and not hidden
   */
  public boolean sees(int row, int key) {
    return !isHidden(key) && key >= firstKey(row) && key < endKey(row);
  }

  /** Counts keys of a range that are not hidden. */
  int shown(int from, int to) {
    if (from >= to) {
      return 0;
    }
    return shownBefore == null ? to - from : shownBefore[to] - shownBefore[from];
  }

  private int documentOf(int row) {
    int at = Arrays.binarySearch(starts, row);
    return at >= 0 ? at : -at - 2;
  }

  private int end(int document) {
    return document + 1 < starts.length ? starts[document + 1] : keyRows;
  }

  boolean isCausal() {
    return causal;
  }

  /** Returns the distance from which nothing is seen; more than any distance if there is none. */
  int band() {
    return band;
  }

  /** Returns the rows and keys of each document, without hidden keys at the ends. */
  List<Block> blocks() {
    List<Block> blocks = new ArrayList<>();
    for (int document = 0; document < starts.length; document++) {
      int from = starts[document];
      int to = end(document);
      int queryTo = starts.length == 1 ? queryRows : to;
      int keyFrom = from;
      int keyTo = to;
      while (isHidden(keyTo - 1)) {
        keyTo--;
      }
      // Under a causal mask rows and keys begin together, so that lag 0 is the diagonal.
      while (!causal && isHidden(keyFrom)) {
        keyFrom++;
      }
      blocks.add(new Block(from, queryTo, keyFrom, keyTo));
    }
    return blocks;
  }

  /** Says which keys of a block its rows see. */
  SeenKeys seenKeys(Block block) {
    // Distances are below the band; without one, any is.
    int fromLag = causal ? 0 : -(band - 1);
    SeenKeys range = SeenKeys.ofRange(block.keyFrom, block.keyTo, fromLag, band);
    int shown = shown(block.keyFrom, block.keyTo);
    if (shown == block.keys()) {
      return range;
    }
    int[] keys = new int[shown];
    int count = 0;
    for (int key = block.keyFrom; key < block.keyTo; key++) {
      if (!isHidden(key)) {
        keys[count++] = key;
      }
    }
    return range.withKeys(keys);
  }

  /**
   * Rows that see no key outside, and the keys they may see. Immutable and thread-safe.
   *
   * @param queryFrom first row
   * @param queryTo end of the rows, exclusive
   * @param keyFrom first key
   * @param keyTo end of the keys, exclusive
   */
  record Block(int queryFrom, int queryTo, int keyFrom, int keyTo) {
    int rows() {
      return queryTo - queryFrom;
    }

    int keys() {
      return keyTo - keyFrom;
    }
  }
}
