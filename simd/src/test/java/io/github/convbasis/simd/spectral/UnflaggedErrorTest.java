package io.github.convbasis.simd.spectral;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Inputs made to hide an error from the row guard: a trusted row must be right all the same. */
class UnflaggedErrorTest {
  private static final int N = 512;
  private static final int WIDTH = 3;
  private static final double GUARD = 1e-4;
  private static final BlockPlan PLAN = BlockPlan.of(64);

  /** The guard, and the near part's float rounding beside it, of the greatest visible value. */
  private static final double TOLERANCE = 2 * GUARD;

  private static HeadTensor values(int n) {
    SplittableRandom random = new SplittableRandom(3);
    float[] data = new float[n * WIDTH];
    for (int i = 0; i < data.length; i++) {
      data[i] = (float) random.nextGaussian();
    }
    return HeadTensor.of(data, 1, n, WIDTH);
  }

  private static void zero(HeadTensor values, int fromRow, int toRow) {
    Arrays.fill(values.floats(), fromRow * WIDTH, toRow * WIDTH, 0);
  }

  /** Returns how many rows were trusted, all of them right. */
  private static int trustedRows(SegmentedToeplitz logits, HeadTensor values) {
    HeadTensor output = HeadTensor.allocate(true, 1, logits.size(), WIDTH);
    boolean[] untrusted = new boolean[logits.size()];
    SegmentSamples.attend(
        PLAN,
        SegmentSamples.inputs(logits, values),
        0,
        logits,
        GUARD,
        output,
        untrusted,
        Parallelism.sequential());
    double[][] expected = SegmentSamples.expected(logits, values);
    double visible = 0;
    int trusted = 0;
    for (int row = 0; row < logits.size(); row++) {
      for (int c = 0; c < WIDTH; c++) {
        visible = Math.max(visible, Math.abs(values.get(0, row, c)));
      }
      trusted += untrusted[row] ? 0 : 1;
      for (int c = 0; c < WIDTH && !untrusted[row]; c++) {
        assertEquals(expected[row][c], output.get(0, row, c), TOLERANCE * visible, "row " + row);
      }
    }
    return trusted;
  }

  private static SegmentedToeplitz steps(int[] starts, double... levels) {
    double[][] kernels = new double[starts.length][];
    for (int r = 0; r < starts.length; r++) {
      kernels[r] = new double[N - starts[r]];
      Arrays.fill(kernels[r], levels[r]);
    }
    return SegmentedToeplitz.of(N, starts, kernels);
  }

  @ParameterizedTest
  @ValueSource(doubles = {80, 500, 690, 700, 1000})
  void aGreatLogitElsewhereDoesNotEmptyTheRowSums(double level) {
    int rows = trustedRows(steps(new int[] {0, 400, 401}, 0, level, 0), values(N));
    assertTrue(rows >= N - 401, rows + " rows trusted");
    trustedRows(steps(new int[] {0, 300}, -level, 0), values(N));
  }

  @Test
  void aGreatLogitAtLongLagsDoesNotEmptyTheRowSums() {
    double[] kernel = new double[N];
    Arrays.fill(kernel, 301, N, 1000);
    trustedRows(SegmentedToeplitz.of(N, new int[] {0}, new double[][] {kernel}), values(N));
  }

  @ParameterizedTest
  @ValueSource(doubles = {40, 60, 80, 88, 90, 95})
  void aPeakOverValuesOfZeroDoesNotHideSmallWeights(double peak) {
    double[] first = new double[N];
    first[100] = peak;
    SegmentedToeplitz logits =
        SegmentedToeplitz.of(N, new int[] {0, 64}, new double[][] {first, new double[N - 64]});
    HeadTensor values = values(N);
    zero(values, 0, 64);
    trustedRows(logits, values);
  }

  @ParameterizedTest
  @ValueSource(doubles = {-1e7, -1e9, -2e9, -1e30})
  void logitsFarBelowZeroAreNotTakenForNothing(double level) {
    double[] kernel = new double[N];
    Arrays.fill(kernel, 100, N, level);
    trustedRows(SegmentedToeplitz.of(N, new int[] {0}, new double[][] {kernel}), values(N));
  }

