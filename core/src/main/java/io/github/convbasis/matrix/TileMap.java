package io.github.convbasis.matrix;

import java.util.Arrays;
import java.util.Objects;

/**
 * Says of each tile of a lower triangle how its weights are obtained. Immutable and thread-safe.
 *
 * <p>A tile that touches the diagonal is {@link TileKind#EXACT} or {@link TileKind#CONVOLUTION}: so
 * every row has an entry that counts, and only whole tiles are summarised or left out.
 */
public final class TileMap {
  private static final TileKind[] KINDS = TileKind.values();

  private final TileGrid grid;
  private final byte[][] kinds;
  private final long[] entries;

  private TileMap(TileGrid grid, byte[][] kinds, long[] entries) {
    this.grid = grid;
    this.kinds = kinds;
    this.entries = entries;
  }

  /** Chooses the kind of a tile. */
  @FunctionalInterface
  public interface Chooser {
    /**
     * Chooses.
     *
     * @param row row block
     * @param column column block
     * @return the kind
     */
    TileKind kind(int row, int column);
  }

  /**
   * Asks for the kind of every tile, row block by row block from the left.
   *
   * @param grid the tiles
   * @param chooser says what each of them is
   * @return the map
   * @throws IllegalArgumentException if a tile on the diagonal is neither exact nor a convolution
   */
  public static TileMap of(TileGrid grid, Chooser chooser) {
    byte[][] kinds = new byte[grid.rowBlocks()][];
    long[] entries = new long[KINDS.length];
    for (int row = 0; row < kinds.length; row++) {
      kinds[row] = new byte[grid.columnBlocks(row)];
      int below = grid.blocksBelowDiagonal(row);
      for (int column = 0; column < kinds[row].length; column++) {
        TileKind kind = Objects.requireNonNull(chooser.kind(row, column), "kind");
        if (column >= below && kind != TileKind.EXACT && kind != TileKind.CONVOLUTION) {
          throw new IllegalArgumentException(
              String.format(
                  "tile %d, %d touches the diagonal and must be EXACT or CONVOLUTION, was %s",
                  row, column, kind));
        }
        kinds[row][column] = (byte) kind.ordinal();
        entries[kind.ordinal()] += grid.entries(row, column);
      }
    }
    return new TileMap(grid, kinds, entries);
  }

  /**
   * Makes every tile of one kind, for exact attention or plain conv-basis attention.
   *
   * @param grid the tiles
   * @param kind {@link TileKind#EXACT} or {@link TileKind#CONVOLUTION}
   * @return the map
   * @throws IllegalArgumentException if the kind cannot touch the diagonal
   */
  public static TileMap uniform(TileGrid grid, TileKind kind) {
    return of(grid, (row, column) -> kind);
  }

  /**
   * Returns the tiles.
   *
   * @return the grid
   */
  public TileGrid grid() {
    return grid;
  }

  /**
   * Returns the kind of a tile.
   *
   * @param row row block
   * @param column column block, below {@link TileGrid#columnBlocks} of the row block
   * @return its kind
   */
  public TileKind kind(int row, int column) {
    return KINDS[kinds[row][column]];
  }

  /**
   * Counts the entries of the triangle in tiles of a kind.
   *
   * @param kind the kind
   * @return entries
   */
  public long entries(TileKind kind) {
    return entries[kind.ordinal()];
  }

  /**
   * Returns the share of the triangle in tiles of a kind.
   *
   * @param kind the kind
   * @return from 0 to 1
   */
  public double share(TileKind kind) {
    return (double) entries(kind) / grid.entries();
  }

  /**
   * Tells whether any tile is of a kind.
   *
   * @param kind the kind
   * @return whether one is
   */
  public boolean has(TileKind kind) {
    return entries(kind) > 0;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TileMap map
        && grid.equals(map.grid)
        && Arrays.deepEquals(kinds, map.kinds);
  }

  @Override
  public int hashCode() {
    return 31 * grid.hashCode() + Arrays.deepHashCode(kinds);
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    text.append(grid.rowBlock()).append(" × ").append(grid.columnBlock()).append(" tiles");
    for (TileKind kind : KINDS) {
      if (has(kind)) {
        text.append(String.format(", %s %.1f %%", kind, 100 * share(kind)));
      }
    }
    return text.toString();
  }
}
