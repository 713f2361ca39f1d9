package io.github.convbasis.simd.exact;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.TileSums;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.simd.Pool;

/**
 * Sums weights over tiles of keys, {@code log Σ_j exp(scale·⟨q, k_j⟩)}, and averages values and
 * keys under them, in float32; 2·d flops per pair of query and key, and with means 2·(2·d + width).
 *
 * <p>Lanes run over queries as in {@link ExactAttentionKernel}, and a query's results do not depend
 * on its neighbours. Stateless and thread-safe; the scratch is not.
 */
public final class TileSumsKernel {
  private static final int LANES = AttentionScratch.GROUP_ROWS;

  /** Keys of a work item, at least a tile. */
  private static final int ITEM_KEYS = 1024;

  private static final double LN2 = Math.log(2);

  private TileSumsKernel() {}

  /**
   * Fills sums and means.
   *
   * @param inputs keys, values, scale
   * @param keyHead key head
   * @param sums queries and tiles; receives the results
   * @param scratches lends scratch that fits
   * @param parallelism how many tasks may work
   * @throws ArithmeticException if a logit or a result overflows float32
   */
  public static void compute(
      AttentionInputs inputs,
      int keyHead,
      TileSums sums,
      Pool<TileSumScratch> scratches,
      Parallelism parallelism) {
    int depth = inputs.keys().width();
    if (sums.count == 0 || sums.tiles == 0) {
      return;
    }
    HeadTensor queries = HeadTensor.of(sums.queries, 1, sums.count, depth);
    int block = TileSumScratch.BLOCK_QUERIES;
    int blocks = (sums.count + block - 1) / block;
    int itemTiles = Math.max(1, ITEM_KEYS / sums.columnBlock);
    int items = (sums.tiles + itemTiles - 1) / itemTiles;
    parallelism.forEach(
        Math.multiplyExact(blocks, items),
        item -> {
          TileSumScratch scratch = scratches.take();
          int first = item / items * block;
          int count = Math.min(block, sums.count - first);
          start(inputs, queries, sums, first, count, scratch);
          int fromTile = item % items * itemTiles;
          int toTile = Math.min(sums.tiles, fromTile + itemTiles);
          if (scratch.means == null) {
            sum(inputs, keyHead, sums, first, count, fromTile, toTile, scratch);
          } else {
            for (int tile = fromTile; tile < toTile; tile++) {
              average(inputs, keyHead, sums, first, count, tile, scratch);
            }
          }
          scratches.give(scratch);
        });
  }

  private static void start(
      AttentionInputs inputs,
      HeadTensor queries,
      TileSums sums,
      int first,
      int count,
      TileSumScratch scratch) {
    int depth = queries.width();
    for (int lane = 0; lane < count + (LANES - count % LANES) % LANES; lane++) {
      int query = first + Math.min(lane, count - 1);
      scratch.starts[lane] = query * depth;
      scratch.visibleKeys[lane] = sums.visible[query];
    }
    for (int lane = 0; lane < count; lane += LANES) {
      Packing.queries(
          queries,
          scratch.starts,
          lane,
          inputs.scale() * ExactAttentionKernel.LOG2_E,
          scratch.queries,
          lane * depth,
          scratch.transposition);
    }
  }

  /** Returns the end of the keys that any of some queries sees, at most a limit. */
  private static int seen(TileSumScratch scratch, int fromLane, int toLane, int limit) {
    int most = 0;
    for (int lane = fromLane; lane < toLane; lane++) {
      most = Math.max(most, scratch.visibleKeys[lane]);
    }
    return Math.min(limit, most);
  }

  private static void sum(
      AttentionInputs inputs,
      int keyHead,
      TileSums sums,
      int first,
      int count,
      int fromTile,
      int toTile,
      TileSumScratch scratch) {
    long columnBlock = sums.columnBlock;
    int limit = (int) Math.min(inputs.keys().rows(), toTile * columnBlock);
    int end = seen(scratch, 0, count, limit);
    int runKeys = (int) Math.max(1, TileSumScratch.RUN_KEYS / columnBlock * columnBlock);
    for (int begin = fromTile * sums.columnBlock; begin < end; ) {
      long tileEnd = (begin / columnBlock + 1) * columnBlock;
      int runEnd =
          columnBlock <= TileSumScratch.RUN_KEYS
              ? Math.min(end, begin + runKeys)
              : (int) Math.min(Math.min(end, tileEnd), begin + TileSumScratch.RUN_KEYS);
      scratch.run.load(inputs, keyHead, begin, runEnd - begin);
      for (int lane = 0; lane < count; lane += LANES) {
        int lanes = Math.min(LANES, count - lane);
        sumRun(sums, first, lane, lanes, begin, runEnd, scratch);
      }
      begin = runEnd;
    }
    fillUnseen(sums, first, count, fromTile, toTile);
  }

