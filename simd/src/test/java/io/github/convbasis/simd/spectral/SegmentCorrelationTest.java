package io.github.convbasis.simd.spectral;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;
import io.github.convbasis.simd.Samples;
import io.github.convbasis.simd.Samples.Layout;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

class SegmentCorrelationTest {
  /**
   * FFT: roundings of float, beside {@code ‖y‖₂·‖x of the segment‖₂} summed over columns; 4 times
   * the worst seen.
   */
  private static final double TOLERANCE = 4 * 0x1p-24;

  private static final Parallelism ALONE = Parallelism.sequential();

  /** Segments at given columns; the entries of kernels do not matter. */
  private static SegmentedToeplitz matrix(int n, int... starts) {
    double[][] kernels = new double[starts.length][];
    for (int r = 0; r < starts.length; r++) {
      kernels[r] = new double[n - starts[r]];
    }
    return SegmentedToeplitz.of(n, starts, kernels);
  }

  private static HeadTensor tensor(long seed, Layout layout, boolean single, int n, int width) {
    return Samples.tensor(new SplittableRandom(seed), layout, single, 2, n, width, 1);
  }

  private static double[][] room(SegmentedToeplitz matrix) {
    double[][] room = new double[matrix.terms()][];
    for (int r = 0; r < room.length; r++) {
      room[r] = new double[matrix.size() - matrix.start(r)];
    }
    return room;
  }

  private static double norm(HeadTensor x, int head, int column, int from, int to) {
    double squares = 0;
    for (int i = from; i < to; i++) {
      squares += x.get(head, i, column) * x.get(head, i, column);
    }
    return Math.sqrt(squares);
  }

  private static void agrees(
      SegmentCorrelation correlation,
      SegmentedToeplitz matrix,
      HeadTensor y,
      HeadTensor x,
      double[][] got) {
    int n = matrix.size();
    correlation.apply(matrix, y, x, 1, got, ALONE);
    for (int r = 0; r < got.length; r++) {
      if (got[r] == null) {
        continue;
      }
      double bound = 0;
      for (int c = 0; c < x.width(); c++) {
        bound += norm(y, 1, c, 0, n) * norm(x, 1, c, matrix.start(r), matrix.end(r));
      }
      double[] row = new double[x.width()];
      for (int lag = 0; lag < got[r].length; lag++) {
        double want = 0;
        for (int j = matrix.start(r); j < Math.min(matrix.end(r), n - lag); j++) {
          x.copyRow(1, j, row);
          want += y.dot(1, j + lag, row);
        }
        double error = Math.abs(got[r][lag] - want);
        double most = TOLERANCE * bound;
        String where = matrix.size() + " rows, segment " + r + ", lag " + lag;
        assertTrue(error <= most, () -> where + ": " + error + " above " + most);
      }
    }
  }

  @Test
  void agreesForGridsSegmentsAndWidths() {
    int[][] grids = {{8}, {8, 32}, {8, 16, 64}, {64}, {512}};
    int[] lengths = {1, 7, 8, 9, 31, 64, 65, 200, 333};
    for (int[] grid : grids) {
      // One object throughout: its scratch holds what other calls left.
      SegmentCorrelation correlation = new SegmentCorrelation(BlockPlan.of(grid));
      for (int n : lengths) {
        for (int width : new int[] {1, 5, 40}) {
          HeadTensor y = tensor(n, Layout.DENSE, true, n, width);
          HeadTensor x = tensor(width, Layout.DENSE, true, n, width);
          for (SegmentedToeplitz matrix : matrices(n)) {
            agrees(correlation, matrix, y, x, room(matrix));
          }
        }
      }
    }
  }

  private static SegmentedToeplitz[] matrices(int n) {
    int[] all = new int[n];
    for (int j = 0; j < n; j++) {
      all[j] = j;
    }
    int third = n / 3;
    return n < 12
        ? new SegmentedToeplitz[] {matrix(n, 0), matrix(n, all)}
        : new SegmentedToeplitz[] {
          matrix(n, 0), matrix(n, 3), matrix(n, 0, 1, 2, third, third + 5, n - 1), matrix(n, all)
        };
  }

  @Test
  void agreesForLayoutsDoublesAndSegmentsThatDoNotMatter() {
    SegmentCorrelation correlation = new SegmentCorrelation(BlockPlan.of(8, 32));
    for (Layout layout : Layout.values()) {
      for (boolean single : new boolean[] {true, false}) {
        SegmentedToeplitz matrix = matrix(150, 0, 20, 33, 90);
        double[][] got = room(matrix);
        got[0] = null;
        got[2] = null;
        agrees(
            correlation,
            matrix,
            tensor(4, layout, single, 150, 9),
            tensor(5, layout, single, 150, 9),
            got);
      }
    }
  }

