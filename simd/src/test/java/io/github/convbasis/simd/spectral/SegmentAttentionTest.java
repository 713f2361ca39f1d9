package io.github.convbasis.simd.spectral;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;
import io.github.convbasis.simd.Samples;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Judges attention from segments by dense sums in double, on inputs whose logits are H exactly. */
class SegmentAttentionTest {
  private static final double GUARD = 1e-4;

  /**
   * Rounding of the spectral part for logits of spread 1, relative to the greatest value: four
   * times the worst seen, 1.5e-7, from 1 to 2,048 rows at all widths.
   */
  private static final double MILD = 6e-7;

  private static boolean[] attend(
      BlockPlan plan, AttentionInputs inputs, SegmentedToeplitz logits, HeadTensor output) {
    boolean[] untrusted = new boolean[logits.size()];
    Arrays.fill(untrusted, true);
    SegmentSamples.attend(
        plan, inputs, 0, logits, GUARD, output, untrusted, Parallelism.sequential());
    return untrusted;
  }

  private static void check(BlockPlan plan, SegmentedToeplitz logits, int width, double spectral) {
    AttentionInputs inputs = SegmentSamples.inputs(logits, width, 5);
    HeadTensor output = Samples.empty(Samples.Layout.DENSE, true, 1, logits.size(), width);
    boolean[] untrusted = attend(plan, inputs, logits, output);
    double[][] expected = SegmentSamples.expected(logits, inputs.values());
    double[] scratch = new double[logits.size()];
    for (int row = 0; row < logits.size(); row++) {
      double tolerance = SegmentSamples.exactTolerance(logits, row, scratch) + spectral;
      for (int c = 0; c < width; c++) {
        double actual = output.get(0, row, c);
        assertTrue(Double.isFinite(actual), plan + " row " + row);
        if (!untrusted[row]) {
          assertEquals(expected[row][c], actual, tolerance, plan + " row " + row + " column " + c);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 200, 257})
  void anyLengthAndNumberOfSegments(int n) {
    BlockPlan[] plans = {
      BlockPlan.of(8), BlockPlan.of(16), BlockPlan.of(8, 16), BlockPlan.of(8, 32, 128)
    };
    for (int terms : new int[] {1, 2, 3, 5, 40, n}) {
      SegmentedToeplitz logits = SegmentSamples.gaussian(n, terms, 1, 31L * n + terms);
      for (BlockPlan plan : plans) {
        check(plan, logits, 3, MILD);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 15, 16, 17, 31, 32, 33, 63, 64, 65, 96, 130})
  void anyWidth(int width) {
    check(BlockPlan.of(8, 64), SegmentSamples.gaussian(150, 7, 1, width), width, MILD);
  }

  @ParameterizedTest
  @CsvSource({"64,0", "128,0", "256,0", "64,512", "128,1024", "64,256"})
  void productionSizes(int small, int large) {
    BlockPlan plan = large == 0 ? BlockPlan.of(small) : BlockPlan.of(small, large);
    check(plan, SegmentSamples.gaussian(1300, 9, 1, small + large), 5, MILD);
  }

  @Test
  void segmentsOfOneColumnOnBlockEdges() {
    int[] starts = {0, 1, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 66, 67, 99};
    check(BlockPlan.of(16), SegmentSamples.logits(130, starts, 1, lag -> 0, 8), 4, MILD);
    check(BlockPlan.of(8, 32), SegmentSamples.logits(130, starts, 1, lag -> 0, 9), 4, MILD);
  }

  @ParameterizedTest
  @EnumSource(Samples.Layout.class)
  void anyLayoutAndPrecision(Samples.Layout layout) {
    SegmentedToeplitz logits = SegmentSamples.gaussian(100, 6, 1, 2);
    for (boolean single : new boolean[] {true, false}) {
      HeadTensor values = Samples.tensor(new SplittableRandom(4), layout, single, 1, 100, 37, 1);
      AttentionInputs inputs = SegmentSamples.inputs(logits, values);
      HeadTensor output = Samples.empty(layout, single, 1, 100, 37);
      attend(BlockPlan.of(8, 32), inputs, logits, output);
      double[][] expected = SegmentSamples.expected(logits, values);
      int written = 0;
      for (int row = 0; row < 100; row++) {
        for (int c = 0; c < 37; c++) {
          assertEquals(expected[row][c], output.get(0, row, c), 1e-5);
          written++;
        }
      }
      int numbers = 0;
      int length = single ? output.floats().length : output.doubles().length;
      for (int i = 0; i < length; i++) {
        numbers += Double.isNaN(single ? output.floats()[i] : output.doubles()[i]) ? 0 : 1;
      }
      assertEquals(written, numbers, "guard zones stay as they were");
    }
  }

  @Test
  void agreesWithTheScalarBackendOnModelledRows() {
    int n = 400;
    SegmentedToeplitz logits = SegmentSamples.gaussian(n, 12, 1, 77);
    AttentionInputs inputs = SegmentSamples.inputs(logits, 20, 3);
    HeadTensor scalar = HeadTensor.allocate(false, 1, n, 20);
    HeadTensor simd = HeadTensor.allocate(true, 1, n, 20);
    boolean[] untrusted = new boolean[n];
    Backends.scalar()
        .attendSegments(
            inputs,
            0,
            logits,
            GUARD,
            scalar,
            untrusted,
            Backends.scalar().newWorkspace(),
            Parallelism.sequential());
    boolean[] flagged = attend(BlockPlan.of(16, 128), inputs, logits, simd);
    for (int row = 0; row < n; row++) {
      assertFalse(flagged[row] || untrusted[row]);
      for (int c = 0; c < 20; c++) {
        assertEquals(scalar.get(0, row, c), simd.get(0, row, c), 4 * MILD);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {3, 5, 1000})
  void wideSpreadIsAccurateOrFlagged(double sigma) {
    for (int terms : new int[] {1, 4, 40}) {
      SegmentedToeplitz logits = SegmentSamples.gaussian(700, terms, sigma, terms);
      check(BlockPlan.of(16), logits, 3, GUARD);
      check(BlockPlan.of(64, 256), logits, 3, GUARD);
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {-2000, -40, -20, 20, 40, 2000})
  void rampsAreAccurateOrFlagged(double rise) {
    int n = 700;
    int[] starts = SegmentSamples.starts(n, 5, 3);
    SegmentedToeplitz logits = SegmentSamples.logits(n, starts, 0.5, lag -> rise * lag / n, 4);
    check(BlockPlan.of(16), logits, 3, GUARD);
    check(BlockPlan.of(64, 256), logits, 3, GUARD);
  }

  @Test
  void peaksNearTheDiagonalAndSinksDoNotHurt() {
    int n = 600;
    SegmentedToeplitz peak =
        SegmentSamples.logits(
            n, SegmentSamples.starts(n, 6, 1), 1, lag -> 30 * Math.exp(-lag / 10.0), 2);
    check(BlockPlan.of(16, 128), peak, 3, GUARD);
    int[] starts = {0, 1, 300};
    SegmentedToeplitz sink = SegmentSamples.logits(n, starts, 1, lag -> lag > 590 ? 40 : 0, 3);
    check(BlockPlan.of(16, 128), sink, 3, GUARD);
  }

  @Test
  void greatAndSmallValuesKeepTheirRelativeAccuracy() {
    SegmentedToeplitz logits = SegmentSamples.gaussian(120, 4, 1, 5);
    for (double size : new double[] {0, 1e-36, 1e-25, 1e-10, 1e10, 1e29, 1e36}) {
      HeadTensor values =
          Samples.tensor(new SplittableRandom(4), Samples.Layout.DENSE, true, 1, 120, 6, size);
      HeadTensor output = HeadTensor.allocate(true, 1, 120, 6);
      boolean[] untrusted =
          attend(BlockPlan.of(16), SegmentSamples.inputs(logits, values), logits, output);
      double[][] expected = SegmentSamples.expected(logits, values);
      for (int row = 0; row < 120; row++) {
        // Squares of such values vanish in float, so nothing is known of their rounding.
        boolean tiny = size > 0 && size < 1e-20;
        assertEquals(tiny && row >= 16, untrusted[row], size + ", row " + row);
        for (int c = 0; c < 6 && !untrusted[row]; c++) {
          assertEquals(expected[row][c], output.get(0, row, c), 1e-5 * size);
        }
      }
    }
  }

  @Test
  void hugeLogitsGoToTheExactKernel() {
    SegmentedToeplitz logits = SegmentSamples.gaussian(60, 3, 1e9, 5);
    AttentionInputs inputs = SegmentSamples.inputs(logits, 2, 1);
    HeadTensor output = HeadTensor.allocate(true, 1, 60, 2);
    boolean[] untrusted = attend(BlockPlan.of(8), inputs, logits, output);
    assertArrayEquals(new boolean[60], untrusted);
    double[][] expected = SegmentSamples.expected(logits, inputs.values());
    for (int row = 0; row < 60; row++) {
      assertEquals(expected[row][1], output.get(0, row, 1), 1e-5);
    }
  }

  @Test
  void thePublicFormPlansForItself() {
    for (int n : new int[] {1, 60, 700, 1500}) {
      SegmentedToeplitz logits = SegmentSamples.gaussian(n, 3, 1, n);
      AttentionInputs inputs = SegmentSamples.inputs(logits, 4, 1);
      HeadTensor output = HeadTensor.allocate(true, 1, n, 4);
      boolean[] untrusted = new boolean[n];
      new SpectralWorkspace()
          .attend(inputs, 0, logits, GUARD, output, untrusted, Parallelism.sequential());
      double[][] expected = SegmentSamples.expected(logits, inputs.values());
      for (int row = 0; row < n; row++) {
        assertFalse(untrusted[row]);
        assertArrayEquals(expected[row], row(output, row), 1e-5);
      }
    }
  }

  private static double[] row(HeadTensor tensor, int row) {
    double[] elements = new double[tensor.width()];
    tensor.copyRow(0, row, elements);
    return elements;
  }
}
