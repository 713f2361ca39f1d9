package io.github.convbasis.simd.exact;

import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.TileGrid;
import io.github.convbasis.matrix.TileKind;
import io.github.convbasis.matrix.TileMap;
import io.github.convbasis.matrix.TiledLogits;
import java.util.Arrays;

/** Answers what {@link TileAttention} asks of one head's model. Immutable and thread-safe. */
final class TileRows {
  final AttentionInputs inputs;
  final int head;
  final int keyHead;
  final TiledLogits model;
  final TileMap map;
  final TileGrid grid;
  final ConvolutionPart convolution;
  private final int band;

  /**
   * Joins the arguments of a call.
   *
   * @param convolution null if no tile is a convolution
   */
  TileRows(AttentionInputs inputs, int head, TiledLogits model, ConvolutionPart convolution) {
    this.inputs = inputs;
    this.head = head;
    this.model = model;
    this.convolution = convolution;
    keyHead = inputs.keyHead(head);
    map = model.map();
    grid = map.grid();
    band = convolution == null ? grid.rowBlock() : convolution.band();
  }

  int blockOf(int row) {
    return row / grid.rowBlock();
  }

  /** Returns the column from which on a row is exact: without convolutions its block's first. */
  int bandStart(int row) {
    return row / band * band;
  }

  /** Returns the row after a row's last neighbour in the same row block and band. */
  int partEnd(int row) {
    int blockEnd = grid.rowEnd(blockOf(row));
    return (int) Math.min(blockEnd, bandStart(row) + (long) band);
  }

  /** Returns how many tiles, from the left, end before a row's band. */
  int tilesBeforeBand(int row) {
    return bandStart(row) / grid.columnBlock();
  }

  /** Tells whether all columns of a tile are exact columns. */
  private boolean isCovered(int tile) {
    int from = grid.columnStart(tile);
    int to = grid.columnEnd(tile);
    return exactBefore(to) - exactBefore(from) == to - from;
  }

  /** Returns how many exact columns are before a column. */
  int exactBefore(int column) {
    int at = Arrays.binarySearch(model.exactColumns(), column);
    return at >= 0 ? at : -at - 1;
  }

  /** Tells whether a tile, before the band of the block's last row, has a mean key. */
  boolean isRankOne(int block, int tile) {
    return map.kind(block, tile) == TileKind.RANK_ONE && !isCovered(tile);
  }

  /** Tells whether a column is exact for the rows of a part, but for being an exact column. */
  boolean isExact(int block, int bandStart, int column) {
    if (column >= bandStart) {
      return true;
    }
    int tile = column / grid.columnBlock();
    TileKind kind = map.kind(block, tile);
    return kind == TileKind.EXACT
        || (kind == TileKind.RANK_ONE && tile >= bandStart / grid.columnBlock());
  }

  /** Returns the next column where {@link #isExact} may change, at most a limit. */
  int nextBoundary(int bandStart, int column, int limit) {
    if (column >= bandStart) {
      return limit;
    }
    long tileEnd = (column / grid.columnBlock() + 1L) * grid.columnBlock();
    return (int) Math.min(Math.min(tileEnd, bandStart), limit);
  }
}
