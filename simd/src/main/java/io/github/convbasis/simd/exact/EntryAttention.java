package io.github.convbasis.simd.exact;

import io.github.convbasis.backend.GradientEntries;
import io.github.convbasis.backend.SeenKeys;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;

/**
 * Attends over some entries of one head as {@link ExactAttentionKernel} does over all, perhaps with
 * a bias by lag: groups of rows meet those tiles of the chosen keys of which any of their rows sees
 * a key; 4·d flops for each entry of such a tile.
 *
 * <p>Tiles start at fixed places in the list of chosen keys, so a row's bits do not depend on the
 * other rows of a call, and rows that see the keys from key row 0 to their own place have the bits
 * of that kernel. Immutable; items may be attended by different threads.
 */
public final class EntryAttention {
  private static final int LANES = AttentionScratch.GROUP_ROWS;
  private static final int TILE_KEYS = AttentionScratch.TILE_KEYS;

  private final AttentionInputs inputs;
  private final int head;
  private final SeenKeys seen;
  private final int[] rows;
  private final int from;
  private final int to;
  private final HeadTensor output;
  private final double[] logSums;

  /**
   * Prepares a call for some entries under a mask.
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
    seen = SeenKeys.of(inputs, entries);
    rows = entries.rows();
    from = 0;
    to = rows == null ? inputs.rows() : rows.length;
  }

  /**
   * Prepares a call for some rows, each of which sees a key.
   *
   * @param inputs queries, keys, values, scale; its mask is not looked at
   * @param head query head
   * @param seen which keys the rows see, and the bias
   * @param rows query rows, best in increasing order
   * @param from first index into {@code rows}
   * @param to end of the indices, exclusive
   * @param output receives those rows of that head
   */
  public EntryAttention(
      AttentionInputs inputs,
      int head,
      SeenKeys seen,
      int[] rows,
      int from,
      int to,
      HeadTensor output) {
    this.inputs = inputs;
    this.head = head;
    this.seen = seen;
    this.rows = rows;
    this.from = from;
    this.to = to;
    this.output = output;
    logSums = null;
  }

  /**
   * Counts the work items.
   *
   * @return blocks of rows
   */
  public int items() {
    return (to - from + AttentionScratch.BLOCK_ROWS - 1) / AttentionScratch.BLOCK_ROWS;
  }

  /**
   * Attends a block of rows.
   *
   * @param item which, below {@link #items}
   * @param scratch work space that fits the inputs, any contents
   * @throws ArithmeticException if a logit or a result overflows float32
   */
  public void attend(int item, AttentionScratch scratch) {
    int at = from + item * AttentionScratch.BLOCK_ROWS;
    int some = Math.min(AttentionScratch.BLOCK_ROWS, to - at);
    int groups = (some + LANES - 1) / LANES;
    for (int lane = 0; lane < groups * LANES; lane++) {
      int index = at + Math.min(lane, some - 1);
      scratch.rows[lane] = rows == null ? index : rows[index];
      scratch.heads[lane] = head;
    }
    ExactAttentionKernel.start(inputs, groups, scratch);
    int first = seen.count();
    int end = 0;
    for (int group = 0; group < groups; group++) {
      look(scratch, group);
      first = Math.min(first, scratch.leastFirst[group]);
      end = Math.max(end, scratch.mostEnd[group]);
    }
    if (seen.hasBias()) {
      scratch.bias.load(seen, scratch, groups * LANES);
    }
    for (int begin = first / TILE_KEYS * TILE_KEYS; begin < end; begin += TILE_KEYS) {
      meetTile(scratch, groups, begin, Math.min(TILE_KEYS, end - begin));
    }
    Unpacking.normalised(scratch, some, output);
    if (logSums != null) {
      finish(some, scratch);
    }
  }