  /** EXACT: inputs are scaled by powers of two. */
  @Test
  void powersOfTwoChangeNoDigit() {
    SegmentedToeplitz matrix = matrix(150, 0, 20, 90);
    HeadTensor y = tensor(4, Layout.DENSE, true, 150, 9);
    HeadTensor x = tensor(5, Layout.DENSE, true, 150, 9);
    SegmentCorrelation correlation = new SegmentCorrelation(BlockPlan.of(8, 32));
    double[][] plain = room(matrix);
    correlation.apply(matrix, y, x, 0, plain, ALONE);
    for (int i = 0; i < y.floats().length; i++) {
      y.floats()[i] *= 0x1p70f;
      x.floats()[i] *= 0x1p-90f;
    }
    double[][] scaled = room(matrix);
    correlation.apply(matrix, y, x, 0, scaled, ALONE);
    for (int r = 0; r < plain.length; r++) {
      for (int lag = 0; lag < plain[r].length; lag++) {
        plain[r][lag] *= 0x1p-20;
      }
      assertArrayEquals(plain[r], scaled[r]);
    }
  }

  /** A limit on scratch does columns a few at a time; only the order of sums differs. */
  @Test
  void agreesWithLittleScratch() {
    SegmentedToeplitz matrix = matrix(300, 0, 20, 33, 90);
    SegmentCorrelation correlation = new SegmentCorrelation(BlockPlan.of(8, 64).withLimit(1));
    HeadTensor y = tensor(4, Layout.DENSE, true, 300, 150);
    HeadTensor x = tensor(5, Layout.DENSE, true, 300, 150);
    agrees(correlation, matrix, y, x, room(matrix));
  }

  @Test
  void sameBitsForAnyNumberOfTasks() {
    SegmentedToeplitz matrix = matrix(700, 0, 20, 33, 190, 600);
    HeadTensor y = tensor(4, Layout.DENSE, true, 700, 40);
    HeadTensor x = tensor(5, Layout.DENSE, true, 700, 40);
    double[][] one = room(matrix);
    new SegmentCorrelation(BlockPlan.of(8, 64)).apply(matrix, y, x, 0, one, ALONE);
    try (ExecutorService executor = Executors.newFixedThreadPool(3)) {
      double[][] four = room(matrix);
      Parallelism tasks = Parallelism.of(executor, 4);
      new SegmentCorrelation(BlockPlan.of(8, 64)).apply(matrix, y, x, 0, four, tasks);
      for (int r = 0; r < one.length; r++) {
        assertArrayEquals(one[r], four[r]);
      }
    }
  }

  /** What is far apart in the matrix does not share roundings: each slot has its own scale. */
  @Test
  void smallGradientsKeepTheirDigitsBesideGreatOnes() {
    int n = 256;
    SegmentedToeplitz matrix = matrix(n, 0, 128);
    float[] y = new float[n];
    float[] x = new float[n];
    SplittableRandom random = new SplittableRandom(8);
    for (int i = 0; i < n; i++) {
      y[i] = (float) random.nextGaussian();
      x[i] = (float) random.nextGaussian() * (i < 128 ? 1e6f : 1e-6f);
    }
    double[][] got = room(matrix);
    HeadTensor rows = HeadTensor.of(y, 1, n, 1);
    HeadTensor columns = HeadTensor.of(x, 1, n, 1);
    new SegmentCorrelation(BlockPlan.of(16)).apply(matrix, rows, columns, 0, got, ALONE);
    for (int lag = 0; lag < 128; lag++) {
      double want = 0;
      for (int j = 128; j < n - lag; j++) {
        want += (double) y[j + lag] * x[j];
      }
      // Norms of 128 Gaussian numbers are about 11.
      double bound = TOLERANCE * 128 * 1e-6;
      double error = Math.abs(got[1][lag] - want);
      assertTrue(error <= bound, error + " above " + bound + " at lag " + lag);
    }
  }

  @Test
  void overflowIsRefused() {
    double[] huge = {1e200, 1e200};
    HeadTensor x = HeadTensor.of(huge, 1, 2, 1);
    SegmentCorrelation correlation = new SegmentCorrelation(BlockPlan.of(8));
    SegmentedToeplitz matrix = matrix(2, 0);
    assertThrows(
        ArithmeticException.class, () -> correlation.apply(matrix, x, x, 0, room(matrix), ALONE));
  }
}
