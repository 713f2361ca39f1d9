package io.github.convbasis.backend;

import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.IntToDoubleFunction;

/**
 * Says which keys each query row of a head sees, and what is added to its logits: row i sees the
 * chosen keys j with {@code fromLag ≤ i - j < toLag}, and the logit of an entry is {@code
 * scale·⟨queries_i, keys_j⟩ + b(i - j)}. The keys that a row sees are neighbours in the list of
 * chosen keys, from {@link #first} to {@link #end}.
 *
 * <p>A lag is query row less key row, as they are counted in the tensors. Immutable; thread-safe if
 * the bias is.
 */
public final class SeenKeys {
  // Null if all keys from keyFrom to keyTo are chosen.
  private final int[] chosen;
  private final int keyFrom;
  private final int keyTo;
  private final int fromLag;
  private final int toLag;
  // Null if there is none.
  private final IntToDoubleFunction bias;

  private SeenKeys(
      int[] chosen, int keyFrom, int keyTo, int fromLag, int toLag, IntToDoubleFunction bias) {
    this.chosen = chosen;
    this.keyFrom = keyFrom;
    this.keyTo = keyTo;
    this.fromLag = fromLag;
    this.toLag = toLag;
    this.bias = bias;
    if (toLag < fromLag) {
      throw new IllegalArgumentException(
          "toLag must be at least fromLag " + fromLag + ", was " + toLag);
    }
  }

  /**
   * Chooses neighbouring keys, without bias.
   *
   * @param keyFrom first key row, at least 0
   * @param keyTo end of the key rows, exclusive
   * @param fromLag least lag; {@link Integer#MIN_VALUE} if later keys are seen at any distance
   * @param toLag end of the lags, exclusive, at least {@code fromLag}; {@link Integer#MAX_VALUE} if
   *     earlier keys are seen at any distance
   * @return the keys
   * @throws IllegalArgumentException if keys or lags end before they begin, or the first key is
   *     negative
   */
  public static SeenKeys ofRange(int keyFrom, int keyTo, int fromLag, int toLag) {
    if (keyFrom < 0 || keyTo < keyFrom) {
      throw new IllegalArgumentException(
          String.format(
              "keyFrom must be between 0 and keyTo %d, was %d", Math.max(0, keyTo), keyFrom));
    }
    return new SeenKeys(null, keyFrom, keyTo, fromLag, toLag, null);
  }

  /**
   * Chooses the entries that a mask shows.
   *
   * @param inputs give the mask and how many keys there are
   * @param entries which of their entries; its rows are not looked at
   * @return the keys
   */
  public static SeenKeys of(AttentionInputs inputs, GradientEntries entries) {
    int[] keys = entries.keys();
    int keyRows = inputs.keys().rows();
    if (inputs.mask() == AttentionMask.NONE) {
      return new SeenKeys(keys, 0, keyRows, Integer.MIN_VALUE, Integer.MAX_VALUE, null);
    }
    // There a lag is counted from the row's place in the sequence of the keys.
    int before = inputs.firstPosition();
    int fromLag = Math.max(0, entries.fromLag());
    int toLag = Math.max(fromLag, entries.toLag());
    return new SeenKeys(keys, 0, keyRows, fromLag - before, toLag - before, null);
  }

  /**
   * Chooses some keys of those that are chosen.
   *
   * @param keys key rows, increasing, of the range that is chosen
   * @return a changed copy
   * @throws IllegalArgumentException if keys do not increase or leave the range
   */
  public SeenKeys withKeys(int... keys) {
    for (int k = 0; k < keys.length; k++) {
      int least = k == 0 ? keyFrom : keys[k - 1] + 1;
      if (keys[k] < least || keys[k] >= keyTo) {
        throw new IllegalArgumentException(
            String.format(
                "keys[%d] must be between %d and %d, was %d", k, least, keyTo - 1, keys[k]));
      }
    }
    return new SeenKeys(keys.clone(), keyFrom, keyTo, fromLag, toLag, bias);
  }

  /**
   * Adds a bias to the logits.
   *
   * @param bias b by lag; asked only at lags between the least and the greatest that are seen, and
   *     by several threads at a time
   * @return a changed copy
   */
  public SeenKeys withBias(IntToDoubleFunction bias) {
    return new SeenKeys(
        chosen, keyFrom, keyTo, fromLag, toLag, Objects.requireNonNull(bias, "bias"));
  }

  /**
   * Counts the chosen keys.
   *
   * @return at least 0
   */
  public int count() {
    return chosen == null ? keyTo - keyFrom : chosen.length;
  }

  /**
   * Returns a chosen key.
   *
   * @param index from 0, in increasing order
   * @return its key row
   */
  public int key(int index) {
    return chosen == null ? keyFrom + index : chosen[index];
  }

  /**
   * Tells whether chosen keys are neighbours.
   *
   * @param from first index
   * @param count how many, at least 1
   * @return whether their key rows are consecutive
   */
  public boolean isRun(int from, int count) {
    return key(from + count - 1) - key(from) == count - 1;
  }

  /**
   * Returns where a row's keys begin.
   *
   * @param row query row
   * @return index of the first chosen key that it sees
   */
  public int first(int row) {
    return index((long) row - toLag + 1);
  }

  /**
   * Returns where a row's keys end.
   *
   * @param row query row
   * @return index after the last chosen key that it sees, at least {@link #first}
   */
  public int end(int row) {
    return index((long) row - fromLag + 1);
  }

  /** Returns how many chosen keys are less than one. */
  private int index(long key) {
    int limited = (int) Math.max(keyFrom, Math.min(keyTo, key));
    if (chosen == null) {
      return limited - keyFrom;
    }
    int found = Arrays.binarySearch(chosen, limited);
    return found < 0 ? -found - 1 : found;
  }

  /**
   * Tells whether something is added to logits.
   *
   * @return false if {@link #bias} is 0 everywhere
   */
  public boolean hasBias() {
    return bias != null;
  }

  /**
   * Returns what is added to the logits of a lag.
   *
   * @param lag query row less key row
   * @return b(lag), 0 if there is no bias
   */
  public double bias(int lag) {
    return bias == null ? 0 : bias.applyAsDouble(lag);
  }
}