  /** Asks which keys the rows of a group see. */
  private void look(AttentionScratch scratch, int group) {
    int leastFirst = Integer.MAX_VALUE;
    int mostFirst = 0;
    int leastEnd = Integer.MAX_VALUE;
    int mostEnd = 0;
    for (int lane = group * LANES; lane < (group + 1) * LANES; lane++) {
      int end = seen.end(scratch.rows[lane]);
      int begin = seen.first(scratch.rows[lane]);
      // A row without keys is one whose first key never comes.
      int first = begin < end ? begin : seen.count();
      scratch.firstKeys[lane] = first;
      scratch.visibleKeys[lane] = end;
      leastFirst = Math.min(leastFirst, first);
      mostFirst = Math.max(mostFirst, first);
      leastEnd = Math.min(leastEnd, end);
      mostEnd = Math.max(mostEnd, end);
    }
    scratch.leastFirst[group] = leastFirst;
    scratch.mostFirst[group] = mostFirst;
    scratch.leastEnd[group] = leastEnd;
    scratch.mostEnd[group] = mostEnd;
  }

  /** Lets all groups meet a tile, which is fetched if one of them sees any of it. */
  private void meetTile(AttentionScratch scratch, int groups, int begin, int some) {
    boolean fetched = false;
    for (int group = 0; group < groups; group++) {
      if (scratch.mostEnd[group] > begin && scratch.leastFirst[group] < begin + some) {
        if (!fetched) {
          load(begin, some, scratch);
          fetched = true;
        }
        meet(scratch, group, begin);
      }
    }
  }

  private void load(int begin, int some, AttentionScratch scratch) {
    int keyHead = inputs.keyHead(head);
    KeyTile run = scratch.run;
    if (seen.isRun(begin, some)) {
      run.load(inputs, keyHead, seen.key(begin), some);
    } else {
      run.clear();
      for (int index = begin; index < begin + some; index++) {
        run.add(inputs, keyHead, seen.key(index));
      }
    }
    for (int j = 0; j < some; j++) {
      scratch.tileKeys[j] = seen.key(begin + j);
    }
  }

  /** Lets a group of rows meet the keys of a tile. */
  private void meet(AttentionScratch scratch, int group, int begin) {
    int lane = group * LANES;
    KeyTile run = scratch.run;
    int some = Math.min(run.count, scratch.mostEnd[group] - begin);
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
    if (seen.hasBias()) {
      scratch.bias.add(scratch, group, begin, some);
    }
    int seenByAll = Math.max(0, Math.min(some, scratch.leastEnd[group] - begin));
    if (seenByAll < padded) {
      for (int i = lane; i < lane + LANES; i++) {
        scratch.visible[i] = Math.max(0, Math.min(some, scratch.visibleKeys[i] - begin));
      }
      SoftmaxTile.hide(scratch.tile, seenByAll, padded, scratch.visible, lane);
    }
    if (scratch.mostFirst[group] <= begin) {
      ExactAttentionKernel.weigh(scratch, group, some, run.values, run.valueAt);
      return;
    }
    for (int i = lane; i < lane + LANES; i++) {
      scratch.skipped[i] = Math.max(0, Math.min(some, scratch.firstKeys[i] - begin));
    }
    int skipped = Math.min(some, scratch.mostFirst[group] - begin);
    SoftmaxTile.hideFirst(scratch.tile, skipped, scratch.skipped, lane);
    weighFirst(scratch, group, begin, some);
  }

  /**
   * Weighs a tile that some rows do not see yet. Beside a maximum of hidden keys alone these would
   * have weight 1, and great values overflow unseen; beside any other maximum they have none.
   */
  private static void weighFirst(AttentionScratch scratch, int group, int begin, int some) {
    int lane = group * LANES;
    int padded = LogitTile.roundUp(some);
    SoftmaxTile.raise(scratch.tile, padded, scratch.maxima, scratch.factors, lane);
    for (int i = lane; i < lane + LANES; i++) {
      if (isUnseen(scratch, i, begin + some)) {
        scratch.maxima[i] = 0;
      }
    }
    ExactAttentionKernel.accumulate(scratch, group, some, scratch.run.values, scratch.run.valueAt);
    for (int i = lane; i < lane + LANES; i++) {
      if (isUnseen(scratch, i, begin + some)) {
        scratch.maxima[i] = Float.NEGATIVE_INFINITY;
      }
    }
  }

  /** Tells whether a row sees none of the keys before one. */
  private static boolean isUnseen(AttentionScratch scratch, int lane, int end) {
    return scratch.firstKeys[lane] >= Math.min(end, scratch.visibleKeys[lane]);
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
        output.setRow(head, row, zeros);
        logSums[row] = Double.NEGATIVE_INFINITY;
      }
    }
  }
}
