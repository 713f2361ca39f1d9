package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.matrix.SegmentedToeplitz;
import io.github.convbasis.matrix.TileGrid;
import io.github.convbasis.matrix.TileKind;
import io.github.convbasis.matrix.TileMap;
import io.github.convbasis.matrix.TiledLogits;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

/** Tiles of a triangle, maps of them, and models on them. */
class TileGridProperties {
  @Provide
  Arbitrary<TileGrid> grids() {
    return Combinators.combine(Sizes.upTo(70), Sizes.upTo(80), Sizes.upTo(80)).as(TileGrid::new);
  }

  @Property
  void tilesPartitionTheTriangle(@ForAll("grids") TileGrid grid) {
    int[][] tiles = new int[grid.rowBlocks()][];
    for (int block = 0; block < tiles.length; block++) {
      tiles[block] = new int[grid.columnBlocks(block)];
    }
    for (int i = 0; i < grid.rows(); i++) {
      for (int j = 0; j <= i; j++) {
        tiles[i / grid.rowBlock()][j / grid.columnBlock()]++;
      }
    }
    long sum = 0;
    for (int row = 0; row < tiles.length; row++) {
      for (int column = 0; column < tiles[row].length; column++) {
        assertEquals(tiles[row][column], grid.entries(row, column), row + ", " + column);
        sum += grid.entries(row, column);
      }
    }
    assertEquals(sum, grid.entries());
  }

  @Property
  void blocksAdjoinAndTheDiagonalDividesThem(@ForAll("grids") TileGrid grid) {
    int next = 0;
    for (int block = 0; block < grid.rowBlocks(); block++) {
      assertEquals(next, grid.rowStart(block));
      next = grid.rowEnd(block);
      for (int column = 0; column < grid.columnBlocks(block); column++) {
        boolean below = column < grid.blocksBelowDiagonal(block);
        assertEquals(below, grid.columnEnd(column) <= grid.rowStart(block));
      }
    }
    assertEquals(grid.rows(), next);
  }

  @Property
  void mapsCountTheirKinds(@ForAll("grids") TileGrid grid, @ForAll long seed) {
    TileMap map = random(grid, seed);
    long sum = 0;
    for (TileKind kind : TileKind.values()) {
      long entries = 0;
      for (int row = 0; row < grid.rowBlocks(); row++) {
        for (int column = 0; column < grid.columnBlocks(row); column++) {
          entries += map.kind(row, column) == kind ? grid.entries(row, column) : 0;
        }
      }
      assertEquals(entries, map.entries(kind));
      assertEquals(entries > 0, map.has(kind));
      assertEquals((double) entries / grid.entries(), map.share(kind));
      sum += entries;
    }
    assertEquals(grid.entries(), sum);
    assertEquals(map, random(grid, seed));
    assertEquals(map.hashCode(), random(grid, seed).hashCode());
    assertTrue(map.toString().contains(grid.rowBlock() + " × " + grid.columnBlock()));
  }

  private static TileMap random(TileGrid grid, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    return TileMap.of(
        grid,
        (row, column) ->
            TileKind.values()[random.nextInt(column < grid.blocksBelowDiagonal(row) ? 4 : 2)]);
  }

  @Property
  void summariesOnTheDiagonalAreRefused(@ForAll("grids") TileGrid grid) {
    for (TileKind kind : new TileKind[] {TileKind.RANK_ONE, TileKind.NEGLIGIBLE}) {
      Refusal.mustSay(() -> TileMap.uniform(grid, kind), "tile 0, 0", "EXACT", kind);
    }
  }

  @Property
  void sizesBelowOneAreRefused(@ForAll @IntRange(min = -5, max = 0) int size) {
    Refusal.mustSay(() -> new TileGrid(size, 1, 1), "rows", size);
    Refusal.mustSay(() -> new TileGrid(1, size, 1), "rowBlock", size);
    Refusal.mustSay(() -> new TileGrid(1, 1, size), "columnBlock", size);
  }

  @Example
  void tooManyTilesAreRefused() {
    Refusal.mustSay(() -> new TileGrid(1_000_000, 1, 2), "1 × 2", 1_000_000, 500_000);
  }

  @Provide
  Arbitrary<Integer> sizes() {
    return Arbitraries.integers().between(2, 40);
  }

  @Property
  void partsOfModelsThatDoNotFitAreRefused(@ForAll("sizes") int n) {
    TileMap exact = TileMap.uniform(new TileGrid(n, 4, 4), TileKind.EXACT);
    TileMap kernels = TileMap.uniform(new TileGrid(n, 4, 4), TileKind.CONVOLUTION);
    int[] none = {};
    Refusal.mustSay(
        () -> new TiledLogits(exact, new int[] {1, 1}, null, null, null), "exactColumns[1]", 2, 1);
    Refusal.mustSay(
        () -> new TiledLogits(exact, new int[] {n}, null, null, null), "exactColumns[0]", n - 1, n);
    Refusal.mustSay(() -> TiledLogits.of(kernels), "kernels", n, "null");
    SegmentedToeplitz other =
        SegmentedToeplitz.of(n + 1, new int[] {0}, new double[][] {new double[n + 1]});
    Refusal.mustSay(() -> new TiledLogits(kernels, none, other, null, null), "kernels", n);
    Refusal.mustSay(
        () -> new TiledLogits(exact, none, null, new double[n + 1], null), "rowOffsets", n, n + 1);
    double[] offsets = new double[n];
    offsets[1] = Double.NaN;
    Refusal.mustSay(
        () -> new TiledLogits(exact, none, null, null, offsets), "columnOffsets", "NaN", 1);
  }
}
