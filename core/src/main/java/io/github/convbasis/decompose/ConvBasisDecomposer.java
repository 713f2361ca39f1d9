package io.github.convbasis.decompose;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.DecompositionLoops;
import io.github.convbasis.conv.ConvBasis;
import io.github.convbasis.matrix.LowerTriangular;
import io.github.convbasis.matrix.SegmentedToeplitz;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Decomposes any lower-triangular matrix into its k-conv basis, reading all O(n²) entries.
 *
 * <p>The result has the same bits on every backend, which only runs the loops. Immutable and
 * thread-safe.
 */
public final class ConvBasisDecomposer {
  /** Rows or columns that are read before their entries are used: those of one cache line. */
  private static final int BLOCK = 8;

  private final DecompositionLoops loops;

  private ConvBasisDecomposer(DecompositionLoops loops) {
    this.loops = loops;
  }

  /**
   * Decomposes with the loops of a backend.
   *
   * @param backend what compares entries
   * @return the decomposer
   */
  public static ConvBasisDecomposer of(Backend backend) {
    return new ConvBasisDecomposer(backend.decompositionLoops());
  }

  /**
   * Finds the unique exact basis: the least number of terms whose sum is the matrix.
   *
   * <p>A term starts at column j where it is not column j-1 shifted down by one, that is where some
   * {@code H[i,j] ≠ H[i-1,j-1]}: where {@code Σ_i |H[i,j] - H[i-1,j-1]|} is not zero. The
   * comparison runs along rows. Supports are exact for any finite input, since differences of
   * unequal numbers are not zero in floating point either; coefficients are rounded differences,
   * see {@link ConvBasis#of(SegmentedToeplitz)}.
   *
   * @param matrix the matrix, read three times by rows
   * @return the basis and the rounding error of rebuilding from it
   * @throws IllegalArgumentException if a difference of two entries overflows
   */
  public Decomposition decompose(LowerTriangular matrix) {
    int n = matrix.size();
    int[] starts = exactStarts(matrix);
    double[][] kernels = new double[starts.length][];
    for (int r = 0; r < starts.length; r++) {
      kernels[r] = new double[n - starts[r]];
    }
    double[][] rows = new double[BLOCK][n];
    for (int first = 0; first < n; first += BLOCK) {
      int end = copyRows(matrix, first, rows);
      for (int r = 0; r < starts.length && starts[r] < end; r++) {
        for (int i = Math.max(first, starts[r]); i < end; i++) {
          kernels[r][i - starts[r]] = rows[i - first][starts[r]];
        }
      }
    }
    return measured(matrix, SegmentedToeplitz.of(n, starts, kernels), 0);
  }

  private static int copyRows(LowerTriangular matrix, int first, double[][] rows) {
    int end = Math.min(matrix.size(), first + BLOCK);
    for (int i = first; i < end; i++) {
      matrix.copyRow(i, rows[i - first]);
    }
    return end;
  }

  private int[] exactStarts(LowerTriangular matrix) {
    int n = matrix.size();
    double[] norms = new double[n];
    double[] previous = new double[n];
    double[] row = new double[n];
    for (int i = 0; i < n; i++) {
      matrix.copyRow(i, row);
      norms[0] += Math.abs(row[0]);
      loops.addShiftedDifferences(previous, row, 1, i + 1, norms);
      double[] swap = previous;
      previous = row;
      row = swap;
    }
    int terms = 0;
    int[] starts = new int[n];
    for (int j = 0; j < n; j++) {
      if (norms[j] != 0) {
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
  public Decomposition decompose(LowerTriangular matrix, double tolerance) {
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
    Envelope envelope = new Envelope(loops, n, tolerance);
    double[][] columns = new double[BLOCK][n];
    for (int j = 0; j < n; j++) {
      int length = n - j;
      if (j % BLOCK == 0) {
        copyColumns(matrix, j, columns);
      }
      double[] column = columns[j % BLOCK];
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

  private static void copyColumns(LowerTriangular matrix, int first, double[][] targets) {
    int[] columns = new int[Math.min(BLOCK, matrix.size() - first)];
    Arrays.setAll(columns, c -> first + c);
    matrix.copyColumns(columns, targets);
  }

  private Decomposition measured(
      LowerTriangular matrix, SegmentedToeplitz segments, double tolerance) {
    ConvBasis basis = ConvBasis.of(segments);
    SegmentedToeplitz rebuilt = basis.toSegments();
    double[][] reversed = new double[rebuilt.terms()][];
    for (int r = 0; r < reversed.length; r++) {
      reversed[r] = reversed(rebuilt.kernel(r));
    }
    int n = matrix.size();
    double[][] expected = new double[BLOCK][n];
    // Columns before the first start stay zero.
    double[][] actual = new double[BLOCK][n];
    double supError = 0;
    for (int first = 0; first < n; first += BLOCK) {
      int end = copyRows(matrix, first, expected);
      copyRows(rebuilt, reversed, first, end, actual);
      for (int i = first; i < end; i++) {
        double error = loops.greatestDifference(expected[i - first], actual[i - first], i + 1);
        supError = Math.max(supError, error);
      }
    }
    return new Decomposition(basis, tolerance, supError);
  }

  private static double[] reversed(double[] kernel) {
    for (int low = 0, high = kernel.length - 1; low < high; low++, high--) {
      double swap = kernel[low];
      kernel[low] = kernel[high];
      kernel[high] = swap;
    }
    return kernel;
  }

  /** Lags fall along a row, so a row is made of pieces of reversed kernels. */
  private static void copyRows(
      SegmentedToeplitz matrix, double[][] reversed, int first, int end, double[][] rows) {
    int n = matrix.size();
    for (int r = 0; r < reversed.length && matrix.start(r) < end; r++) {
      int start = matrix.start(r);
      for (int i = Math.max(first, start); i < end; i++) {
        int count = Math.min(matrix.end(r), i + 1) - start;
        System.arraycopy(reversed[r], n - 1 - i, rows[i - first], start, count);
      }
    }
  }

  /** Least and greatest entries by lag of the segment that is growing. */
  private static final class Envelope {
    private final DecompositionLoops loops;
    private final double[] least;
    private final double[] greatest;
    private final double tolerance;
    private boolean fixedAtZero = true;
    private int length;

    Envelope(DecompositionLoops loops, int n, double tolerance) {
      this.loops = loops;
      least = new double[n];
      greatest = new double[n];
      this.tolerance = tolerance;
    }

    boolean admits(double[] column, int entries) {
      double widest = fixedAtZero ? tolerance : 2 * tolerance;
      return !loops.spanExceeds(least, greatest, column, entries, widest);
    }

    void restart(double[] column, int entries) {
      System.arraycopy(column, 0, least, 0, entries);
      System.arraycopy(column, 0, greatest, 0, entries);
      length = entries;
      fixedAtZero = false;
    }

    void widen(double[] column, int entries) {
      loops.widen(least, greatest, column, entries);
    }

    double[] midpoints() {
      double[] kernel = new double[length];
      loops.midpoints(least, greatest, kernel, length);
      return kernel;
    }
  }
}
