package io.github.convbasis.simd.spectral;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;
import io.github.convbasis.simd.Samples;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SegmentProductTest {
  private static final int WIDTH = 5;
  private static final float GUARD = 12345.5f;

  /** A matrix of numbers of either sign, whose first columns may be zero. */
  private static SegmentedToeplitz matrix(
      int n, int terms, int firstStart, double scale, long seed) {
    SegmentedToeplitz gaussian = SegmentSamples.gaussian(n, terms, scale, seed);
    int kept = Math.min(terms, n - firstStart);
    int[] starts = new int[gaussian.terms()];
    double[][] kernels = new double[starts.length][];
    int count = 0;
    for (int r = 0; r < starts.length; r++) {
      int start = Math.max(firstStart + count, gaussian.start(r));
      if (start < n && count < kept) {
        starts[count] = start;
        kernels[count] = Arrays.copyOf(gaussian.kernel(r), n - start);
        count++;
      }
    }
    return SegmentedToeplitz.of(n, Arrays.copyOf(starts, count), Arrays.copyOf(kernels, count));
  }

  private static HeadTensor input(int n, double scale) {
    return Samples.tensor(new SplittableRandom(6), Samples.Layout.DENSE, true, 1, n, WIDTH, scale);
  }

  /** Rows between guards. */
  private static HeadTensor blank(int n) {
    float[] data = new float[(n + 2) * (WIDTH + 3)];
    Arrays.fill(data, GUARD);
    return HeadTensor.of(data, WIDTH + 3, 1, 0, n, WIDTH + 3, WIDTH);
  }

  private static double[][] dense(SegmentedToeplitz matrix, HeadTensor x, boolean transpose) {
    int n = matrix.size();
    double[][] result = new double[n][WIDTH];
    double[] row = new double[n];
    for (int i = 0; i < n; i++) {
      matrix.copyRow(i, row);
      for (int j = 0; j <= i; j++) {
        for (int c = 0; c < WIDTH; c++) {
          if (transpose) {
            result[j][c] += row[j] * x.get(0, i, c);
          } else {
            result[i][c] += row[j] * x.get(0, j, c);
          }
        }
      }
    }
    return result;
  }

  /** 2-norm of all entries times that of all inputs: no part of the product exceeds it. */
  private static double norm(SegmentedToeplitz matrix, HeadTensor x) {
    double squares = 0;
    for (int r = 0; r < matrix.terms(); r++) {
      for (double entry : matrix.kernel(r)) {
        squares += entry * entry;
      }
    }
    double inputs = 0;
    for (int i = 0; i < matrix.size(); i++) {
      for (int c = 0; c < WIDTH; c++) {
        inputs = Math.max(inputs, Math.abs(x.get(0, i, c)));
      }
    }
    return Math.sqrt(squares) * inputs * Math.sqrt(matrix.size());
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void agreesWithDense(boolean transpose) {
    BlockPlan[] plans = {
      BlockPlan.of(8), BlockPlan.of(8, 32), BlockPlan.of(64), BlockPlan.of(8, 16, 64)
    };
    for (BlockPlan plan : plans) {
      for (int n : new int[] {1, 2, 7, 8, 9, 31, 32, 33, 64, 100, 257}) {
        for (int terms : new int[] {1, 2, 5, 40}) {
          for (int firstStart : new int[] {0, 1, n / 2, n - 1}) {
            SegmentedToeplitz matrix = matrix(n, terms, Math.min(firstStart, n - 1), 3, n + terms);
            HeadTensor x = input(n, 1);
            HeadTensor y = blank(n);
            SegmentProduct.of(plan).apply(matrix, x, y, 0, transpose, Parallelism.sequential());
            double[][] expected = dense(matrix, x, transpose);
            // The worst seen is 0.6 of this, with one row.
            double tolerance = 0x1p-23 * norm(matrix, x);
            for (int i = 0; i < n; i++) {
              for (int c = 0; c < WIDTH; c++) {
                assertEquals(expected[i][c], y.get(0, i, c), tolerance, plan + ", " + n + ", " + i);
              }
            }
            requireGuards(y, n);
          }
        }
      }
    }
  }

  private static void requireGuards(HeadTensor y, int n) {
    float[] data = y.floats();
    for (int i = 0; i < data.length; i++) {
      int row = (i - (WIDTH + 3)) / (WIDTH + 3);
      boolean inside = i >= WIDTH + 3 && row < n && i % (WIDTH + 3) < WIDTH;
      if (!inside) {
        assertEquals(GUARD, data[i], "element " + i);
      }
    }
  }

  @Test
  void magnitudesDoNotMatter() {
    SegmentedToeplitz matrix = matrix(100, 5, 0, 1, 3);
    double[][] kernels = new double[matrix.terms()][];
    int[] starts = new int[matrix.terms()];
    for (double scale : new double[] {0x1p-120, 0x1p100, 0x1p-700, 0x1p400}) {
      for (int r = 0; r < starts.length; r++) {
        starts[r] = matrix.start(r);
        kernels[r] = matrix.kernel(r);
        for (int lag = 0; lag < kernels[r].length; lag++) {
          kernels[r][lag] *= scale;
        }
      }
      SegmentedToeplitz scaled = SegmentedToeplitz.of(100, starts, kernels);
      for (boolean transpose : new boolean[] {false, true}) {
        HeadTensor x = input(100, 1);
        HeadTensor plain = HeadTensor.allocate(false, 1, 100, WIDTH);
        HeadTensor y = HeadTensor.allocate(false, 1, 100, WIDTH);
        SegmentProduct product = SegmentProduct.of(BlockPlan.of(8, 32));
        product.apply(matrix, x, plain, 0, transpose, Parallelism.sequential());
        product.apply(scaled, x, y, 0, transpose, Parallelism.sequential());
        for (int i = 0; i < 100; i++) {
          for (int c = 0; c < WIDTH; c++) {
            assertEquals(plain.get(0, i, c), y.get(0, i, c) / scale, "row " + i);
          }
        }
      }
    }
  }

  @Test
  void overflowIsAnException() {
    SegmentedToeplitz matrix =
        SegmentedToeplitz.of(3, new int[] {0}, new double[][] {{1e30, 1e30, 1e30}});
    HeadTensor x = HeadTensor.of(new float[] {1e20f, 1, 1}, 1, 3, 1);
    HeadTensor y = HeadTensor.allocate(true, 1, 3, 1);
    SegmentProduct product = SegmentProduct.of(BlockPlan.of(8));
    assertThrows(
        ArithmeticException.class,
        () -> product.apply(matrix, x, y, 0, false, Parallelism.sequential()));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void tasksAndScratchChangeNoBit(boolean transpose) throws InterruptedException {
    SegmentedToeplitz matrix = matrix(300, 12, 2, 1, 5);
    HeadTensor x = input(300, 1);
    BlockPlan plan = BlockPlan.of(8, 32).withLimit(20_000);
    HeadTensor alone = HeadTensor.allocate(true, 1, 300, WIDTH);
    SegmentProduct.of(plan).apply(matrix, x, alone, 0, transpose, Parallelism.sequential());
    SegmentProduct used = SegmentProduct.of(plan);
    HeadTensor y = HeadTensor.allocate(true, 1, 300, WIDTH);
    used.apply(
        matrix(280, 100, 0, 1e6, 6),
        input(280, 1e9),
        HeadTensor.allocate(false, 1, 280, WIDTH),
        0,
        !transpose,
        Parallelism.sequential());
    try (ExecutorService executor = Executors.newFixedThreadPool(3)) {
      for (int repeat = 0; repeat < 5; repeat++) {
        used.apply(matrix, x, y, 0, transpose, Parallelism.of(executor, 3));
        assertArrayEquals(alone.floats(), y.floats());
      }
    }
  }

  /**
   * Rows up to a block do not see later inputs; of the transpose, rows from it not earlier ones.
   */
  @Test
  void causal() {
    SegmentedToeplitz matrix = matrix(200, 12, 0, 1, 5);
    BlockPlan plan = BlockPlan.of(8, 32);
    for (boolean transpose : new boolean[] {false, true}) {
      HeadTensor x = input(200, 1);
      HeadTensor before = HeadTensor.allocate(true, 1, 200, WIDTH);
      SegmentProduct.of(plan).apply(matrix, x, before, 0, transpose, Parallelism.sequential());
      for (int i = 0; i < 200 * WIDTH; i++) {
        boolean changes = transpose ? i < 96 * WIDTH : i >= 96 * WIDTH;
        x.floats()[i] *= changes ? -1e6f : 1;
      }
      HeadTensor after = HeadTensor.allocate(true, 1, 200, WIDTH);
      SegmentProduct.of(plan).apply(matrix, x, after, 0, transpose, Parallelism.sequential());
      int from = transpose ? 96 : 0;
      int to = transpose ? 200 : 96;
      assertArrayEquals(
          Arrays.copyOfRange(before.floats(), from * WIDTH, to * WIDTH),
          Arrays.copyOfRange(after.floats(), from * WIDTH, to * WIDTH));
    }
  }
}
