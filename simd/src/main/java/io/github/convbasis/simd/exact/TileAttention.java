package io.github.convbasis.simd.exact;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.TileKind;
import io.github.convbasis.matrix.TiledLogits;
import io.github.convbasis.simd.Pool;
import java.util.ArrayList;
import java.util.List;

/**
 * Computes causal attention of one head from logits modelled tile by tile, in float32.
 *
 * <p>A rank-one tile stands for one key: its mean key k̃ under the weights p of the row block's
 * mean query, with the mean value, and with a bias, the entropy of p, so that {@code ⟨q, k̃⟩ +
 * entropy} is the logarithm of the tile's weight at the mean query. So rows meet mean keys as they
 * meet keys, R·(d + width) for a tile of R rows instead of C times that. Mean keys of up to 2L row
 * blocks are computed together, lanes over row blocks, C·(2·d + width) for a tile and row block.
 * Exact tiles and exact columns are met as in {@link ExactAttentionKernel}, and with exact tiles
 * only the result is the same, bit for bit.
 *
 * <p>Row blocks are taken in batches, and tiles in panels of at most 32 MiB of mean keys. Mutable
 * scratch: one call at a time, whose tasks may share it.
 */
public final class TileAttention {
  /** Rows of a batch, unless one row block has more. */
  private static final int BATCH_ROWS = 2048;

  /** Keys of a work item of mean keys. */
  private static final int ITEM_KEYS = 512;

  private final int depth;
  private final int width;
  private final RankOneKeys means;
  private final Pool<TileMeans> meanScratches;
  private final Pool<PartialRows> partialScratches;
  private final List<TileSweep> sweeps = new ArrayList<>();

  /**
   * Makes scratch that grows when used.
   *
   * @param depth elements of a query
   * @param width elements of a value row
   */
  public TileAttention(int depth, int width) {
    this.depth = depth;
    this.width = width;
    means = new RankOneKeys(depth, width);
    meanScratches = new Pool<>(() -> new TileMeans(depth, width, true, true));
    partialScratches = new Pool<>(() -> new PartialRows(depth, width));
  }

  /**
   * Tells whether this was made for such inputs.
   *
   * @param inputs what will be attended with
   * @return whether depth and width agree
   */
  public boolean fits(AttentionInputs inputs) {
    return depth == inputs.queries().width() && width == inputs.values().width();
  }

  /**
   * Attends all rows of a head.
   *
   * @param inputs causal inputs
   * @param head query head
   * @param model the tiles
   * @param convolution writes the rows; null if no tile is a convolution
   * @param output receives the rows if no tile is a convolution
   * @param untrusted receives, then, whether a rank-one tile holds too much of a row
   * @param parallelism how many tasks may work
   * @return the share of the triangle whose logits were computed from queries and keys
   * @throws ArithmeticException if a logit or a result overflows float32
   */
  public double attend(
      AttentionInputs inputs,
      int head,
      TiledLogits model,
      ConvolutionPart convolution,
      HeadTensor output,
      boolean[] untrusted,
      Parallelism parallelism) {
    if (convolution == null && model.map().has(TileKind.CONVOLUTION)) {
      throw new IllegalArgumentException(
          "model must have no convolution tiles without their part, was " + model.map());
    }
    TileRows rows = new TileRows(inputs, head, model, convolution);
    int blocks = rows.grid.rowBlocks();
    int batch = Math.max(1, BATCH_ROWS / rows.grid.rowBlock());
    batch = Math.min(batch, AttentionScratch.GROUP_ROWS);
    long exact = 0;
    for (int block = 0; block < blocks; block += batch) {
      exact +=
          attendBatch(rows, block, Math.min(batch, blocks - block), output, untrusted, parallelism);
    }
    return (double) exact / rows.grid.entries();
  }

  private long attendBatch(
      TileRows rows,
      int block,
      int count,
      HeadTensor output,
      boolean[] untrusted,
      Parallelism parallelism) {
    int used = cut(rows.grid.rowStart(block), rows.grid.rowEnd(block + count - 1), rows);
    parallelism.forEach(used, item -> sweeps.get(item).start(rows));
    if (RankOneKeys.areNeeded(rows)) {
      meetMeans(rows, block, count, used, parallelism);
    }
    parallelism.forEach(
        used,
        item -> {
          // The greatest items first, so that tasks end together.
          TileSweep sweep = sweeps.get(used - 1 - item);
          sweep.meetExact(rows);
          if (rows.convolution == null) {
            sweep.finish(rows, output, untrusted);
          } else {
            PartialRows partial = partialScratches.take();
            sweep.finish(rows, partial);
            partialScratches.give(partial);
          }
        });
    long exact = 0;
    for (int item = 0; item < used; item++) {
      exact += sweeps.get(item).exactEntries();
    }
    return exact;
  }

  /** Distributes rows over sweeps and returns how many are used. */
  private int cut(int fromRow, int toRow, TileRows rows) {
    int used = 0;
    for (int row = fromRow; row < toRow; ) {
      int end = Math.min(rows.partEnd(row), row + AttentionScratch.BLOCK_ROWS);
      if (used == 0 || !sweeps.get(used - 1).add(row, end)) {
        if (used == sweeps.size()) {
          sweeps.add(new TileSweep(depth, width));
        }
        sweeps.get(used).clear();
        sweeps.get(used).add(row, end);
        used++;
      }
      row = end;
    }
    return used;
  }

  private void meetMeans(TileRows rows, int block, int count, int used, Parallelism parallelism) {
    means.start(block, count);
    parallelism.forEach(count, index -> means.averageQueries(rows, index));
    means.packQueries(rows);
    int tiles = rows.tilesBeforeBand(rows.grid.rowEnd(block + count - 1) - 1);
    int panel = means.panelTiles();
    int itemTiles = Math.max(1, ITEM_KEYS / rows.grid.columnBlock());
    for (int tile = 0; tile < tiles; tile += panel) {
      int from = tile;
      int to = Math.min(tiles, from + panel);
      if (!means.assign(rows, from, to)) {
        continue;
      }
      parallelism.forEach(
          (to - from + itemTiles - 1) / itemTiles,
          item -> {
            TileMeans scratch = meanScratches.take();
            int first = from + item * itemTiles;
            for (int t = first; t < Math.min(to, first + itemTiles); t++) {
              means.summarise(rows, t, scratch);
            }
            meanScratches.give(scratch);
          });
      parallelism.forEach(used, item -> sweeps.get(item).meetMeans(rows, means));
    }
  }
}
