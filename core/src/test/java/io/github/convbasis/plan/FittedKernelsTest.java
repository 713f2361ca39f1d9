package io.github.convbasis.plan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.AttentionInputs;
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
            BACKEND, inputs, 0, 3, BACKEND.newWorkspace(), Parallelism.sequential())
        .best(target, ANY_COST);
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

  @Test
  void everyFitIsExactWhereTheStructureIs() {
    int[] kinds = runs(0, 100, 1, 60, 0, 97);
    AttentionInputs inputs = PlanInputs.segments(kinds, 0, 1);
    KernelCheck check = KernelCheck.of(inputs, 0, 2);
    for (KernelFit fit : new KernelFit[] {KernelFit.SAMPLED_COLUMN, KernelFit.DIAGONAL_MEANS}) {
      KernelPlan own = KernelPlan.of(fit, 0, 100, 160);
      assertEquals(0, check.error(fit(inputs, own)), ROUNDING, own.toString());
      KernelPlan shared = new KernelPlan(new int[] {0, 100, 160}, new int[] {0, 1, 0}, fit);
      assertEquals(0, check.error(fit(inputs, shared)), ROUNDING, shared.toString());
    }
  }

  @Test
  void meansOfDiagonalsHaveLessNoiseThanOneColumn() {
    int[] kinds = runs(0, 400, 1, 624);
    double sampled = 0;
    double means = 0;
    for (long seed = 0; seed < 10; seed++) {
      AttentionInputs inputs = PlanInputs.segments(kinds, 0.05, seed);
      KernelCheck check = KernelCheck.of(inputs, 0, seed);
      sampled += check.error(fit(inputs, KernelPlan.of(KernelFit.SAMPLED_COLUMN, 0, 400)));
      means += check.error(fit(inputs, KernelPlan.of(KernelFit.DIAGONAL_MEANS, 0, 400)));
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
  void offsetsOfRowsAndColumnsAreFound() {
    int n = 600;
    SplittableRandom random = new SplittableRandom(6);
    double[] g = random.doubles(n, -1, 1).toArray();
    double[] c = random.doubles(n, -1, 1).toArray();
    AttentionInputs inputs = PlanInputs.offsets(g, c, 6);
    KernelCheck check = KernelCheck.of(inputs, 0, 6);
    FittedKernels fitted = fit(inputs, KernelPlan.of(KernelFit.OFFSETS, 0));
    int[] sinks = {0, 1, 2, 3};
    assertEquals(0, check.error(fitted, sinks), 0.05);
    double plain = check.error(fit(inputs, KernelPlan.of(KernelFit.DIAGONAL_MEANS, 0)), sinks);
    assertTrue(plain > 0.5, "a plain convolution cannot follow them: " + plain);
  }
}
