package io.github.convbasis.inference.plan;

import io.github.convbasis.matrix.TileGrid;
import io.github.convbasis.matrix.TileKind;
import io.github.convbasis.matrix.TileMap;
import java.util.SplittableRandom;

/** Tile maps of random grids, with runs of random lengths. */
final class RandomMaps {
  private RandomMaps() {}

  static TileMap next(SplittableRandom random, int mostRows) {
    int rows = random.nextInt(1, mostRows + 1);
    TileGrid grid = new TileGrid(rows, random.nextInt(1, rows + 3), random.nextInt(1, rows + 3));
    double change = random.nextDouble();
    TileKind[] current = {TileKind.EXACT};
    return TileMap.of(
        grid,
        (row, column) -> {
          if (random.nextDouble() < change) {
            current[0] = TileKind.values()[random.nextInt(TileKind.values().length)];
          }
          boolean diagonal = column >= grid.blocksBelowDiagonal(row);
          return diagonal && current[0] != TileKind.CONVOLUTION ? TileKind.EXACT : current[0];
        });
  }
}
