package io.github.convbasis.decompose;

import io.github.convbasis.conv.ConvBasis;
import io.github.convbasis.matrix.LowerTriangular;
import io.github.convbasis.matrix.SegmentedToeplitz;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Decomposes any lower-triangular matrix into its k-conv basis, reading all O(n²) entries.
 *
 * <p>Stateless and thread-safe.
 */
public final class ConvBasisDecomposer {
  private ConvBasisDecomposer() {}

  /**
   * Finds the unique exact basis: the least number of terms whose sum is the matrix.
   *
   * <p>A term starts at column j where it is not column j-1 shifted down by one, that is where some
   * {@code H[i,j] ≠ H[i-1,j-1]}; the comparison runs along rows. Supports are exact for any finite
   * input (comparisons only); coefficients are rounded differences, see {@link
   * ConvBasis#of(SegmentedToeplitz)}.
   *
   * @param matrix the matrix, read three times by rows
   * @return the basis and the rounding error of rebuilding from it
   * @throws IllegalArgumentException if a difference of two entries overflows
   */
  public static Decomposition decompose(LowerTriangular matrix) {
    int n = matrix.size();
    int[] starts = exactStarts(matrix);
    double[][] kernels = new double[starts.length][];
    for (int r = 0; r < starts.length; r++) {
      kernels[r] = new double[n - starts[r]];
    }
    double[] row = new double[n];
    for (int i = 0; i < n; i++) {
      matrix.copyRow(i, row);
      for (int r = 0; r < starts.length && starts[r] <= i; r++) {
        kernels[r][i - starts[r]] = row[starts[r]];
      }
    }
    return measured(matrix, SegmentedToeplitz.of(n, starts, kernels), 0);
  }

  private static int[] exactStarts(LowerTriangular matrix) {
    int n = matrix.size();
    boolean[] startsHere = new boolean[n];
    double[] previous = new double[n];
    double[] row = new double[n];
    for (int i = 0; i < n; i++) {
      matrix.copyRow(i, row);
      startsHere[0] |= row[0] != 0;
      for (int j = 1; j <= i; j++) {
        startsHere[j] |= row[j] != previous[j - 1];
      }
      double[] swap = previous;
      previous = row;
      row = swap;
    }
    int terms = 0;
    int[] starts = new int[n];
    for (int j = 0; j < n; j++) {
      if (startsHere[j]) {
        starts[terms++] = j;
      }
    }
    return Arrays.copyOf(starts, terms);
  }

  /**
   * Finds the least number of terms whose sum is within a sup-norm tolerance of the matrix.
   *
   * <p>The tolerance is that of the kernels; rebuilding adds the rounding of {@link
   * ConvBasis#of(SegmentedToeplitz)}, and {@link Decomposition#supError()} tells the sum of both.
   *
   * <p>Scans columns from the left and keeps, for every lag, the least and greatest entry of the
   * segment so far. A segment grows as long as these lie within twice the tolerance of each other;
   * its kernel is their midpoint. Growing greedily is optimal, since a part of a feasible segment
   * is feasible.
   *
   * @param matrix the matrix, read by columns
   * @param tolerance largest allowed {@code |H[i,j] - H̃[i,j]|}, finite, at least 0
   * @return the basis and the error measured over all entries
   * @throws IllegalArgumentException if the tolerance is negative or not finite
   */
  public static Decomposition decompose(LowerTriangular matrix, double tolerance) {
    if (!(tolerance >= 0) || Double.isInfinite(tolerance)) {
      throw new IllegalArgumentException(
          "tolerance must be finite and at least 0, was " + tolerance);
    }
    if (tolerance == 0) {
      return decompose(matrix);
    }
    int n = matrix.size();
    List<Integer> starts = new ArrayList<>();
    List<double[]> kernels = new ArrayList<>();
    Envelope envelope = new Envelope(n, tolerance);
    double[] column = new double[n];
    for (int j = 0; j < n; j++) {
      int length = n - j;
      matrix.copyColumn(j, j, n, column);
      if (!envelope.admits(column, length)) {
        if (!starts.isEmpty()) {
          kernels.add(envelope.midpoints());
        }
        starts.add(j);
        envelope.restart(column, length);
      } else if (!starts.isEmpty()) {
        envelope.widen(column, length);
      }
      // Before the first term the model is exactly zero, so the envelope stays at zero there.
    }
    if (!starts.isEmpty()) {
      kernels.add(envelope.midpoints());
    }
    int[] startArray = starts.stream().mapToInt(Integer::intValue).toArray();
    SegmentedToeplitz segments =
        SegmentedToeplitz.of(n, startArray, kernels.toArray(new double[0][]));
    return measured(matrix, segments, tolerance);
  }

  private static Decomposition measured(
      LowerTriangular matrix, SegmentedToeplitz segments, double tolerance) {
    ConvBasis basis = ConvBasis.of(segments);
    SegmentedToeplitz rebuilt = basis.toSegments();
    int n = matrix.size();
    double[] expected = new double[n];
    double[] actual = new double[n];
    double supError = 0;
    for (int i = 0; i < n; i++) {
      matrix.copyRow(i, expected);
      rebuilt.copyRow(i, actual);
      for (int j = 0; j <= i; j++) {
        supError = Math.max(supError, Math.abs(expected[j] - actual[j]));
      }
    }
    return new Decomposition(basis, tolerance, supError);
  }

  /** Least and greatest entries by lag of the segment that is growing. */
  private static final class Envelope {
    private final double[] least;
    private final double[] greatest;
    private final double tolerance;
    private boolean fixedAtZero = true;
    private int length;

    Envelope(int n, double tolerance) {
      least = new double[n];
      greatest = new double[n];
      this.tolerance = tolerance;
    }

    boolean admits(double[] column, int entries) {
      double widest = fixedAtZero ? tolerance : 2 * tolerance;
      for (int lag = 0; lag < entries; lag++) {
        double span = Math.max(greatest[lag], column[lag]) - Math.min(least[lag], column[lag]);
        if (span > widest) {
          return false;
        }
      }
      return true;
    }

    void restart(double[] column, int entries) {
      System.arraycopy(column, 0, least, 0, entries);
      System.arraycopy(column, 0, greatest, 0, entries);
      length = entries;
      fixedAtZero = false;
    }

    void widen(double[] column, int entries) {
      for (int lag = 0; lag < entries; lag++) {
        least[lag] = Math.min(least[lag], column[lag]);
        greatest[lag] = Math.max(greatest[lag], column[lag]);
      }
    }

    double[] midpoints() {
      double[] kernel = new double[length];
      for (int lag = 0; lag < length; lag++) {
        kernel[lag] = least[lag] + (greatest[lag] - least[lag]) / 2;
      }
      return kernel;
    }
  }
}
