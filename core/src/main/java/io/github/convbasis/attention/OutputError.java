package io.github.convbasis.attention;

import io.github.convbasis.matrix.HeadTensor;

/**
 * The error of a head's output against another, over all its rows. Immutable and thread-safe.
 *
 * @param relative ‖Y - Ỹ‖_F / ‖Y‖_F; infinite if only Y is zero
 * @param worstRow the row with the greatest relative error
 * @param worstRowError that row's ‖y - ỹ‖₂ / ‖y‖₂
 */
public record OutputError(double relative, int worstRow, double worstRowError) {

  /**
   * Compares every row of a head.
   *
   * @param expected Y
   * @param actual Ỹ, of the same shape
   * @param head head, from 0
   * @return the error
   * @throws IllegalArgumentException if the shapes differ
   */
  public static OutputError measure(HeadTensor expected, HeadTensor actual, int head) {
    if (actual.heads() != expected.heads()
        || actual.rows() != expected.rows()
        || actual.width() != expected.width()) {
      throw new IllegalArgumentException("actual must be " + expected + ", was " + actual);
    }
    double scale = Math.max(expected.maxAbs(head), actual.maxAbs(head));
    Rows rows = new Rows(expected.width(), scale);
    double[] exact = new double[expected.width()];
    double error = 0;
    double norm = 0;
    for (int row = 0; row < expected.rows(); row++) {
      expected.copyRow(head, row, exact);
      double[] squares = rows.squares(exact, actual, head, row);
      error += squares[0];
      norm += squares[1];
    }
    return new OutputError(ratio(error, norm), rows.worstRow, rows.worstError);
  }

  /** Returns √(error / norm), zero where there is no error. */
  static double ratio(double error, double norm) {
    return error == 0 ? 0 : Math.sqrt(error / norm);
  }

  /**
   * Squares rows after dividing by a common scale, so that values near either end of the range of
   * double neither vanish nor overflow, and remembers the worst row.
   */
  static final class Rows {
    private final double[] approximate;
    private final double scale;
    private int worstRow;
    private double worstError = -1;
    private int count;

    Rows(int width, double scale) {
      approximate = new double[width];
      // A power of two, so that dividing by it rounds nothing.
      this.scale = scale == 0 ? 1 : Math.scalb(1.0, Math.getExponent(scale));
    }

    /** Returns {squared error, squared norm} of one row. */
    double[] squares(double[] exact, HeadTensor output, int head, int row) {
      output.copyRow(head, row, approximate);
      double error = 0;
      double norm = 0;
      for (int column = 0; column < exact.length; column++) {
        double y = exact[column] / scale;
        double difference = approximate[column] / scale - y;
        error += difference * difference;
        norm += y * y;
      }
      double relative = ratio(error, norm);
      if (relative > worstError) {
        worstError = relative;
        worstRow = row;
      }
      count++;
      return new double[] {error, norm};
    }

    int worstRow() {
      return worstRow;
    }

    double worstError() {
      return worstError;
    }

    int count() {
      return count;
    }
  }
}
