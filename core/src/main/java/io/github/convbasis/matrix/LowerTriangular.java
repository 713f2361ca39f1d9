package io.github.convbasis.matrix;

/**
 * Gives rows and columns of a lower-triangular n × n matrix.
 *
 * <p>Implementations in this package are immutable and thread-safe.
 */
public interface LowerTriangular extends ColumnSource {
  /**
   * Copies entries {@code (row, 0 … row)}.
   *
   * @param row row, from 0
   * @param target receives {@code row + 1} entries from its start
   */
  void copyRow(int row, double[] target);
}
