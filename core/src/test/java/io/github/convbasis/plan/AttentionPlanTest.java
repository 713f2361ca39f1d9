package io.github.convbasis.plan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.matrix.TileGrid;
import io.github.convbasis.matrix.TileKind;
import io.github.convbasis.matrix.TileMap;
import org.junit.jupiter.api.Test;

/** Special plans, and what a plan says of itself. */
class AttentionPlanTest {
  @Test
  void aWindowWithSinksIsAsWideAsAsked() {
    AttentionPlan plan = AttentionPlan.window(1000, 100, 4);
    assertEquals(4, plan.sinks());
    assertTrue(plan.band() >= 100 && plan.band() < 100 + 32, "band " + plan.band());
    assertEquals(0, plan.map().entries(TileKind.RANK_ONE));
    assertTrue(plan.map().has(TileKind.NEGLIGIBLE));
  }

  @Test
  void bandAndSinksAgreeWithTheEntries() {
    TileGrid grid = new TileGrid(50, 7, 5);
    TileMap map =
        TileMap.of(
            grid,
            (row, column) ->
                column == 0 || column >= grid.blocksBelowDiagonal(row) - 1
                    ? TileKind.EXACT
                    : TileKind.NEGLIGIBLE);
    AttentionPlan plan = new AttentionPlan(map, null, new int[] {5, 6}, null, 1, 0, 1, 0, "test");
    int band = 50;
    for (int row = 0; row < 50; row++) {
      for (int column = 0; column <= row; column++) {
        if (map.kind(row / 7, column / 5) != TileKind.EXACT) {
          band = Math.min(band, row - column);
        }
      }
    }
    assertEquals(band, plan.band());
    assertEquals(7, plan.sinks());
  }

  @Test
  void exactPlansOfAnyLengthAreSmall() {
    for (int n : new int[] {1, 63, 65, 4096, 1 << 20, Integer.MAX_VALUE / 2}) {
      AttentionPlan plan = AttentionPlan.exact(n, "test");
      assertTrue(plan.isExact());
      assertEquals(n, plan.rows());
      assertTrue(plan.map().grid().rowBlocks() <= 2048, plan.map().grid().toString());
    }
  }

  @Test
  void theFirstRowsHaveTheSameTiles() {
    AttentionPlan plan = AttentionPlan.window(500, 40, 2);
    AttentionPlan first = plan.firstRows(201);
    assertEquals(201, first.rows());
    for (int row = 0; row < first.map().grid().rowBlocks(); row++) {
      for (int column = 0; column < first.map().grid().columnBlocks(row); column++) {
        assertEquals(plan.map().kind(row, column), first.map().kind(row, column));
      }
    }
    KernelPlan kernels =
        new KernelPlan(new int[] {0, 100, 300}, new int[] {0, 1, 0}, KernelFit.DIAGONAL_MEANS);
    KernelPlan few = AttentionPlan.convolution(500, kernels).firstRows(300).kernels();
    assertArrayEquals(new int[] {0, 100}, few.starts());
    String message =
        assertThrows(IllegalArgumentException.class, () -> plan.firstRows(501)).getMessage();
    assertEquals("n must be between 1 and 500, was 501", message);
  }

  @Test
  void structureThatDoesNotFitIsRefused() {
    TileMap exact = TileMap.uniform(new TileGrid(10, 4, 4), TileKind.EXACT);
    KernelPlan one = KernelPlan.of(KernelFit.SAMPLED_COLUMN, 0);
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> new AttentionPlan(exact, null, new int[0], one, 1, 0, 1, 0, "test"))
            .getMessage();
    assertTrue(message.startsWith("kernels must be given exactly if"), message);
    assertThrows(
        IllegalArgumentException.class,
        () -> new AttentionPlan(exact, null, new int[] {3, 3}, null, 1, 0, 1, 0, "test"));
    assertThrows(
        IllegalArgumentException.class,
        () -> new KernelPlan(new int[] {0, 5}, new int[] {0, 2}, KernelFit.SAMPLED_COLUMN));
    assertThrows(IllegalArgumentException.class, () -> KernelPlan.of(KernelFit.OFFSETS, 0, 5));
  }
}
