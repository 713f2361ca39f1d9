package io.github.convbasis.simd.spectral;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Products made to exceed the bound that comes with them. */
class ProductBoundTest {
  private static final int WIDTH = 3;

  private static HeadTensor gaussian(int n, double scale) {
    SplittableRandom random = new SplittableRandom(5);
    double[] data = new double[n * WIDTH];
    Arrays.setAll(data, i -> scale * random.nextGaussian());
    return HeadTensor.of(data, 1, n, WIDTH);
  }

  /** A segment at each start, of the same kernel. */
  private static SegmentedToeplitz matrix(int n, int[] starts, IntToDoubleFunction kernel) {
    double[][] kernels = new double[starts.length][];
    for (int r = 0; r < starts.length; r++) {
      kernels[r] = new double[n - starts[r]];
      Arrays.setAll(kernels[r], kernel::applyAsDouble);
    }
    return SegmentedToeplitz.of(n, starts, kernels);
  }

  /** Requires every error to be within the bound; returns the worst share of it. */
  private static double requireBounded(BlockPlan plan, SegmentedToeplitz matrix, HeadTensor x) {
    int n = matrix.size();
    int width = x.width();
    HeadTensor y = HeadTensor.allocate(false, 1, n, width);
    double[] noise = new double[n];
    Arrays.fill(noise, Double.NaN);
    SegmentProduct.of(plan).apply(matrix, x, y, 0, false, noise, null, Parallelism.sequential());
    double[] row = new double[n];
    double worst = 0;
    for (int i = 0; i < n; i++) {
      matrix.copyRow(i, row);
      for (int c = 0; c < width; c++) {
        double sum = 0;
        for (int j = 0; j <= i; j++) {
          sum += row[j] * x.get(0, j, c);
        }
        double error = Math.abs(y.get(0, i, c) - sum);
        double bound = noise[i];
        String place = String.format("%s, row %d: error %s, bound %s", plan, i, error, bound);
        assertTrue(error <= bound, place);
        worst = Math.max(worst, error == 0 ? 0 : error / bound);
      }
    }
    return worst;
  }

  private static BlockPlan[] plans() {
    return new BlockPlan[] {
      BlockPlan.of(8), BlockPlan.of(8, 32), BlockPlan.of(64), BlockPlan.of(16, 64, 256)
    };
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 64, 100, 700})
  void gaussianMatricesOfEitherSign(int n) {
    for (BlockPlan plan : plans()) {
      for (int terms : new int[] {1, 5, 40}) {
        SegmentedToeplitz matrix = SegmentSamples.gaussian(n, Math.min(n, terms), 3, terms);
        requireBounded(plan, matrix, gaussian(n, 1));
      }
    }
  }

  /** Errors of equal numbers do not cancel: they grow with the pieces that are added up. */
  @ParameterizedTest
  @CsvSource({"300, 1.1", "2000, 1.1", "2000, 0.7", "5000, 1.3"})
  void equalWeightsAndValues(int n, double value) {
    double[] data = new double[n];
    Arrays.fill(data, value);
    HeadTensor x = HeadTensor.of(data, 1, n, 1);
    for (BlockPlan plan : plans()) {
      double worst = requireBounded(plan, matrix(n, new int[] {0}, lag -> 0.9), x);
      // A bound that is never near would only make rows exact that need not be.
      assertTrue(worst > 0.005, plan + ": " + worst);
    }
  }

  /** A row's own weights lie far below those of rows before it, or after it in the same block. */
  @ParameterizedTest
  @ValueSource(doubles = {-0.05, 0.05, -0.3, 0.3})
  void weightsThatFallOrRise(double slope) {
    int n = 600;
    double top = Math.max(0, slope * n);
    SegmentedToeplitz matrix =
        matrix(n, new int[] {0, 100, 333}, lag -> Math.exp(slope * lag - top));
    for (BlockPlan plan : plans()) {
      requireBounded(plan, matrix, gaussian(n, 1));
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {1e-30, 1e-20, 1e-10, 1e10, 1e30})
  void greatAndTinyValues(double scale) {
    int n = 300;
    SegmentedToeplitz matrix = matrix(n, new int[] {0, 77}, lag -> Math.exp(-0.01 * lag));
    HeadTensor x = gaussian(n, 1);
    for (int i = 0; i < n * WIDTH / 2; i++) {
      x.doubles()[i] *= scale;
    }
    for (BlockPlan plan : plans()) {
      requireBounded(plan, matrix, x);
    }
  }

  /** Where nothing was added nothing was rounded. */
  @Test
  void rowsWithoutWeightsHaveNoError() {
    int n = 256;
    SegmentedToeplitz matrix = matrix(n, new int[] {128}, lag -> 1);
    double[] noise = new double[n];
    HeadTensor y = HeadTensor.allocate(false, 1, n, WIDTH);
    SegmentProduct.of(BlockPlan.of(64))
        .apply(matrix, gaussian(n, 1), y, 0, false, noise, null, Parallelism.sequential());
    for (int row = 0; row < 128; row++) {
      assertEquals(0, noise[row], "noise of row " + row);
      assertEquals(0, y.get(0, row, 0), "row " + row);
    }
    assertTrue(noise[200] > 0, "noise of row 200");
  }
}
