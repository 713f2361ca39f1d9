package io.github.convbasis.training;

/** Sums of windows that slide along numbers, without differences of running sums. Stateless. */
final class WindowSums {
  private WindowSums() {}

  /**
   * Sums {@code numbers[i … i + width - 1]}, as far as there are any, for i from {@code from} on:
   * the tail of one block of {@code width} numbers plus the head of the next (van Herk 1992).
   *
   * @param numbers the numbers
   * @param from first index
   * @param width of the windows, at least 1
   * @return a sum for each index from {@code from} to the last
   */
  static double[] of(double[] numbers, int from, int width) {
    int count = numbers.length - from;
    double[] sums = new double[count];
    for (int i = count - 1; i >= 0; i--) {
      boolean blockEnds = (i + 1) % width == 0 || i + 1 == count;
      sums[i] = numbers[from + i] + (blockEnds ? 0 : sums[i + 1]);
    }
    double head = 0;
    // Window i ends where head is added up to, so i lags behind; sums before it are done.
    for (int end = 0; end < count + width - 1; end++) {
      if (end < count) {
        head = numbers[from + end] + (end % width == 0 ? 0 : head);
      }
      int i = end - width + 1;
      if (i >= 0 && i < count && i % width != 0) {
        boolean nextBlockExists = (i / width + 1) * width < count;
        sums[i] += nextBlockExists ? head : 0;
      }
    }
    return sums;
  }
}
