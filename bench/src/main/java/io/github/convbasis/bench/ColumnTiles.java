package io.github.convbasis.bench;

/**
 * Transposes a cache line's width of row-major columns, {@value #ROWS} rows at a time, through a
 * tile that stays in the first-level cache.
 */
final class ColumnTiles {
  /** Columns of a tile: 64 bytes of a row. */
  static final int COLUMNS = 16;

  /** Rows of a tile. */
  static final int ROWS = 64;

  private static final int WIDTH = Convolution.WIDTH;

  private ColumnTiles() {}

  /** Gathers {@code tile[column·ROWS + row]} from rows that start at {@code from}. */
  static void gather(float[] x, int from, float[] tile) {
    for (int column = 0; column < COLUMNS; column++) {
      int at = column * ROWS;
      for (int row = 0; row < ROWS; row++) {
        tile[at + row] = x[from + column + row * WIDTH];
      }
    }
  }

  /** Undoes {@link #gather}. */
  static void scatter(float[] tile, float[] y, int to) {
    for (int column = 0; column < COLUMNS; column++) {
      int at = column * ROWS;
      for (int row = 0; row < ROWS; row++) {
        y[to + column + row * WIDTH] = tile[at + row];
      }
    }
  }

  /** Gathers complex numbers {@code tile[pair·2·ROWS + 2·row]}, made of neighbouring columns. */
  static void gatherPairs(float[] x, int from, float[] tile) {
    for (int pair = 0; pair < COLUMNS / 2; pair++) {
      int at = pair * 2 * ROWS;
      for (int row = 0; row < ROWS; row++) {
        tile[at + 2 * row] = x[from + 2 * pair + row * WIDTH];
        tile[at + 2 * row + 1] = x[from + 2 * pair + 1 + row * WIDTH];
      }
    }
  }

  /** Undoes {@link #gatherPairs}. */
  static void scatterPairs(float[] tile, float[] y, int to) {
    for (int pair = 0; pair < COLUMNS / 2; pair++) {
      int at = pair * 2 * ROWS;
      for (int row = 0; row < ROWS; row++) {
        y[to + 2 * pair + row * WIDTH] = tile[at + 2 * row];
        y[to + 2 * pair + 1 + row * WIDTH] = tile[at + 2 * row + 1];
      }
    }
  }
}
