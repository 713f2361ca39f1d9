package io.github.convbasis.plan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.TileGrid;
import io.github.convbasis.matrix.TileKind;
import io.github.convbasis.matrix.TileMap;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Kernels of heads whose structure is known. */
class FittedKernelsTest {
  private static final Backend BACKEND = Backends.scalar();

  /** Any cost is of interest: the reference does not save time by convolutions. */
  private static final double ANY_COST = 1e9;

  private static final double ROUNDING = 1e-11;

  private static FittedKernels fit(AttentionInputs inputs, KernelPlan plan) {
    return FittedKernels.of(
        BACKEND, inputs, 0, plan, BACKEND.newWorkspace(), Parallelism.sequential());
  }

  private static KernelPlanner.Candidate plan(AttentionInputs inputs, double target) {
    return new KernelPlanner(
            BACKEND,
            inputs,
            0,
            target,
            ANY_COST,
            3,
            BACKEND.newWorkspace(),
            Parallelism.sequential())
        .best();
  }

  /** Columns 0 … n-1 in runs: kind, length, kind, length, … */
  private static int[] runs(int... kindsAndLengths) {
    int n = 0;
    for (int r = 1; r < kindsAndLengths.length; r += 2) {
      n += kindsAndLengths[r];
    }
    int[] kinds = new int[n];
    int at = 0;
    for (int r = 0; r < kindsAndLengths.length; r += 2) {
      Arrays.fill(kinds, at, at + kindsAndLengths[r + 1], kindsAndLengths[r]);
      at += kindsAndLengths[r + 1];
    }
    return kinds;
  }

  private static KernelCheck check(AttentionInputs inputs, long seed) {
    return KernelCheck.of(inputs, 0, 16, seed);
  }

  private static TileMap convolutions(AttentionInputs inputs) {
    return TileMap.uniform(KernelTiles.grid(inputs.rows()), TileKind.CONVOLUTION);
  }

  @Test
  void everyFitIsExactWhereTheStructureIs() {
    int[] kinds = runs(0, 100, 1, 60, 0, 97);
    AttentionInputs inputs = PlanInputs.segments(kinds, 0, 1);
    KernelCheck check = check(inputs, 2);
    for (KernelFit fit : new KernelFit[] {KernelFit.SAMPLED_COLUMN, KernelFit.DIAGONAL_MEANS}) {
      KernelPlan own = KernelPlan.of(fit, 0, 100, 160);
      assertEquals(
          0, check.error(fit(inputs, own), convolutions(inputs)), ROUNDING, own.toString());
      KernelPlan shared = new KernelPlan(new int[] {0, 100, 160}, new int[] {0, 1, 0}, fit);
      assertEquals(
          0, check.error(fit(inputs, shared), convolutions(inputs)), ROUNDING, shared.toString());
    }
  }

  @Test
  void meansOfDiagonalsHaveLessNoiseThanOneColumn() {
    int[] kinds = runs(0, 400, 1, 624);
    double sampled = 0;
    double means = 0;
    for (long seed = 0; seed < 10; seed++) {
      AttentionInputs inputs = PlanInputs.segments(kinds, 0.05, seed);
      KernelCheck check = check(inputs, seed);
      TileMap map = convolutions(inputs);
      sampled += check.error(fit(inputs, KernelPlan.of(KernelFit.SAMPLED_COLUMN, 0, 400)), map);
      means += check.error(fit(inputs, KernelPlan.of(KernelFit.DIAGONAL_MEANS, 0, 400)), map);
    }
    // Noise σ against σ√2 and σ√(1 + 1/8): a quarter less.
    assertTrue(means < 0.85 * sampled, means + " and " + sampled);
  }

  @Test
  void returningContentSharesAKernel() {
    AttentionInputs inputs = PlanInputs.segments(runs(0, 300, 1, 300, 0, 300, 2, 124), 0, 4);
    KernelPlanner.Candidate found = plan(inputs, 1e-3);
    assertArrayEquals(new int[] {0, 300, 600, 900}, found.kernels().starts());
    assertArrayEquals(new int[] {0, 1, 0, 3}, found.kernels().kernelOf());
    assertEquals(3, found.kernels().kernels());
    assertEquals(0, found.error(), ROUNDING);
    assertEquals(0, found.exactColumns().length);
  }

