package io.github.convbasis.masks;

import java.util.Arrays;

/** Column ranges of well-known masks. */
final class Windows {
  private Windows() {}

  static int[] slidingStarts(int size, int window) {
    requireAtLeast("size", size, 1);
    requireAtLeast("window", window, 1);
    int[] starts = new int[size];
    Arrays.setAll(starts, row -> Math.max(0, row - window + 1));
    return starts;
  }

  /** The first group ends after {@code group - shift} rows, the others are whole. */
  static int[] groupStarts(int size, int group, int shift) {
    requireAtLeast("size", size, 1);
    requireAtLeast("group", group, 1);
    int[] starts = new int[size];
    Arrays.setAll(starts, row -> Math.max(0, (int) (((long) row + shift) / group * group - shift)));
    return starts;
  }

  static int[] causalEnds(int size) {
    int[] ends = new int[size];
    Arrays.setAll(ends, row -> row + 1);
    return ends;
  }

  private static void requireAtLeast(String name, int value, int least) {
    if (value < least) {
      throw new IllegalArgumentException(name + " must be at least " + least + ", was " + value);
    }
  }
}
