package io.github.convbasis.matrix;

/**
 * Gives single columns of a lower-triangular n × n matrix on demand, so that the matrix need not
 * exist.
 *
 * <p>Implementations state their own thread-safety; callers ask from one thread at a time.
 */
public interface ColumnSource {
  /**
   * Returns the number of rows and columns, n.
   *
   * @return at least 1
   */
  int size();

  /**
   * Copies entries {@code (fromRow … toRow-1, column)}; on and below the diagonal only.
   *
   * @param column column, from 0
   * @param fromRow first row, at least {@code column}
   * @param toRow end of the rows, exclusive
   * @param target receives {@code toRow - fromRow} entries from its start
   */
  void copyColumn(int column, int fromRow, int toRow, double[] target);

  /**
   * Copies whole columns, each from the diagonal down.
   *
   * @param columns columns, increasing
   * @param targets for each column receives its {@code n - column} entries from its start
   */
  default void copyColumns(int[] columns, double[][] targets) {
    for (int r = 0; r < columns.length; r++) {
      copyColumn(columns[r], columns[r], size(), targets[r]);
    }
  }

  /**
   * Compares the first T entries of a column, from the diagonal down, with T given ones.
   *
   * @param column column, from 0, at most n - T
   * @param reference T numbers
   * @param work receives the T entries of the column
   * @return {@code Σ_t |entry_t - reference_t|}, infinite on overflow
   */
  default double distance(int column, double[] reference, double[] work) {
    copyColumn(column, column, column + reference.length, work);
    double sum = 0;
    for (int t = 0; t < reference.length; t++) {
      sum += Math.abs(work[t] - reference[t]);
    }
    return sum;
  }
}
