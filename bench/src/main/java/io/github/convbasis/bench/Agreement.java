package io.github.convbasis.bench;

/** Refuses to time what does not compute the right numbers. */
final class Agreement {
  private Agreement() {}

  /**
   * Requires {@code |expected - actual| ≤ tolerance·max|expected|} everywhere.
   *
   * @param what names the one that is judged
   */
  static void require(String what, float[] expected, float[] actual, double tolerance) {
    if (expected.length != actual.length) {
      throw new IllegalStateException(
          what + " gives " + actual.length + " numbers instead of " + expected.length);
    }
    double greatest = 0;
    double worst = 0;
    for (int i = 0; i < expected.length; i++) {
      double difference = Math.abs((double) expected[i] - actual[i]);
      greatest = Math.max(greatest, Math.abs(expected[i]));
      worst = Math.max(worst, difference);
    }
    // Not worst > limit: NaN must fail.
    if (!(worst <= tolerance * greatest)) {
      throw new IllegalStateException(
          String.format(
              "%s differs by %.2e of the greatest number, allowed are %.2e",
              what, worst / greatest, tolerance));
    }
    System.out.printf("# %s agrees within %.1e of the greatest number%n", what, worst / greatest);
  }
}
