package io.github.convbasis.simd.exact;

import io.github.convbasis.backend.GradientEntries;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import java.util.Arrays;

/**
 * Says which of some chosen keys a row sees, under the mask and in a range of lags: always
 * neighbours in the list of keys. Immutable and thread-safe.
 */
final class SeenKeys {
  private final AttentionInputs inputs;
  private final GradientEntries entries;
  private final int[] keys;

  SeenKeys(AttentionInputs inputs, GradientEntries entries) {
    this.inputs = inputs;
    this.entries = entries;
    keys = entries.keys();
  }

  /** Returns how many keys are chosen. */
  int count() {
    return keys == null ? inputs.keys().rows() : keys.length;
  }

  /** Returns the key row of a chosen key. */
  int key(int index) {
    return keys == null ? index : keys[index];
  }

  /** Tells whether all keys are chosen. */
  boolean isAll() {
    return keys == null;
  }

  /** Returns the index of the first chosen key that a row sees. */
  int first(int row) {
    return inputs.mask() == AttentionMask.NONE
        ? 0
        : index((int) Math.min(visible(row), Math.max(0, position(row) - entries.toLag() + 1)));
  }

  /** Returns the index after the last chosen key that a row sees, at least {@link #first}. */
  int end(int row) {
    return index(visible(row));
  }

  /** Returns the end of the keys that a row sees among all. */
  private int visible(int row) {
    int visible = inputs.visibleKeys(row);
    return inputs.mask() == AttentionMask.NONE
        ? visible
        : (int) Math.min(visible, Math.max(0, position(row) - entries.fromLag() + 1));
  }

  private long position(int row) {
    return (long) inputs.firstPosition() + row;
  }

  /** Returns how many chosen keys are less than one. */
  private int index(int key) {
    if (keys == null) {
      return key;
    }
    int found = Arrays.binarySearch(keys, key);
    return found < 0 ? -found - 1 : found;
  }
}
