package io.github.convbasis.inference.model;

/**
 * Rotates rows by their position in the half-split convention of Hugging Face: elements m and m +
 * d/2 turn by {@code position·frequency_m}.
 *
 * <p>The table of cosines and sines is made once for all heads and layers of a forward pass, in
 * double: rows·d/2 of each. It takes any frequencies, so also scaled ones. Immutable and
 * thread-safe.
 */
final class RotaryTable {
  private final double[] cosines;
  private final double[] sines;
  private final int pairs;

  /**
   * Computes the table.
   *
   * @param frequencies angle of each pair from one position to the next
   * @param first position of row 0
   * @param rows how many positions from there
   */
  RotaryTable(double[] frequencies, int first, int rows) {
    pairs = frequencies.length;
    cosines = new double[Math.multiplyExact(rows, pairs)];
    sines = new double[cosines.length];
    for (int row = 0; row < rows; row++) {
      for (int m = 0; m < pairs; m++) {
        double angle = (first + row) * frequencies[m];
        cosines[row * pairs + m] = Math.cos(angle);
        sines[row * pairs + m] = Math.sin(angle);
      }
    }
  }

  /** Rotates one head of a row from an array into another. */
  void rotate(int row, float[] source, int from, float[] target, int to) {
    int table = row * pairs;
    for (int m = 0; m < pairs; m++) {
      double x = source[from + m];
      double y = source[from + pairs + m];
      double cosine = cosines[table + m];
      double sine = sines[table + m];
      target[to + m] = (float) (x * cosine - y * sine);
      target[to + pairs + m] = (float) (y * cosine + x * sine);
    }
  }
}