  /** Sums a run of keys: some whole tiles, or a part of one. */
  private static void sumRun(
      TileSums sums,
      int first,
      int lane,
      int lanes,
      int begin,
      int runEnd,
      TileSumScratch scratch) {
    int most = seen(scratch, lane, lane + lanes, runEnd);
    if (most <= begin) {
      return;
    }
    int depth = scratch.queries.length / TileSumScratch.BLOCK_QUERIES;
    int padded = LogitTile.roundUp(most - begin);
    KeyTile run = scratch.run;
    LogitTile.compute(
        scratch.queries,
        lane * depth,
        run.keys,
        run.keyAt,
        run.keyStride,
        depth,
        padded,
        scratch.tile,
        0,
        AttentionScratch.GROUP_ROWS);
    int least = most;
    for (int i = lane; i < lane + LANES; i++) {
      least = Math.min(least, scratch.visibleKeys[i]);
      scratch.visible[i] = Math.max(0, scratch.visibleKeys[i] - begin);
    }
    if (least < most) {
      int from = Math.max(0, least - begin);
      SoftmaxTile.hide(scratch.tile, from, most - begin, scratch.visible, lane);
    }
    for (int from = begin; from < most; ) {
      int tile = from / sums.columnBlock;
      int tileStart = tile * sums.columnBlock;
      int to = (int) Math.min(most, tileStart + (long) sums.columnBlock);
      if (from == tileStart) {
        clear(scratch, lane);
      }
      LogSumTile.raise(scratch.tile, from - begin, to - begin, scratch.maxima, scratch.sums, lane);
      LogSumTile.add(scratch.tile, from - begin, to - begin, scratch.maxima, scratch.sums, lane);
      // Of a tile longer than a run the last part overwrites what the others wrote.
      LogSumTile.logarithms(scratch.sums, scratch.errors, scratch.logs, scratch.inverses, lane);
      for (int i = 0; i < lanes; i++) {
        if (sums.visible[first + lane + i] > tileStart) {
          int at = (first + lane + i) * sums.tiles + tile;
          sums.logSums[at] = logSum(scratch.maxima[lane + i], scratch.logs[lane + i], tile);
        }
      }
      from = to;
    }
  }

  private static void clear(TileSumScratch scratch, int lane) {
    for (int i = lane; i < lane + LANES; i++) {
      scratch.maxima[i] = Float.NEGATIVE_INFINITY;
      scratch.sums[i] = 0;
      scratch.errors[i] = 0;
    }
  }

  private static double logSum(float maximum, float log, int tile) {
    double sum = LN2 * ((double) maximum + log);
    if (!Double.isFinite(sum)) {
      throw new ArithmeticException("a logit of key tile " + tile + " overflows float32");
    }
    return sum;
  }

  private static void fillUnseen(TileSums sums, int first, int count, int fromTile, int toTile) {
    for (int query = first; query < first + count; query++) {
      int seen = (int) ((sums.visible[query] + sums.columnBlock - 1L) / sums.columnBlock);
      for (int tile = Math.max(fromTile, seen); tile < toTile; tile++) {
        sums.logSums[query * sums.tiles + tile] = Double.NEGATIVE_INFINITY;
      }
    }
  }

  private static void average(
      AttentionInputs inputs,
      int keyHead,
      TileSums sums,
      int first,
      int count,
      int tile,
      TileSumScratch scratch) {
    TileMeans means = scratch.means;
    int begin = tile * sums.columnBlock;
    int depth = inputs.keys().width();
    for (int lane = 0; lane < count; lane += LANES) {
      int lanes = Math.min(LANES, count - lane);
      int limit = (int) Math.min(inputs.keys().rows(), begin + (long) sums.columnBlock);
      int end = seen(scratch, lane, lane + lanes, limit);
      if (end > begin) {
        means.clear();
        means.addRange(
            inputs, keyHead, begin, end, scratch.queries, lane * depth, scratch.visibleKeys, lane);
        means.finish();
        place(sums, first + lane, lanes, tile, begin, means);
        if (sums.values != null) {
          means.writeValues(sums.values);
          requireFinite(sums, first + lane, lanes, begin, means);
        }
        if (sums.keys != null) {
          means.writeKeys(sums.keys);
          requireFinite(sums, first + lane, lanes, begin, means);
        }
      }
      for (int i = 0; i < lanes; i++) {
        int query = first + lane + i;
        if (sums.visible[query] > begin) {
          sums.logSums[query * sums.tiles + tile] = logSum(means.maxima[i], means.logs[i], tile);
        }
      }
    }
    fillUnseen(sums, first, count, tile, tile + 1);
  }

  /** Says where the means of each lane go; those that nobody asked for go behind the others. */
  private static void place(
      TileSums sums, int firstQuery, int lanes, int tile, int begin, TileMeans means) {
    for (int i = 0; i < LANES; i++) {
      boolean wanted = i < lanes && sums.visible[firstQuery + i] > begin;
      means.place(i, wanted ? (firstQuery + i) * sums.tiles + tile : sums.logSums.length);
    }
  }

  private static void requireFinite(
      TileSums sums, int firstQuery, int lanes, int begin, TileMeans means) {
    for (int i = 0; i < lanes; i++) {
      if (sums.visible[firstQuery + i] > begin && !means.wasFinite(i)) {
        throw new ArithmeticException("a mean over a tile of keys overflows float32");
      }
    }
  }
}
