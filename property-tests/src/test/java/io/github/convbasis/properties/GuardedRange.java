package io.github.convbasis.properties;

import java.util.Arrays;

/**
 * Numbers at an offset into a longer array whose other elements, the guard zone, are NaN: who reads
 * them shows it in a result, and who writes them is found by {@link #requireHolds}.
 */
record GuardedRange(double[] array, int from, int count) {
  private static final int ZONE = 19;

  /** Places numbers {@code offset} elements after the start. */
  static GuardedRange of(double[] numbers, int offset) {
    double[] array = new double[offset + numbers.length + ZONE];
    Arrays.fill(array, Double.NaN);
    System.arraycopy(numbers, 0, array, offset, numbers.length);
    return new GuardedRange(array, offset, numbers.length);
  }

  int to() {
    return from + count;
  }

  /** EXACT: requires these numbers, and NaN all around. */
  void requireHolds(double[] expected, String what) {
    Tolerances.requireSameBits(array, of(expected, from).array, what + " and guard zone");
  }
}
