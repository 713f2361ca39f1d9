package io.github.convbasis.simd.spectral;

/** Counts entries of a lower triangle that are exact. Stateless and thread-safe. */
final class ExactEntries {
  private ExactEntries() {}

  /** Returns the entries of whole rows. */
  static double ofRows(double fromRow, double toRow) {
    return toRow * (toRow + 1) / 2 - fromRow * (fromRow + 1) / 2;
  }

  /** Returns the entries of rows in their diagonal blocks and in excluded columns before these. */
  static double ofBands(int fromRow, int toRow, int band, int[] excluded) {
    double sum = 0;
    for (int row = fromRow; row < toRow; row++) {
      sum += row % band + 1;
    }
    for (int column : excluded) {
      int firstFar = Math.max(fromRow, (column / band + 1) * band);
      sum += Math.max(0, toRow - firstFar);
    }
    return sum;
  }
}
