package io.github.convbasis.decompose;

import java.util.Arrays;

/**
 * Logits of sampled rows in a range of columns, with a weight for each: what {@link OffsetFit} is
 * fitted to.
 *
 * <p>A weight of 0 means that an entry is not there, as above the diagonal; its logit is never
 * looked at. Holds copies, 16 bytes for each entry up to the last positive weight of its row.
 * Immutable and thread-safe.
 */
public final class SampledTile {
  private final int firstRow;
  private final int endRow;
  private final int firstColumn;
  private final int columns;
  private final int[] rows;
  private final double[][] logits;
  private final double[][] weights;

  private SampledTile(
      int firstRow,
      int endRow,
      int firstColumn,
      int columns,
      int[] rows,
      double[][] logits,
      double[][] weights) {
    this.firstRow = firstRow;
    this.endRow = endRow;
    this.firstColumn = firstColumn;
    this.columns = columns;
    this.rows = rows;
    this.logits = logits;
    this.weights = weights;
  }

  /**
   * Checks and copies samples.
   *
   * @param firstRow first row of the tile, from 0
   * @param endRow end of the rows, exclusive
   * @param firstColumn first column of the tile, from 0
   * @param rows sampled rows, strictly increasing in {@code firstRow … endRow-1}
   * @param logits for each sampled row its entries from {@code firstColumn} on, as many for each;
   *     finite where the weight is positive
   * @param weights for each logit its weight, finite, at least 0, and 0 above the diagonal
   * @return the tile
   * @throws IllegalArgumentException naming what does not hold
   */
  public static SampledTile of(
      int firstRow,
      int endRow,
      int firstColumn,
      int[] rows,
      double[][] logits,
      double[][] weights) {
    if (firstRow < 0 || endRow <= firstRow) {
      throw new IllegalArgumentException(
          "endRow must be greater than firstRow, at least 0: were " + endRow + " and " + firstRow);
    }
    if (firstColumn < 0) {
      throw new IllegalArgumentException("firstColumn must be at least 0, was " + firstColumn);
    }
    requireRows(firstRow, endRow, rows);
    requireCount("logits", rows.length, logits.length);
    requireCount("weights", rows.length, weights.length);
    int columns = logits[0].length;
    if (columns == 0 || columns > Integer.MAX_VALUE - endRow - firstColumn) {
      throw new IllegalArgumentException(
          String.format(
              "logits[0] must have between 1 and %d entries, was %d",
              Integer.MAX_VALUE - endRow - firstColumn, columns));
    }
    double[][] logitCopies = new double[rows.length][];
    double[][] weightCopies = new double[rows.length][];
    double weight = 0;
    for (int s = 0; s < rows.length; s++) {
      requireCount("logits[" + s + "]", columns, logits[s].length);
      requireCount("weights[" + s + "]", columns, weights[s].length);
      int count = used(weights[s]);
      requireEntries(s, rows[s] - firstColumn, logits[s], weights[s], count);
      weightCopies[s] = Arrays.copyOf(weights[s], count);
      logitCopies[s] = Arrays.copyOf(logits[s], count);
      for (int c = 0; c < count; c++) {
        weight += weights[s][c];
        if (weights[s][c] == 0) {
          logitCopies[s][c] = 0;
        }
      }
    }
    if (weight == 0 || Double.isInfinite(weight)) {
      throw new IllegalArgumentException(
          "the sum of weights must be greater than 0 and finite, was " + weight);
    }
    return new SampledTile(
        firstRow, endRow, firstColumn, columns, rows.clone(), logitCopies, weightCopies);
  }

  private static void requireRows(int firstRow, int endRow, int[] rows) {
    if (rows.length == 0) {
      throw new IllegalArgumentException("rows must be at least 1, was 0");
    }
    for (int s = 0; s < rows.length; s++) {
      int least = s == 0 ? firstRow : rows[s - 1] + 1;
      if (rows[s] < least || rows[s] >= endRow) {
        throw new IllegalArgumentException(
            String.format(
                "rows[%d] must be between %d and %d, was %d", s, least, endRow - 1, rows[s]));
      }
    }
  }

  private static void requireCount(String name, int expected, int actual) {
    if (actual != expected) {
      throw new IllegalArgumentException(
          name + " must have " + expected + " entries, was " + actual);
    }
  }

  private static int used(double[] weights) {
    int count = weights.length;
    while (count > 0 && weights[count - 1] == 0) {
      count--;
    }
    return count;
  }

  private static void requireEntries(
      int sample, int diagonal, double[] logits, double[] weights, int count) {
    for (int c = 0; c < count; c++) {
      double weight = weights[c];
      if (!(weight >= 0) || Double.isInfinite(weight) || (c > diagonal && weight > 0)) {
        throw new IllegalArgumentException(
            String.format(
                "weights must be finite, at least 0, and 0 above the diagonal,"
                    + " was %s in sample %d at %d",
                weight, sample, c));
      }
      if (weight > 0 && !Double.isFinite(logits[c])) {
        throw new IllegalArgumentException(
            String.format(
                "logits must be finite where the weight is positive, was %s in sample %d at %d",
                logits[c], sample, c));
      }
    }
  }

  /**
   * Returns the first row of the tile.
   *
   * @return row, from 0
   */
  public int firstRow() {
    return firstRow;
  }

  /**
   * Returns the end of the rows.
   *
   * @return row after the last one
   */
  public int endRow() {
    return endRow;
  }

  /**
   * Returns the first column of the tile.
   *
   * @return column, from 0
   */
  public int firstColumn() {
    return firstColumn;
  }

  /**
   * Returns the number of columns.
   *
   * @return at least 1
   */
  public int columns() {
    return columns;
  }

  /**
   * Returns the number of sampled rows.
   *
   * @return at least 1
   */
  public int samples() {
    return rows.length;
  }

  /**
   * Returns a sampled row.
   *
   * @param sample sample, from 0
   * @return its row in the matrix
   */
  public int row(int sample) {
    return rows[sample];
  }

  /** Returns the entries of a sample up to the last positive weight; not copied. */
  double[] logits(int sample) {
    return logits[sample];
  }

  /** Returns as many weights; not copied. */
  double[] weights(int sample) {
    return weights[sample];
  }
}