  @Test
  void aHeavyColumnBetweenLikeNeighboursIsTakenOut() {
    // Where the doubling search is sure to look: further on it may step over a single column.
    AttentionInputs inputs = PlanInputs.segments(runs(0, 1, 7, 1, 0, 1022), 0, 5);
    KernelPlanner.Candidate found = plan(inputs, 1e-3);
    assertArrayEquals(new int[] {1}, found.exactColumns());
    assertArrayEquals(new int[] {0}, found.kernels().starts());
    assertEquals(0, found.error(), ROUNDING);
  }

  @Test
  void tilesThatNoKernelFitsAreExact() {
    AttentionInputs inputs = PlanInputs.patched(runs(0, 700, 1, 1340), 1024, 1152, 192, 320, 7);
    KernelPlanner.Candidate found = plan(inputs, 0.02);
    TileGrid grid = found.map().grid();
    for (int row = 0; row < grid.rowBlocks(); row++) {
      for (int column = 0; column < grid.columnBlocks(row); column++) {
        boolean rows = grid.rowEnd(row) > 1024 && grid.rowStart(row) < 1152;
        boolean columns = grid.columnEnd(column) > 192 && grid.columnStart(column) < 320;
        TileKind kind = rows && columns ? TileKind.EXACT : TileKind.CONVOLUTION;
        assertEquals(kind, found.map().kind(row, column), row + ", " + column);
      }
    }
    assertArrayEquals(new int[] {0, 700}, found.kernels().starts());
    assertEquals(0, found.error(), ROUNDING);
    double all = check(inputs, 8).error(found.fitted(), convolutions(inputs));
    assertTrue(all > 0.02, "the patch must matter: " + all);
  }

  @Test
  void errorsBelongToTheTilesThatHaveThem() {
    AttentionInputs inputs = PlanInputs.patched(runs(0, 1024), 640, 704, 128, 192, 9);
    FittedKernels fitted = fit(inputs, KernelPlan.of(KernelFit.SAMPLED_COLUMN, 0));
    TileGrid grid = KernelTiles.grid(1024);
    // Every row, so that what a closer look tells can be compared.
    KernelCheck check = KernelCheck.of(inputs, 0, 1024, 9);
    double[][] squares = check.squares(fitted, grid);
    double error = check.error(fitted, convolutions(inputs));
    assertEquals(error * error, squares[10][2], 1e-9);
    double dense = 0;
    double[] query = new double[inputs.queries().width()];
    for (int row = 640; row < 704; row++) {
      inputs.queries().copyRow(0, row, query);
      double sum = 0;
      for (int column = 0; column <= row; column++) {
        sum += Math.exp(inputs.keys().dot(0, column, query));
      }
      for (int column = 128; column < 192; column++) {
        double logit = inputs.keys().dot(0, column, query);
        double model = fitted.kernels().kernel(0, row - column);
        dense += (Math.exp(model) - Math.exp(logit)) * (model - logit) / sum / 1024;
      }
    }
    // A fourth of the columns of each row, and fewer; lags below 32 are left out of sums.
    assertEquals(1, check.square(fitted, grid, 10, 2) / dense, 0.25);
    assertEquals(1, squares[10][2] / dense, 0.25);
    assertEquals(0, check.square(fitted, grid, 10, 1), ROUNDING);
    assertEquals(0, check.square(fitted, grid, 9, 2), ROUNDING);
    assertEquals(0, check.noise(fitted), ROUNDING);
  }

  @Test
  void offsetsOfRowsAndColumnsAreFound() {
    int n = 600;
    SplittableRandom random = new SplittableRandom(6);
    double[] g = random.doubles(n, -1, 1).toArray();
    double[] c = random.doubles(n, -1, 1).toArray();
    AttentionInputs inputs = PlanInputs.offsets(g, c, 6);
    KernelCheck check = check(inputs, 6);
    FittedKernels fitted = fit(inputs, KernelPlan.of(KernelFit.OFFSETS, 0));
    int[] sinks = {0, 1, 2, 3};
    assertEquals(0, check.error(fitted, convolutions(inputs), sinks), 0.05);
    FittedKernels means = fit(inputs, KernelPlan.of(KernelFit.DIAGONAL_MEANS, 0));
    double plain = check.error(means, convolutions(inputs), sinks);
    assertTrue(plain > 0.5, "a plain convolution cannot follow them: " + plain);
  }
}
