package io.github.convbasis.matrix;

import java.util.Objects;

/**
 * Cuts a lower triangle into tiles, row blocks × column blocks. Only tiles with an entry on or
 * below the diagonal count: row block I has the column blocks {@code 0 … columnBlocks(I) - 1}. The
 * last block of rows or columns may be short. Immutable and thread-safe.
 *
 * @param rows n, rows and columns of the triangle
 * @param rowBlock rows of a tile, R
 * @param columnBlock columns of a tile, C
 */
public record TileGrid(int rows, int rowBlock, int columnBlock) {
  /** Checks the sizes. */
  public TileGrid {
    requirePositive("rows", rows);
    requirePositive("rowBlock", rowBlock);
    requirePositive("columnBlock", columnBlock);
    long blocks = (rows + (long) rowBlock - 1) / rowBlock;
    long columns = (rows + (long) columnBlock - 1) / columnBlock;
    if (blocks * columns > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          String.format(
              "tiles of %d × %d are too many for %d rows: %d × %d blocks",
              rowBlock, columnBlock, rows, blocks, columns));
    }
  }

  private static void requirePositive(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " must be at least 1, was " + value);
    }
  }

  /**
   * Returns the number of row blocks.
   *
   * @return at least 1
   */
  public int rowBlocks() {
    return rows / rowBlock + (rows % rowBlock == 0 ? 0 : 1);
  }

  /**
   * Returns the first row of a row block.
   *
   * @param block row block, from 0
   * @return row
   */
  public int rowStart(int block) {
    return Objects.checkIndex(block, rowBlocks()) * rowBlock;
  }

  /**
   * Returns the row after a row block's last.
   *
   * @param block row block, from 0
   * @return row, at most n
   */
  public int rowEnd(int block) {
    int start = rowStart(block);
    return start + Math.min(rowBlock, rows - start);
  }

  /**
   * Returns how many column blocks hold a column that some row of a block sees.
   *
   * @param block row block, from 0
   * @return at least 1
   */
  public int columnBlocks(int block) {
    return (rowEnd(block) - 1) / columnBlock + 1;
  }

  /**
   * Returns how many column blocks, from the left, end before the first row of a row block: these
   * tiles lie below the diagonal, the others touch it.
   *
   * @param block row block, from 0
   * @return at least 0, below {@link #columnBlocks}
   */
  public int blocksBelowDiagonal(int block) {
    return rowStart(block) / columnBlock;
  }

  /**
   * Returns the first column of a column block.
   *
   * @param block column block, from 0
   * @return column
   */
  public int columnStart(int block) {
    return block * columnBlock;
  }

  /**
   * Returns the column after a column block's last.
   *
   * @param block column block, from 0
   * @return column, at most n
   */
  public int columnEnd(int block) {
    int start = columnStart(block);
    return start + Math.min(columnBlock, rows - start);
  }

  /**
   * Returns how many entries of the triangle a tile holds.
   *
   * @param row row block
   * @param column column block, below {@link #columnBlocks}
   * @return at least 1
   */
  public long entries(int row, int column) {
    Objects.checkIndex(column, columnBlocks(row));
    long first = columnStart(column);
    long width = columnEnd(column) - first;
    long height = rowEnd(row) - rowStart(row);
    if (column < blocksBelowDiagonal(row)) {
      return height * width;
    }
    // Row i sees min(width, i - first + 1) columns: first a slope, then full rows.
    long from = Math.max(rowStart(row), first) - first + 1;
    long to = rowEnd(row) - first;
    long slopeEnd = Math.min(to, width);
    long slope = from > slopeEnd ? 0 : (from + slopeEnd) * (slopeEnd - from + 1) / 2;
    long full = to - Math.max(from - 1, slopeEnd);
    return slope + Math.max(0, full) * width;
  }

  /**
   * Returns how many entries the triangle has.
   *
   * @return {@code n·(n + 1)/2}
   */
  public long entries() {
    return rows * (rows + 1L) / 2;
  }
}
