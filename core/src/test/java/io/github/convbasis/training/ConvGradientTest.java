package io.github.convbasis.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.TileGrid;
import io.github.convbasis.matrix.TileKind;
import io.github.convbasis.matrix.TileMap;
import io.github.convbasis.plan.AttentionPlan;
import io.github.convbasis.plan.KernelFit;
import io.github.convbasis.plan.KernelPlan;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ConvGradientTest {
  private static final Parallelism ALONE = Parallelism.sequential();
  private static final Backend SCALAR = Backends.scalar();
  private static final int N = 24;

  private static HeadTensor gaussian(long seed, int heads, int rows, int width) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] data = new double[heads * rows * width];
    Arrays.setAll(data, i -> random.nextGaussian());
    return HeadTensor.of(data, heads, rows, width);
  }

  private static AttentionInputs inputs() {
    return AttentionInputs.causal(gaussian(1, 1, N, 3), gaussian(2, 1, N, 3), gaussian(3, 1, N, 2));
  }

  private static GradientReport report(AttentionPlan plan, GradientMode mode) {
    HeadTensor output = HeadTensor.allocate(false, 1, N, 2);
    return ConvGradient.of(SCALAR, List.of(plan))
        .withMode(mode)
        .forward(inputs(), output, ALONE)
        .reports()
        .get(0);
  }

  private static AttentionPlan plan(TileKind far, KernelPlan kernels) {
    TileMap map =
        TileMap.of(new TileGrid(N, 4, 4), (row, column) -> row - column < 2 ? TileKind.EXACT : far);
    return new AttentionPlan(map, null, new int[] {0}, kernels, 1, 0, 1, Double.NaN, "test");
  }

  @Test
  void plansWithoutAGradientAreExactAndSayWhy() {
    KernelPlan means = KernelPlan.of(KernelFit.DIAGONAL_MEANS, 0, 9);
    AttentionPlan[] plans = {
      plan(TileKind.RANK_ONE, null),
      plan(TileKind.CONVOLUTION, means),
      AttentionPlan.exact(N, "short"),
      new AttentionPlan(
          TileMap.of(
              new TileGrid(N, 4, 4),
              (row, column) ->
                  row == column
                      ? TileKind.EXACT
                      : column == 0 ? TileKind.NEGLIGIBLE : TileKind.CONVOLUTION),
          null,
          new int[0],
          KernelPlan.of(KernelFit.SAMPLED_COLUMN, 0),
          1,
          0,
          1,
          Double.NaN,
          "test")
    };
    String[] reasons = {"rank-one", "DIAGONAL_MEANS", "short", "leave out"};
    for (int i = 0; i < plans.length; i++) {
      GradientReport report = report(plans[i], GradientMode.OPERATOR);
      assertEquals(GradientMode.EXACT, report.mode());
      assertTrue(report.reason().contains(reasons[i]), report.reason());
      assertEquals(8 * N, report.contextBytes());
    }
  }

  @Test
  void aPlanOfBandColumnsAndKernelsIsDifferentiatedAsAsked() {
    AttentionPlan plan = plan(TileKind.CONVOLUTION, KernelPlan.of(KernelFit.SAMPLED_COLUMN, 0, 9));
    for (GradientMode mode : new GradientMode[] {GradientMode.OPERATOR, GradientMode.SEGMENT}) {
      GradientReport report = report(plan, mode);
      assertEquals(mode, report.mode());
      assertEquals(2, report.terms());
      // Tiles of 4 and one more beside the diagonal reach 8 lags.
      double entries = 8 * N - 8 * 7 / 2 + (N - 8);
      assertEquals(2 * entries / (N * (N + 1)), report.exactShare(), 1e-12);
    }
  }

  /** With nothing modelled every mode is the gradient of attention in the window. */
  @Test
  void aWindowIsDifferentiatedExactly() {
    AttentionPlan plan = plan(TileKind.NEGLIGIBLE, null);
    AttentionInputs inputs = inputs();
    HeadTensor upstream = gaussian(4, 1, N, 2);
    Gradients[] gradients = new Gradients[2];
    for (int i = 0; i < 2; i++) {
      HeadTensor output = HeadTensor.allocate(false, 1, N, 2);
      GradientMode mode = i == 0 ? GradientMode.OPERATOR : GradientMode.SEGMENT;
      ConvGradient gradient = ConvGradient.of(SCALAR, List.of(plan)).withMode(mode);
      ConvGradient.Context context = gradient.forward(inputs, output, ALONE);
      assertEquals(0, context.reports().get(0).terms());
      gradients[i] = Gradients.zeros(inputs);
      gradient.backward(context, upstream, gradients[i], ALONE);
    }
    assertArrayEquals(gradients[0].keys().doubles(), gradients[1].keys().doubles());
    // Key 1 is outside the windows of rows from 9 on, whose upstream gradient alone is kept.
    double[] zeros = new double[2];
    for (int row = 0; row < 9; row++) {
      upstream.setRow(0, row, zeros);
    }
    ConvGradient gradient = ConvGradient.of(SCALAR, List.of(plan)).withMode(GradientMode.SEGMENT);
    Gradients late = Gradients.zeros(inputs);
    HeadTensor output = HeadTensor.allocate(false, 1, N, 2);
    gradient.backward(gradient.forward(inputs, output, ALONE), upstream, late, ALONE);
    assertEquals(0, late.keys().get(0, 1, 0));
    assertTrue(late.keys().get(0, 0, 0) != 0);
  }

  @Test
  void plansMustFitHeadsAndRows() {
    AttentionInputs inputs = inputs();
    HeadTensor output = HeadTensor.allocate(false, 1, N, 2);
    AttentionPlan shorter = AttentionPlan.exact(N - 1, "short");
    AttentionPlan longer =
        AttentionPlan.convolution(N + 5, KernelPlan.of(KernelFit.SAMPLED_COLUMN, 0, N + 1));
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> ConvGradient.of(SCALAR, List.of(shorter)).forward(inputs, output, ALONE))
            .getMessage();
    assertEquals("plans[0] must be for at least n = 24 rows, was for 23", message);
    message =
        assertThrows(
                IllegalArgumentException.class,
                () ->
                    ConvGradient.of(SCALAR, List.of(longer, longer)).forward(inputs, output, ALONE))
            .getMessage();
    assertEquals("plans must be 1 like the query heads, were 2", message);
    ConvGradient planned = ConvGradient.of(SCALAR, List.of(longer));
    assertThrows(IllegalArgumentException.class, () -> planned.withBand(1));
    assertThrows(IllegalArgumentException.class, () -> planned.withExactColumns(1));
    GradientReport report =
        planned.withMode(GradientMode.SEGMENT).forward(inputs, output, ALONE).reports().get(0);
    assertEquals(1, report.terms());
  }

  /** Rows e^-200 and more below the greatest weight are exact, whatever is asked of the others. */
  @Test
  void rowsWhoseWeightsVanishAreExact() {
    double[] ramp = new double[N];
    Arrays.setAll(ramp, i -> i < N / 2 ? 0 : 1000);
    double[] ones = new double[N];
    Arrays.fill(ones, 1);
    AttentionInputs inputs =
        AttentionInputs.causal(
            HeadTensor.of(ramp, 1, N, 1), HeadTensor.of(ones, 1, N, 1), gaussian(3, 1, N, 2));
    HeadTensor output = HeadTensor.allocate(false, 1, N, 2);
    for (GradientMode mode : new GradientMode[] {GradientMode.OPERATOR, GradientMode.SEGMENT}) {
      // Queries of rows differ, keys do not: every row is its mean of values.
      ConvGradient.Context context =
          ConvGradient.of(SCALAR, ConvBasisRecovery.ofStarts(0))
              .withMode(mode)
              .withGuardTolerance(1e6)
              .forward(inputs, output, ALONE);
      int[] expected = new int[N / 2];
      Arrays.setAll(expected, i -> i);
      int[] exact = context.exactRows(0);
      assertArrayEquals(expected, Arrays.copyOf(exact, N / 2));
      double mean = 0;
      for (int j = 0; j < 6; j++) {
        mean += inputs.values().get(0, j, 1) / 6;
      }
      assertEquals(mean, output.get(0, 5, 1), 1e-12);
    }
  }

  @Test
  void costsKnowTheFactorOfTheWidth() {
    GradientCosts costs = GradientCosts.of(SCALAR, 1 << 14, 64, 64);
    assertTrue(costs.segment(4, 0) < costs.operator(4, 0) / 10);
    assertTrue(costs.operator(4, 1000) > costs.operator(4, 0));
    assertTrue(GradientCosts.of(SCALAR, 64, 64, 64).operator(4, 0) > 2080);
    int least = GradientCosts.leastRows(SCALAR, 64, 64, 4);
    assertTrue(least > 1000, "break-even at " + least);
    assertTrue(GradientCosts.leastRows(SCALAR, 64, 64, 64) > least);
    GradientCosts at = GradientCosts.of(SCALAR, least, 64, 64);
    assertTrue(at.operator(4, 0) < at.exact());
    GradientCosts below = GradientCosts.of(SCALAR, least / 2, 64, 64);
    assertTrue(below.operator(4, 0) >= below.exact());
    assertThrows(IllegalArgumentException.class, () -> costs.operator(0, 0));
    assertThrows(IllegalArgumentException.class, () -> GradientCosts.of(SCALAR, 1, 0, 1));
  }

  @Test
  void windowSumsAreSums() {
    double[] numbers = new double[13];
    Arrays.setAll(numbers, i -> 1 << i);
    for (int from = 0; from < numbers.length; from++) {
      for (int width = 1; width < 20; width++) {
        double[] sums = WindowSums.of(numbers, from, width);
        assertEquals(numbers.length - from, sums.length);
        for (int i = from; i < numbers.length; i++) {
          double sum = 0;
          for (int k = i; k < Math.min(numbers.length, i + width); k++) {
            sum += numbers[k];
          }
          assertEquals(sum, sums[i - from], from + ", " + width + ", " + i);
        }
      }
    }
  }
}
