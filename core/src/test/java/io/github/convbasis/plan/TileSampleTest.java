package io.github.convbasis.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.attention.ExactAttention;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.TileGrid;
import io.github.convbasis.matrix.TileKind;
import io.github.convbasis.matrix.TileMap;
import io.github.convbasis.matrix.TiledLogits;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What is said of a plan before it is run is what a run of it gives. */
class TileSampleTest {
  private static final Backend BACKEND = Backends.scalar();

  /** Means are floats. */
  private static final double ROUNDING = 1e-5;

  private static HeadTensor output(int n) {
    return HeadTensor.allocate(false, 1, n, PlanInputs.WIDTH);
  }

  private static TileKind randomKind(SplittableRandom random) {
    TileKind[] kinds = {TileKind.EXACT, TileKind.RANK_ONE, TileKind.NEGLIGIBLE};
    return kinds[random.nextInt(kinds.length)];
  }

  private static double squares(HeadTensor one, HeadTensor other, int row) {
    double squares = 0;
    for (int c = 0; c < PlanInputs.WIDTH; c++) {
      double difference = one.get(0, row, c) - other.get(0, row, c);
      squares += difference * difference;
    }
    return squares;
  }

  @Test
  void errorsOfRandomMapsAreThoseOfARun() {
    for (long seed = 0; seed < 20; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      int n = 40 + random.nextInt(100);
      AttentionInputs inputs = PlanInputs.drifting(n, seed);
      TileGrid grid = new TileGrid(n, 1 + random.nextInt(24), 1 + random.nextInt(24));
      TileMap map =
          TileMap.of(
              grid,
              (row, column) ->
                  column < grid.blocksBelowDiagonal(row) ? randomKind(random) : TileKind.EXACT);
      double share = random.nextBoolean() ? 1 : 0.05;
      HeadTensor run = output(n);
      boolean[] untrusted = new boolean[n];
      BACKEND.attendTiles(
          inputs,
          0,
          new TiledLogits(map, new int[0], null, null, null, share),
          1,
          run,
          untrusted,
          BACKEND.newWorkspace(),
          Parallelism.sequential());
      HeadTensor exact = output(n);
      new ExactAttention(BACKEND).forward(inputs, exact, Parallelism.sequential());
      int[] rows = IntStream.range(0, n).filter(row -> row % 3 != 1).toArray();
      TileSample sample =
          TileSample.of(
              BACKEND, inputs, 0, grid, rows, BACKEND.newWorkspace(), Parallelism.sequential());
      for (int index = 0; index < rows.length; index++) {
        int row = rows[index];
        double[] sums = new double[PlanInputs.WIDTH + 1];
        double greatest = 0;
        for (int tile = 0; tile < grid.columnBlocks(sample.block(index)); tile++) {
          TileKind kind = map.kind(sample.block(index), tile);
          if (kind != TileKind.NEGLIGIBLE) {
            sample.add(index, tile, kind == TileKind.RANK_ONE, sums, 0);
          }
          if (kind == TileKind.RANK_ONE) {
            greatest = Math.max(greatest, sample.modelWeight(index, tile));
          }
        }
        assertEquals(
            squares(run, exact, row),
            sample.squaredError(index, sums, 0, 1),
            ROUNDING,
            "row " + row);
        double margin = greatest / sums[PlanInputs.WIDTH] - share;
        assertTrue(
            untrusted[row] == (share < 1 && margin > 0) || Math.abs(margin) < ROUNDING,
            "row " + row + " is untrusted: " + untrusted[row]);
      }
    }
  }

  @Test
  void theTargetIsMet() {
    int n = 512;
    AttentionInputs inputs = PlanInputs.drifting(n, 5);
    TileGrid grid = new TileGrid(n, 16, 8);
    int[] rows = IntStream.range(0, n).filter(row -> row % 11 == 0).toArray();
    TileSample sample =
        TileSample.of(
            BACKEND, inputs, 0, grid, rows, BACKEND.newWorkspace(), Parallelism.sequential());
    TilePlanner planner = new TilePlanner(grid, BACKEND.costs(), sample, PlanInputs.WIDTH, 1);
    for (double target = 0.5; target > 1e-6; target /= 2) {
      TilePlanner.Choice choice = planner.choose(target);
      assertTrue(choice.error() <= target, choice + " for " + target);
      assertTrue(choice.negligibleFrom() >= choice.exactBelow(), choice.toString());
    }
    assertEquals(TilePlanner.LEVELS, planner.choose(0).exactBelow(), "only exact has no error");
  }
}
