package io.github.convbasis.properties;

/** Tries every set of segment starts, so that no argument about a cleverer search is needed. */
final class FewestTerms {
  private FewestTerms() {}

  /** Returns the fewest segments whose best kernels are within a tolerance of every entry. */
  static int within(double[][] dense, double tolerance) {
    int n = dense.length;
    int fewest = n;
    for (int starts = 0; starts < 1 << n; starts++) {
      if (Integer.bitCount(starts) < fewest && feasible(dense, starts, tolerance)) {
        fewest = Integer.bitCount(starts);
      }
    }
    return fewest;
  }

  /** Bit j of {@code starts} is set if a segment starts at column j. */
  private static boolean feasible(double[][] dense, int starts, double tolerance) {
    int n = dense.length;
    int from = 0;
    for (int j = 1; j <= n; j++) {
      if (j == n || (starts >> j & 1) != 0) {
        boolean modelled = (starts & (1 << (from + 1)) - 1) != 0;
        if (!blockFeasible(dense, from, j, modelled, tolerance)) {
          return false;
        }
        from = j;
      }
    }
    return true;
  }

  /** A block needs, for every lag, one number near all its entries; zero if nothing models it. */
  private static boolean blockFeasible(
      double[][] dense, int from, int to, boolean modelled, double tolerance) {
    int n = dense.length;
    for (int lag = 0; from + lag < n; lag++) {
      double least = modelled ? Double.POSITIVE_INFINITY : 0;
      double greatest = modelled ? Double.NEGATIVE_INFINITY : 0;
      for (int j = from; j < to && j + lag < n; j++) {
        least = Math.min(least, dense[j + lag][j]);
        greatest = Math.max(greatest, dense[j + lag][j]);
      }
      boolean near =
          modelled ? greatest - least <= 2 * tolerance : Math.max(greatest, -least) <= tolerance;
      if (!near) {
        return false;
      }
    }
    return true;
  }
}
