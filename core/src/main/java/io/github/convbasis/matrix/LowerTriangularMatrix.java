package io.github.convbasis.matrix;

import java.util.Objects;

/**
 * Stores a lower-triangular matrix densely, row after row: entry (i, j) at {@code i·(i+1)/2 + j}.
 *
 * <p>Takes 4·n·(n+1) bytes. Immutable and thread-safe.
 */
public final class LowerTriangularMatrix implements LowerTriangular {
  /** The largest size whose entries fit one array. */
  public static final int MAX_SIZE = 65_535;

  /** Neighbouring entries of a row that share a cache line. */
  private static final int COLUMNS_AT_ONCE = 8;

  private final int size;
  private final double[] entries;

  private LowerTriangularMatrix(int size, double[] entries) {
    this.size = size;
    this.entries = entries;
  }

  /**
   * Copies the lower triangle of a square array.
   *
   * @param rows n rows of n entries; entries above the diagonal must be zero
   * @return the matrix
   * @throws IllegalArgumentException if the array is not square, an entry above the diagonal is not
   *     zero, or an entry is not finite
   */
  public static LowerTriangularMatrix of(double[][] rows) {
    int n = rows.length;
    requireSize(n);
    double[] entries = new double[entryCount(n)];
    for (int i = 0; i < n; i++) {
      if (rows[i].length != n) {
        throw new IllegalArgumentException(
            "rows must have " + n + " entries each, row " + i + " has " + rows[i].length);
      }
      for (int j = 0; j < n; j++) {
        double value = rows[i][j];
        if (!Double.isFinite(value) || (j > i && value != 0)) {
          throw new IllegalArgumentException(
              String.format(
                  "matrix must be finite and zero above its diagonal, was %s at row %d, column %d",
                  value, i, j));
        }
      }
      System.arraycopy(rows[i], 0, entries, rowStart(i), i + 1);
    }
    return new LowerTriangularMatrix(n, entries);
  }

  /**
   * Copies any lower-triangular matrix into dense storage.
   *
   * @param source where rows come from
   * @return the copy
   * @throws IllegalArgumentException if it is larger than {@link #MAX_SIZE}
   */
  public static LowerTriangularMatrix copyOf(LowerTriangular source) {
    int n = source.size();
    requireSize(n);
    double[] entries = new double[entryCount(n)];
    double[] row = new double[n];
    for (int i = 0; i < n; i++) {
      source.copyRow(i, row);
      System.arraycopy(row, 0, entries, rowStart(i), i + 1);
    }
    return new LowerTriangularMatrix(n, entries);
  }

  private static void requireSize(int n) {
    if (n < 1 || n > MAX_SIZE) {
      throw new IllegalArgumentException("size must be between 1 and " + MAX_SIZE + ", was " + n);
    }
  }

  private static int entryCount(int n) {
    return Math.toIntExact((long) n * (n + 1L) / 2);
  }

  private static int rowStart(int row) {
    return (int) ((long) row * (row + 1L) / 2);
  }

  @Override
  public int size() {
    return size;
  }

  /**
   * Returns one entry.
   *
   * @param row row, from 0
   * @param column column, from 0
   * @return the entry, zero above the diagonal
   */
  public double get(int row, int column) {
    Objects.checkIndex(row, size);
    Objects.checkIndex(column, size);
    return column > row ? 0 : entries[rowStart(row) + column];
  }

  @Override
  public void copyRow(int row, double[] target) {
    System.arraycopy(entries, rowStart(row), target, 0, row + 1);
  }

  @Override
  public void copyColumn(int column, int fromRow, int toRow, double[] target) {
    assert fromRow >= column : "above the diagonal: " + fromRow + " < " + column;
    for (int row = fromRow; row < toRow; row++) {
      target[row - fromRow] = entries[rowStart(row) + column];
    }
  }

  @Override
  public void copyColumns(int[] columns, double[][] targets) {
    for (int first = 0; first < columns.length; first += COLUMNS_AT_ONCE) {
      copyColumns(columns, targets, first, Math.min(columns.length, first + COLUMNS_AT_ONCE));
    }
  }

  private void copyColumns(int[] columns, double[][] targets, int first, int end) {
    for (int row = columns[first]; row < size; row++) {
      int start = rowStart(row);
      for (int r = first; r < end && columns[r] <= row; r++) {
        targets[r][row - columns[r]] = entries[start + columns[r]];
      }
    }
  }
}
