package io.github.convbasis.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.attention.ExactAttention;
import io.github.convbasis.attention.OutputError;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.TileGrid;
import io.github.convbasis.matrix.TileKind;
import io.github.convbasis.matrix.TileMap;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Plans for heads on which a sample of rows, or a summary of tiles, says too little. */
class PlannedHeadTest {
  private static final Backend BACKEND = Backends.scalar();
  private static final Parallelism ALONE = Parallelism.sequential();
  private static final double TOLERANCE = 0.1;

  /** Sampling is not to be what forbids a plan. */
  private static final Planner PLANNER = Planner.of(BACKEND, TOLERANCE).withMostOverhead(1e6);

  private static AttentionInputs inputs(double[] queries, double[] keys, double valueSize) {
    int n = queries.length / PlanInputs.DEPTH;
    SplittableRandom random = new SplittableRandom(n);
    double[] values = new double[n * PlanInputs.WIDTH];
    Arrays.setAll(values, i -> valueSize * random.nextGaussian());
    return new AttentionInputs(
        HeadTensor.of(queries, 1, n, PlanInputs.DEPTH),
        HeadTensor.of(keys, 1, n, PlanInputs.DEPTH),
        HeadTensor.of(values, 1, n, PlanInputs.WIDTH),
        1,
        AttentionMask.CAUSAL);
  }

  private static AttentionInputs equalLogits(int n) {
    double[] ones = new double[n * PlanInputs.DEPTH];
    Arrays.fill(ones, 0.5);
    return inputs(ones, ones, 1);
  }

  private static AttentionPlan again(AttentionInputs inputs, AttentionPlan plan) {
    return PLANNER.start(inputs, 0, 1, BACKEND.newWorkspace(), ALONE).again(plan);
  }

  private static AttentionPlan plan(TileMap map, TileRule rule, KernelPlan kernels) {
    return new AttentionPlan(map, rule, new int[0], kernels, 1, TOLERANCE, 1, 0, "test");
  }

  private static HeadReport attend(
      AttentionInputs inputs, HeadTensor output, List<AttentionPlan> plans) {
    PlannedAttention attention = PlannedAttention.of(PLANNER);
    PlannedAttention started = plans == null ? attention : attention.withPlans(plans);
    return started.forward(inputs, output, ALONE).get(0);
  }

  private static HeadTensor blank(AttentionInputs inputs) {
    return HeadTensor.allocate(false, 1, inputs.rows(), PlanInputs.WIDTH);
  }

  private static HeadTensor exact(AttentionInputs inputs) {
    HeadTensor output = blank(inputs);
    new ExactAttention(BACKEND).forward(inputs, output, ALONE);
    return output;
  }

  /** Tiles of all but the first blocks have a share below the bound, and together most of a row. */
  @Test
  void aRuleDoesNotNeglectMoreOfABlockThanTheTolerance() {
    AttentionInputs inputs = equalLogits(600);
    TileGrid grid = new TileGrid(600, 32, 32);
    TileMap map = TileMap.uniform(grid, TileKind.EXACT);
    TileMap chosen = again(inputs, plan(map, new TileRule(0.2, 0.1), null)).map();
    assertFalse(chosen.has(TileKind.NEGLIGIBLE), chosen.toString());
    assertTrue(chosen.has(TileKind.RANK_ONE), chosen.toString());
  }

  @Test
  void aRuleStillNeglectsWhatCountsLittle() {
    double[] keys = new double[600 * PlanInputs.DEPTH];
    // The first keys outweigh all others, so that most tiles hold next to nothing.
    Arrays.fill(keys, 0, PlanInputs.DEPTH, 1.0);
    double[] queries = new double[keys.length];
    Arrays.fill(queries, 1.0);
    TileMap map = TileMap.uniform(new TileGrid(600, 32, 32), TileKind.EXACT);
    AttentionInputs inputs = inputs(queries, keys, 1);
    TileMap chosen = again(inputs, plan(map, new TileRule(0.2, 0.01), null)).map();
    assertTrue(chosen.share(TileKind.NEGLIGIBLE) > 0.8, chosen.toString());
  }

