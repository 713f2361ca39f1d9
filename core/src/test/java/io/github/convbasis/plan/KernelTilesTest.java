package io.github.convbasis.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.fail;

import io.github.convbasis.matrix.TileGrid;
import io.github.convbasis.matrix.TileKind;
import io.github.convbasis.matrix.TileMap;
import org.junit.jupiter.api.Test;

/** Which tiles of a plan of convolutions are exact. */
class KernelTilesTest {
  private static final TileGrid GRID = new TileGrid(12, 4, 4);

  private static TileMap choose(double most, double... squares) {
    double[][] byRow = {
      {squares[0]}, {squares[1], squares[2]}, {squares[3], squares[4], squares[5]}
    };
    return KernelTiles.choose(GRID, byRow, most);
  }

  @Test
  void noneAreExactWhereTheErrorIsSmallEnough() {
    assertFalse(choose(0, 0, 0, 0, 0, 0, 0).has(TileKind.EXACT));
    assertFalse(choose(2, 0, 1, 0, 3, 0, 0).has(TileKind.EXACT));
  }

  @Test
  void theWorstForTheirSizeAreExactFirst() {
    // Tiles on the diagonal have 10 entries, others 16.
    TileMap map = choose(1, 0, 1.5, 0, 0.5, 1.2, 0.25);
    assertEquals(TileKind.EXACT, map.kind(1, 0));
    assertEquals(TileKind.EXACT, map.kind(2, 1));
    assertEquals(32, map.entries(TileKind.EXACT));
    map = choose(1, 0, 1.2, 0, 0, 0, 1);
    assertEquals(TileKind.EXACT, map.kind(2, 2));
    assertEquals(26, map.entries(TileKind.EXACT));
    assertEquals(10, choose(1.1, 0, 1.2, 0, 0, 0, 1.3).entries(TileKind.EXACT));
  }

  @Test
  void whatIsInfiniteIsExact() {
    TileMap map = choose(1, 0, Double.POSITIVE_INFINITY, 0.5, Double.POSITIVE_INFINITY, 0, 0);
    assertEquals(TileKind.EXACT, map.kind(1, 0));
    assertEquals(TileKind.EXACT, map.kind(2, 0));
    assertEquals(32, map.entries(TileKind.EXACT));
  }

  @Test
  void tilesAreFewAndCoverLongHeads() {
    assertEquals(1, KernelTiles.grid(1).rowBlocks());
    assertEquals(new TileGrid(4096, 64, 64), KernelTiles.grid(4096));
    assertEquals(new TileGrid(65_537, 1025, 1025), KernelTiles.grid(65_537));
    assertEquals(4 * 64, KernelTiles.rows(KernelTiles.grid(65_537)));
  }

  @Test
  void neighboursOfExactTilesAreVisited() {
    TileGrid grid = new TileGrid(20, 4, 4);
    TileMap map =
        TileMap.of(
            grid, (row, column) -> row == 3 && column == 1 ? TileKind.EXACT : TileKind.CONVOLUTION);
    StringBuilder visited = new StringBuilder();
    KernelTiles.forEachBeside(map, (row, column) -> visited.append(row).append(column).append(' '));
    assertEquals("21 30 32 41 ", visited.toString());
    KernelTiles.forEachBeside(TileMap.uniform(grid, TileKind.EXACT), (row, column) -> fail());
    KernelTiles.forEachBeside(TileMap.uniform(grid, TileKind.CONVOLUTION), (row, column) -> fail());
  }
}
