package io.github.convbasis.simd.exact;

import io.github.convbasis.matrix.TileKind;

/**
 * Holds the mean keys, biases and mean values of rank-one tiles of some row blocks, each block's in
 * a row of slots in the order of its tiles. Grows to what a panel of tiles needs. Mutable.
 */
final class RankOneKeys {
  private static final int LANES = AttentionScratch.GROUP_ROWS;

  /** Floats of the greatest panel, 32 MiB. */
  private static final int MOST_FLOATS = 1 << 23;

  private final int depth;
  private final int width;
  private final int valueStride;
  private final double[][] meanQueries;

  /** Mean queries times scale·log2(e), depth × 2L. */
  private final float[] queries;

  private int[] slots = new int[0];
  private int firstBlock;
  private int blocks;
  private int firstTile;
  private int tiles;
  private int capacity;
  private float[] keys = new float[0];
  private float[] biases = new float[0];
  private float[] values = new float[0];

  RankOneKeys(int depth, int width) {
    this.depth = depth;
    this.width = width;
    valueStride = Math.max(ValueTile.COLUMNS, width);
    meanQueries = new double[LANES][depth];
    queries = new float[depth * LANES];
  }

  /** Starts a batch of row blocks. */
  void start(int block, int count) {
    firstBlock = block;
    blocks = count;
  }

  /** Averages the queries of one row block of the batch. */
  void averageQueries(TileRows rows, int index) {
    int from = rows.grid.rowStart(firstBlock + index);
    int to = rows.grid.rowEnd(firstBlock + index);
    rows.inputs.meanQuery(rows.head, from, to, meanQueries[index]);
  }

  /** Packs the averages; lanes without a block repeat the last. */
  void packQueries(TileRows rows) {
    double factor = rows.inputs.scale() * ExactAttentionKernel.LOG2_E;
    for (int lane = 0; lane < LANES; lane++) {
      double[] mean = meanQueries[Math.min(lane, blocks - 1)];
      for (int c = 0; c < depth; c++) {
        queries[c * LANES + lane] = (float) (factor * mean[c]);
      }
    }
  }

  /** Returns how many tiles a panel may have. */
  int panelTiles() {
    return Math.max(1, MOST_FLOATS / (blocks * (depth + valueStride + 1)));
  }

  /** Assigns slots to the rank-one tiles of a panel and returns whether there are any. */
  boolean assign(TileRows rows, int fromTile, int toTile) {
    firstTile = fromTile;
    tiles = toTile - fromTile;
    if (slots.length < blocks * (tiles + 1)) {
      slots = new int[blocks * (tiles + 1)];
    }
    capacity = 0;
    for (int b = 0; b < blocks; b++) {
      int at = b * (tiles + 1);
      int end = rows.tilesBeforeBand(rows.grid.rowEnd(firstBlock + b) - 1);
      int count = 0;
      for (int t = 0; t < tiles; t++) {
        slots[at + t] = count;
        count += firstTile + t < end && rows.isRankOne(firstBlock + b, firstTile + t) ? 1 : 0;
      }
      slots[at + tiles] = count;
      capacity = Math.max(capacity, count);
    }
    int needed = blocks * capacity;
    if (biases.length < needed) {
      biases = new float[needed];
      values = new float[(needed + 1) * valueStride];
      // Blocks of keys are read whole.
      keys = new float[(needed + LogitTile.KEYS) * depth];
    }
    return capacity > 0;
  }

  /** Summarises a tile of the panel, for all row blocks to which it is of rank one. */
  void summarise(TileRows rows, int tile, TileMeans means) {
    int t = tile - firstTile;
    boolean wanted = false;
    for (int b = 0; b < blocks; b++) {
      wanted |= isWanted(b, t);
    }
    if (!wanted) {
      return;
    }
    means.clear();
    int[] exact = rows.model.exactColumns();
    int next = rows.exactBefore(rows.grid.columnStart(tile));
    int end = rows.grid.columnEnd(tile);
    for (int column = rows.grid.columnStart(tile); column < end; ) {
      if (next == exact.length || exact[next] >= end) {
        int count = Math.min(TileMeans.RUN_KEYS, end - column);
        means.run.load(rows.inputs, rows.keyHead, column, count);
        column += count;
      } else {
        means.run.clear();
        while (column < end && means.run.count < TileMeans.RUN_KEYS) {
          if (next < exact.length && exact[next] == column) {
            next++;
          } else {
            means.run.add(rows.inputs, rows.keyHead, column);
          }
          column++;
        }
      }
      if (means.run.count > 0) {
        means.addRun(queries, 0);
      }
    }
    for (int lane = 0; lane < LANES; lane++) {
      // What nobody wants goes behind the slots, and nobody reads it.
      int slot = lane < blocks && isWanted(lane, t) ? slot(lane, t) : blocks * capacity;
      means.keyStarts[lane] = slot * depth;
      means.valueStarts[lane] = slot * valueStride;
    }
    means.finish();
    means.writeValues(values);
    means.writeKeys(keys);
    means.bias(queries, 0);
    for (int b = 0; b < blocks; b++) {
      if (isWanted(b, t)) {
        biases[slot(b, t)] = means.logs[b];
      }
    }
  }

  private int slot(int b, int t) {
    return b * capacity + slots[b * (tiles + 1) + t];
  }

  private boolean isWanted(int b, int t) {
    int at = b * (tiles + 1) + t;
    return slots[at] < slots[at + 1];
  }

  /** Lets rows of one row block meet its mean keys of the panel, those before their band. */
  void meet(TileRows rows, int fromRow, AttentionScratch scratch, int fromGroup, int toGroup) {
    int b = rows.blockOf(fromRow) - firstBlock;
    int end = Math.min(tiles, rows.tilesBeforeBand(fromRow) - firstTile);
    int count = end <= 0 ? 0 : slots[b * (tiles + 1) + end];
    for (int begin = 0; begin < count; begin += AttentionScratch.TILE_KEYS) {
      int slot = b * capacity + begin;
      int run = Math.min(AttentionScratch.TILE_KEYS, count - begin);
      for (int group = fromGroup; group < toGroup; group++) {
        int lane = group * LANES;
        LogitTile.compute(
            scratch.queries,
            lane * depth,
            keys,
            slot * depth,
            depth,
            depth,
            LogitTile.roundUp(run),
            scratch.tile,
            0,
            AttentionScratch.GROUP_ROWS);
        LogSumTile.addBiases(scratch.tile, run, biases, slot);
        ExactAttentionKernel.hidePadding(scratch, lane, run);
        ExactAttentionKernel.weigh(scratch, group, run, values, slot * valueStride);
      }
    }
  }

  /** Tells whether a model has tiles to summarise. */
  static boolean areNeeded(TileRows rows) {
    return rows.map.has(TileKind.RANK_ONE);
  }
}