  @Test
  void rowsWithOutlyingQueriesAreExact() {
    int n = 900;
    SplittableRandom random = new SplittableRandom(3);
    double[] keys = new double[n * PlanInputs.DEPTH];
    Arrays.setAll(keys, i -> random.nextGaussian());
    double[] queries = new double[keys.length];
    Arrays.setAll(queries, i -> 0.02 * random.nextGaussian());
    boolean[] far = new boolean[n];
    for (int row = 50; row < n; row += 101) {
      far[row] = true;
      int key = random.nextInt(row) * PlanInputs.DEPTH;
      for (int c = 0; c < PlanInputs.DEPTH; c++) {
        queries[row * PlanInputs.DEPTH + c] = 2 * keys[key + c];
      }
    }
    AttentionInputs inputs = inputs(queries, keys, 1);
    boolean[] flags = new boolean[n];
    flags[7] = true;
    OutlyingQueries.flag(inputs, 0, new TileGrid(n, 32, 32), flags);
    for (int row = 0; row < n; row++) {
      assertEquals(far[row] || row == 7, flags[row], "row " + row);
    }
    HeadTensor output = blank(inputs);
    HeadReport report = attend(inputs, output, null);
    double error = OutputError.measure(exact(inputs), output, 0).relative();
    assertTrue(error <= TOLERANCE, error + " by " + report);
  }

  @Test
  void tilesBesideConvolutionsAreKept() {
    TileGrid grid = new TileGrid(64, 16, 16);
    TileMap map =
        TileMap.of(
            grid,
            (row, column) ->
                column < grid.blocksBelowDiagonal(row)
                    ? TileKind.NEGLIGIBLE
                    : TileKind.CONVOLUTION);
    AttentionPlan earlier = plan(map, null, KernelPlan.of(KernelFit.SAMPLED_COLUMN, 0));
    assertEquals(earlier, again(equalLogits(64), earlier));
    assertEquals(earlier.firstRows(40), again(equalLogits(40), earlier));
  }

  @Test
  void offsetsOfFewRowsAreExactAttention() {
    for (int n : new int[] {1, 2, 35, 71, 72, 73}) {
      AttentionInputs inputs = equalLogits(n);
      AttentionPlan plan = AttentionPlan.convolution(n, KernelPlan.of(KernelFit.OFFSETS, 0));
      HeadTensor output = blank(inputs);
      HeadReport report = attend(inputs, output, List.of(plan));
      assertEquals(n < 72, again(inputs, plan).isExact(), "n = " + n);
      double error = OutputError.measure(exact(inputs), output, 0).relative();
      assertTrue(error <= TOLERANCE, report.toString());
    }
  }

  /** Keys whose mean, or values whose mean, is no float; and logits that no row sees. */
  @Test
  void whatOverflowsOnlyInPlanningIsExact() {
    int n = 600;
    double[] ones = new double[n * PlanInputs.DEPTH];
    Arrays.fill(ones, 1);
    double[] small = new double[ones.length];
    Arrays.fill(small, 1e-40);
    double[] great = new double[ones.length];
    Arrays.fill(great, 1e40);
    // The last key overflows against all queries but the last, which alone sees it.
    double[] queries = new double[ones.length];
    Arrays.fill(queries, 1e200);
    Arrays.fill(queries, queries.length - PlanInputs.DEPTH, queries.length, 1e-200);
    double[] keys = new double[ones.length];
    Arrays.fill(keys, keys.length - PlanInputs.DEPTH, keys.length, 1e200);
    List<AttentionInputs> heads =
        List.of(
            inputs(small, great, 1),
            inputs(ones, ones, 1e40),
            inputs(ones, ones, 1e-60),
            inputs(queries, keys, 1));
    for (AttentionInputs inputs : heads) {
      HeadTensor output = blank(inputs);
      HeadReport report = attend(inputs, output, null);
      double error = OutputError.measure(exact(inputs), output, 0).relative();
      assertTrue(error <= TOLERANCE, report.toString());
      assertTrue(report.plan().isExact(), report.toString());
      TileMap map = TileMap.uniform(new TileGrid(n, 32, 32), TileKind.EXACT);
      assertTrue(again(inputs, plan(map, new TileRule(0.5, 0), null)).isExact());
    }
  }
}
