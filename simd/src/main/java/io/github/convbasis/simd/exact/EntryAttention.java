package io.github.convbasis.simd.exact;

import io.github.convbasis.backend.GradientEntries;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import java.util.Arrays;

/**
 * Attends over some entries of one head as {@link ExactAttentionKernel} does over all: groups of
 * rows meet those tiles of the chosen keys of which any of their rows sees a key; 4·d flops for
 * each entry of such a tile.
 *
 * <p>Where all keys are chosen tiles start at the same keys, so rows with all lags have the bits of
 * that kernel. Immutable; items may be attended by different threads.
 */
public final class EntryAttention {
  private static final int LANES = AttentionScratch.GROUP_ROWS;
  private static final int TILE_KEYS = AttentionScratch.TILE_KEYS;

  private final AttentionInputs inputs;
  private final int head;
  private final int[] rows;
  private final int count;
  private final SeenKeys seen;
  private final HeadTensor output;
  private final double[] logSums;

  /**
   * Prepares a call.
   *
   * @param inputs queries, keys, values, scale, mask
   * @param head query head
   * @param entries which entries
   * @param output receives the chosen rows of that head, zeros where there are no entries
   * @param logSums receives the logarithms of their row sums by row, negative infinity likewise
   */
  public EntryAttention(
      AttentionInputs inputs,
      int head,
      GradientEntries entries,
      HeadTensor output,
      double[] logSums) {
    this.inputs = inputs;
    this.head = head;
    this.output = output;
    this.logSums = logSums;
    rows = entries.rows();
    count = rows == null ? inputs.rows() : rows.length;
    seen = new SeenKeys(inputs, entries);
  }

  /**
   * Counts the work items.
   *
   * @return blocks of rows
   */
  public int items() {
    return (count + AttentionScratch.BLOCK_ROWS - 1) / AttentionScratch.BLOCK_ROWS;
  }

  /**
   * Attends a block of rows.
   *
   * @param item which, below {@link #items}
   * @param scratch work space that fits the inputs, any contents
   * @throws ArithmeticException if a logit or a result overflows float32
   */
  public void attend(int item, AttentionScratch scratch) {
    int from = item * AttentionScratch.BLOCK_ROWS;
    int some = Math.min(AttentionScratch.BLOCK_ROWS, count - from);
    int groups = (some + LANES - 1) / LANES;
    for (int lane = 0; lane < groups * LANES; lane++) {
      int index = from + Math.min(lane, some - 1);
      scratch.rows[lane] = rows == null ? index : rows[index];
      scratch.heads[lane] = head;
    }
    ExactAttentionKernel.start(inputs, groups, scratch);
    int first = seen.count();
    int end = 0;
    for (int lane = 0; lane < groups * LANES; lane++) {
      scratch.firstKeys[lane] = seen.first(scratch.rows[lane]);
      scratch.visibleKeys[lane] = seen.end(scratch.rows[lane]);
      first = Math.min(first, scratch.firstKeys[lane]);
      end = Math.max(end, scratch.visibleKeys[lane]);
    }
    for (int begin = first / TILE_KEYS * TILE_KEYS; begin < end; begin += TILE_KEYS) {
      load(begin, Math.min(TILE_KEYS, end - begin), scratch.run);
      for (int group = 0; group < groups; group++) {
        meet(scratch, group * LANES, begin);
      }
    }
    Unpacking.normalised(scratch, some, output);
    finish(some, scratch);
  }

  private void load(int begin, int some, KeyTile run) {
    int keyHead = inputs.keyHead(head);
    if (seen.isAll()) {
      run.load(inputs, keyHead, begin, some);
      return;
    }
    run.clear();
    for (int index = begin; index < begin + some; index++) {
      run.add(inputs, keyHead, seen.key(index));
    }
  }

  /** Lets a group of rows meet the keys of a tile. */
  private static void meet(AttentionScratch scratch, int lane, int begin) {
    int leastFirst = Integer.MAX_VALUE;
    int mostFirst = 0;
    int leastEnd = Integer.MAX_VALUE;
    int mostEnd = 0;
    for (int i = lane; i < lane + LANES; i++) {
      leastFirst = Math.min(leastFirst, scratch.firstKeys[i]);
      mostFirst = Math.max(mostFirst, scratch.firstKeys[i]);
      leastEnd = Math.min(leastEnd, scratch.visibleKeys[i]);
      mostEnd = Math.max(mostEnd, scratch.visibleKeys[i]);
    }
    KeyTile run = scratch.run;
    int some = Math.min(run.count, mostEnd - begin);
    if (some <= 0 || leastFirst >= begin + some) {
      return;
    }
    int padded = LogitTile.roundUp(some);
    LogitTile.compute(
        scratch.queries,
        lane * scratch.depth,
        run.keys,
        run.keyAt,
        run.keyStride,
        scratch.depth,
        padded,
        scratch.tile,
        0,
        LANES);
    for (int i = lane; i < lane + LANES; i++) {
      scratch.visible[i] = Math.max(0, Math.min(some, scratch.visibleKeys[i] - begin));
      scratch.skipped[i] = Math.max(0, Math.min(some, scratch.firstKeys[i] - begin));
    }
    int seenByAll = Math.max(0, Math.min(some, leastEnd - begin));
    if (seenByAll < padded) {
      SoftmaxTile.hide(scratch.tile, seenByAll, padded, scratch.visible, lane);
    }
    if (mostFirst > begin) {
      SoftmaxTile.hideFirst(scratch.tile, Math.min(some, mostFirst - begin), scratch.skipped, lane);
    }
    ExactAttentionKernel.weigh(scratch, lane / LANES, some, run.values, run.valueAt);
  }

  /** Writes logarithms, and what rows without entries receive. */
  private void finish(int some, AttentionScratch scratch) {
    double[] zeros = null;
    for (int r = 0; r < some; r++) {
      int row = scratch.rows[r];
      if (scratch.firstKeys[r] < scratch.visibleKeys[r]) {
        logSums[row] =
            scratch.maxima[r] / ExactAttentionKernel.LOG2_E
                + Math.log(Unpacking.rowSum(scratch, r));
      } else {
        zeros = zeros == null ? new double[output.width()] : zeros;
        Arrays.fill(zeros, 0);
        output.setRow(head, row, zeros);
        logSums[row] = Double.NEGATIVE_INFINITY;
      }
    }
  }
}
