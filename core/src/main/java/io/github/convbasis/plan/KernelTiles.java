package io.github.convbasis.plan;

import io.github.convbasis.matrix.TileGrid;
import io.github.convbasis.matrix.TileKind;
import io.github.convbasis.matrix.TileMap;
import java.util.Arrays;
import java.util.Comparator;

/**
 * Chooses the tiles of a plan of convolutions that are exact, because their logits do not follow
 * the kernels: a passage that looks at another one, say. Stateless and thread-safe.
 */
final class KernelTiles {
  private static final int LEAST_BLOCK = 64;

  /** Along a side: so few that every tile gets several of the sampled entries. */
  private static final int MOST_BLOCKS = 64;

  private static final int ROWS_PER_BLOCK = 4;

  private KernelTiles() {}

  private record Tile(int row, int column, double square, long entries) {
    double density() {
      return square / entries;
    }
  }

  /** Returns the tiles of a head of n rows. */
  static TileGrid grid(int n) {
    int block = Math.max(LEAST_BLOCK, (n + MOST_BLOCKS - 1) / MOST_BLOCKS);
    return new TileGrid(n, block, block);
  }

  /** Returns the rows to sample for a choice. */
  static int rows(TileGrid grid) {
    return ROWS_PER_BLOCK * grid.rowBlocks();
  }

  /**
   * Makes those tiles exact that hold most of the squared error for their size, until the rest is
   * small enough.
   *
   * @param grid tiles
   * @param squares what each adds to the squared error, by row block, then column block; may be
   *     infinite
   * @param most error that may remain
   * @return a map of exact tiles and convolutions
   */
  static TileMap choose(TileGrid grid, double[][] squares, double most) {
    Tile[] tiles = new Tile[Arrays.stream(squares).mapToInt(row -> row.length).sum()];
    int count = 0;
    for (int row = 0; row < squares.length; row++) {
      for (int column = 0; column < squares[row].length; column++) {
        tiles[count++] = new Tile(row, column, squares[row][column], grid.entries(row, column));
      }
    }
    // Added up from the least, so that what cannot be borne is never part of a difference.
    Arrays.sort(tiles, Comparator.comparingDouble(Tile::density));
    boolean[][] kernel = new boolean[squares.length][];
    for (int row = 0; row < squares.length; row++) {
      kernel[row] = new boolean[squares[row].length];
    }
    double sum = 0;
    for (Tile tile : tiles) {
      sum += tile.square();
      if (!(sum <= most * most)) {
        break;
      }
      kernel[tile.row()][tile.column()] = true;
    }
    return TileMap.of(
        grid, (row, column) -> kernel[row][column] ? TileKind.CONVOLUTION : TileKind.EXACT);
  }

  /** Takes a tile by its row block and column block. */
  @FunctionalInterface
  interface TileAction {
    void accept(int row, int column);
  }

  /** Visits the convolutions below the diagonal that share a side with an exact tile. */
  static void forEachBeside(TileMap map, TileAction action) {
    TileGrid grid = map.grid();
    for (int row = 0; row < grid.rowBlocks(); row++) {
      for (int column = 0; column < grid.blocksBelowDiagonal(row); column++) {
        boolean beside =
            isExact(map, row - 1, column)
                || isExact(map, row + 1, column)
                || isExact(map, row, column - 1)
                || isExact(map, row, column + 1);
        if (beside && map.kind(row, column) == TileKind.CONVOLUTION) {
          action.accept(row, column);
        }
      }
    }
  }

  /** Tells whether a tile, which need not exist, is exact. */
  private static boolean isExact(TileMap map, int row, int column) {
    return row >= 0
        && row < map.grid().rowBlocks()
        && column >= 0
        && column < map.grid().columnBlocks(row)
        && map.kind(row, column) == TileKind.EXACT;
  }
}
