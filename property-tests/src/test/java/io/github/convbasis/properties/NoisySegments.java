package io.github.convbasis.properties;

import io.github.convbasis.matrix.ColumnSource;
import io.github.convbasis.matrix.SegmentedToeplitz;

/**
 * A segmented matrix plus noise of at most ε per entry, made on demand: the noise of an entry is a
 * hash of its place.
 *
 * @param segments the matrix without noise; columns before its first start are zero
 * @param epsilon greatest noise
 * @param seed of the noise
 */
record NoisySegments(SegmentedToeplitz segments, double epsilon, long seed)
    implements ColumnSource {

  @Override
  public int size() {
    return segments.size();
  }

  @Override
  public void copyColumn(int column, int fromRow, int toRow, double[] target) {
    segments.copyColumn(column, fromRow, toRow, target);
    for (int row = fromRow; row < toRow; row++) {
      target[row - fromRow] += epsilon * noise(row, column);
    }
  }

  /** A number from -1 to 1 (finaliser of SplitMix64). */
  private double noise(int row, int column) {
    long z = seed + 0x9E3779B97F4A7C15L * (((long) row << 32) + column + 1);
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    z ^= z >>> 31;
    return (z >> 11) * 0x1p-52;
  }

  /** All entries, zeros above the diagonal. */
  double[][] dense() {
    int n = size();
    double[][] matrix = new double[n][n];
    double[] column = new double[n];
    for (int j = 0; j < n; j++) {
      copyColumn(j, j, n, column);
      for (int i = j; i < n; i++) {
        matrix[i][j] = column[i - j];
      }
    }
    return matrix;
  }
}