  @ParameterizedTest
  @ValueSource(floats = {1e-15f, 1e-21f, 1e-23f, 1e-30f, 1e-36f})
  void valuesWhoseSquaresVanishKeepTheGuardUp(float size) {
    SegmentedToeplitz logits = SegmentSamples.logits(N, new int[] {0, 100, 200}, 10, lag -> 0, 77);
    HeadTensor values = values(N);
    for (int i = 0; i < 450 * WIDTH; i++) {
      values.floats()[i] *= size;
    }
    trustedRows(logits, values);
  }

  /** Errors of equal numbers do not cancel: they grow with the pieces that are added up. */
  @ParameterizedTest
  @ValueSource(ints = {1_000, 5_000, 20_000})
  void manyPiecesOfEqualDataStayUnderTheBound(int n) {
    float[] data = new float[n];
    Arrays.fill(data, 1.1f);
    HeadTensor values = HeadTensor.of(data, 1, n, 1);
    HeadTensor zeros = HeadTensor.allocate(true, 1, n, 1);
    SegmentedToeplitz logits =
        SegmentedToeplitz.of(n, new int[] {0}, new double[][] {new double[n]});
    for (double guard : new double[] {1e-6, 4.5e-7, 2e-7}) {
      HeadTensor output = HeadTensor.allocate(true, 1, n, 1);
      boolean[] untrusted = new boolean[n];
      SegmentSamples.attend(
          PLAN,
          AttentionInputs.causal(zeros, zeros, values),
          0,
          logits,
          guard,
          output,
          untrusted,
          Parallelism.sequential());
      for (int row = 0; row < n; row++) {
        if (!untrusted[row]) {
          // The exact part and storing round too: 6 u seen on rows that are exact as a whole.
          assertEquals(1.1f, output.get(0, row, 0), 1.1 * (guard + 0x1p-21), "row " + row);
        }
      }
    }
  }

  @Test
  void theExactShareIsThatOfTheDiagonal() {
    int n = 130;
    SegmentedToeplitz logits = SegmentSamples.gaussian(n, 3, 1, 1);
    HeadTensor values = values(n);
    AttentionInputs inputs = SegmentSamples.inputs(logits, values);
    HeadTensor output = HeadTensor.allocate(true, 1, n, WIDTH);
    double share =
        SegmentSamples.attend(
            PLAN, inputs, 0, logits, GUARD, output, new boolean[n], Parallelism.sequential());
    assertEquals((2 * 64 * 65 + 2 * 3) / (130.0 * 131), share, 1e-15);
    double all =
        SegmentSamples.attend(
            BlockPlan.of(),
            inputs,
            0,
            logits,
            GUARD,
            output,
            new boolean[n],
            Parallelism.sequential());
    assertEquals(1, all);
  }

  /**
   * A weight of 1 that meets a value of zero sets the exponent; all that counts lies so far below
   * that its products with small values are subnormal, though weights and values alone are not.
   */
  @ParameterizedTest
  @CsvSource({
    "64, -60, 1.1e-15",
    "64, -62, 1.1e-15",
    "64, -40, 1e-25",
    "512, -62, 1e-12",
    "1024, -60, 1e-14",
    "1024, -55, 1e-18"
  })
  void productsThatUnderflow(int size, double level, double value) {
    int n = 2 * size;
    double[] first = new double[n];
    Arrays.fill(first, -1000);
    first[n - 1] = 0;
    double[] second = new double[n - 1];
    Arrays.fill(second, -1000);
    second[size * 3 / 4] = level;
    SegmentedToeplitz logits =
        SegmentedToeplitz.of(n, new int[] {0, 1}, new double[][] {first, second});
    SplittableRandom random = new SplittableRandom(1);
    float[] data = new float[n * WIDTH];
    for (int i = WIDTH; i < data.length; i++) {
      data[i] = (float) (value * (random.nextBoolean() ? 1 : -random.nextDouble()));
    }
    HeadTensor values = HeadTensor.of(data, 1, n, WIDTH);
    HeadTensor output = HeadTensor.allocate(true, 1, n, WIDTH);
    boolean[] untrusted = new boolean[n];
    SegmentSamples.attend(
        BlockPlan.of(size),
        SegmentSamples.inputs(logits, values),
        0,
        logits,
        GUARD,
        output,
        untrusted,
        Parallelism.sequential());
    double[][] expected = SegmentSamples.expected(logits, values);
    for (int row = 0; row < n; row++) {
      for (int c = 0; c < WIDTH && !untrusted[row]; c++) {
        assertEquals(expected[row][c], output.get(0, row, c), TOLERANCE * value, "row " + row);
      }
    }
  }
}
