package io.github.convbasis.simd.exact;

import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import java.util.Arrays;

/**
 * Computes exact attention in float32, {@code O_i = Σ_j exp(scale·⟨q_i, k_j⟩)·v_j / D_i}, tile by
 * tile with an online softmax; 4·d flops per visible key.
 *
 * <p>Lanes run over query rows: a group of two vectors of rows meets a tile of keys, the logits
 * come transposed, and maximum, exponential, sum and rescaling are element by element. Keys and
 * values are read as broadcast scalars, so dense float rows are used where they lie and any depth,
 * width and length is the normal case; other layouts and doubles are copied tile by tile. Blocks of
 * a few rows, which would leave most lanes idle, go to {@link FewRowsAttention}, in the same bits.
 *
 * <p>Tiles start at fixed keys and every lane does the same operations in the same order whatever
 * its neighbours are, so a row's bits do not depend on the other rows and heads of a call, nor on
 * keys it does not see. Logits are in units of log 2 inside: the factor {@code scale·log2(e)} is
 * applied to the queries in double before they are rounded.
 *
 * <p>What float32 cannot hold is an ArithmeticException, not a silent infinity: logits beyond about
 * ±2.3e38, scaled queries, sums of weighted values. Stateless and thread-safe; the scratch is not.
 */
public final class ExactAttentionKernel {
  /** Logits are in units of log 2 inside. */
  static final double LOG2_E = 1 / Math.log(2);

  private ExactAttentionKernel() {}

  /**
   * Computes rows {@code fromRow … toRow-1} of all query heads that read one key head. The heads of
   * a row have neighbouring lanes, so each tile of keys and values serves the whole group.
   *
   * @param inputs queries, keys, values, scale, mask
   * @param keyHead key head
   * @param fromRow first row
   * @param toRow end of the rows, exclusive
   * @param output receives those rows of those query heads
   * @param scratch work space that fits the inputs, any contents
   * @throws ArithmeticException if a logit or a result overflows float32
   */
  public static void attendGroup(
      AttentionInputs inputs,
      int keyHead,
      int fromRow,
      int toRow,
      HeadTensor output,
      AttentionScratch scratch) {
    attendGroup(inputs, keyHead, fromRow, toRow, output, null, scratch);
  }

  /**
   * Computes the same and the logarithms of the row sums, {@code log Σ_j exp(scale·⟨q_i, k_j⟩)}.
   *
   * @param inputs queries, keys, values, scale, mask
   * @param keyHead key head
   * @param fromRow first row
   * @param toRow end of the rows, exclusive
   * @param output receives those rows of those query heads
   * @param logSums receives the logarithms by query head and row; null to do without
   * @param scratch work space that fits the inputs, any contents
   * @throws ArithmeticException if a logit or a result overflows float32
   */
  public static void attendGroup(
      AttentionInputs inputs,
      int keyHead,
      int fromRow,
      int toRow,
      HeadTensor output,
      double[][] logSums,
      AttentionScratch scratch) {
    int size = inputs.queries().heads() / inputs.keys().heads();
    attend(inputs, keyHead * size, size, fromRow, toRow, output, logSums, scratch);
  }

  /**
   * Computes rows {@code fromRow … toRow-1} of one head, whether or not others share its keys.
   *
   * @param inputs queries, keys, values, scale, mask
   * @param head query head
   * @param fromRow first row
   * @param toRow end of the rows, exclusive
   * @param output receives those rows of that head
   * @param scratch work space that fits the inputs, any contents
   * @throws ArithmeticException if a logit or a result overflows float32
   */
  public static void attend(
      AttentionInputs inputs,
      int head,
      int fromRow,
      int toRow,
      HeadTensor output,
      AttentionScratch scratch) {
    attend(inputs, head, 1, fromRow, toRow, output, null, scratch);
  }

  private static void attend(
      AttentionInputs inputs,
      int firstHead,
      int heads,
      int fromRow,
      int toRow,
      HeadTensor output,
      double[][] logSums,
      AttentionScratch scratch) {
    int head = 0;
    for (int row = fromRow; row < toRow; ) {
      int count = 0;
      while (count < AttentionScratch.BLOCK_ROWS && row < toRow) {
        scratch.rows[count] = row;
        scratch.heads[count] = firstHead + head;
        count++;
        head++;
        if (head == heads) {
          head = 0;
          row++;
        }
      }
      attendBlock(inputs, count, output, scratch);
      if (logSums != null) {
        Unpacking.logSums(scratch, count, logSums);
      }
    }
  }

  /**
   * Computes scattered rows of one head, with the lanes as full as for neighbouring ones.
   *
   * @param inputs queries, keys, values, scale, mask
   * @param head query head
   * @param rows row numbers, best in increasing order
   * @param from first index into {@code rows}
   * @param to end of the indices, exclusive
   * @param output receives those rows of that head
   * @param scratch work space that fits the inputs, any contents
   * @throws ArithmeticException if a logit or a result overflows float32
   */
  public static void attendRows(
      AttentionInputs inputs,
      int head,
      int[] rows,
      int from,
      int to,
      HeadTensor output,
      AttentionScratch scratch) {
    for (int index = from; index < to; index += AttentionScratch.BLOCK_ROWS) {
      int count = Math.min(AttentionScratch.BLOCK_ROWS, to - index);
      System.arraycopy(rows, index, scratch.rows, 0, count);
      Arrays.fill(scratch.heads, 0, count, head);
      attendBlock(inputs, count, output, scratch);
    }
  }

  private static void attendBlock(
      AttentionInputs inputs, int count, HeadTensor output, AttentionScratch scratch) {
    assert scratch.fits(inputs) : scratch.depth + ", " + scratch.width;
    if (count <= FewRowsAttention.MOST_ROWS) {
      FewRowsAttention.attend(inputs, count, output, scratch);
    } else {
      attendInTiles(inputs, count, output, scratch);
    }
  }

  /** Computes the first {@code count} rows of the scratch with rows in lanes. */
  static void attendInTiles(
      AttentionInputs inputs, int count, HeadTensor output, AttentionScratch scratch) {
    sweep(inputs, count, 0, scratch);
    Unpacking.normalised(scratch, count, output);
  }

  /**
   * Computes the part of rows that keys from {@code firstKey} on contribute, unnormalised, so that
   * it can be merged with the part of earlier keys: with {@code w_j = exp(logit_ij - shift_i)},
   * numerator {@code Σ_j w_j·v_j} and row sum {@code Σ_j w_j}.
   *
   * @param inputs queries, keys, values, scale, mask
   * @param head query head
   * @param fromRow first row
   * @param toRow end of the rows, exclusive
   * @param firstKey first key, below the visible keys of each of these rows
   * @param numerators receives (toRow - fromRow) × value width, row by row, from its start
   * @param shifts receives the greatest logit of each row, from its start
   * @param rowSums receives the row sums, at least about 1, from its start
   * @param scratch work space that fits the inputs, any contents
   * @throws ArithmeticException if a logit or a result overflows float32
   */
  public static void partial(
      AttentionInputs inputs,
      int head,
      int fromRow,
      int toRow,
      int firstKey,
      float[] numerators,
      double[] shifts,
      double[] rowSums,
      AttentionScratch scratch) {
    for (int row = fromRow; row < toRow; row += AttentionScratch.BLOCK_ROWS) {
      int count = Math.min(AttentionScratch.BLOCK_ROWS, toRow - row);
      for (int r = 0; r < count; r++) {
        scratch.rows[r] = row + r;
      }
      Arrays.fill(scratch.heads, 0, count, head);
      sweep(inputs, count, firstKey, scratch);
      int at = row - fromRow;
      for (int r = 0; r < count; r++) {
        shifts[at + r] = scratch.maxima[r] / LOG2_E;
        rowSums[at + r] = Unpacking.rowSum(scratch, r);
      }
      Unpacking.numerators(scratch, 0, count, numerators, at * scratch.width);
    }
  }

  /**
   * Leaves unnormalised output, maxima and sums of the first {@code count} rows in the scratch;
   * their heads must share a key head.
   */
  private static void sweep(
      AttentionInputs inputs, int count, int firstKey, AttentionScratch scratch) {
    assert scratch.fits(inputs) : scratch.depth + ", " + scratch.width;
    int groups = (count + AttentionScratch.GROUP_ROWS - 1) / AttentionScratch.GROUP_ROWS;
    int end = start(inputs, count, groups, scratch);
    int keyHead = inputs.keyHead(scratch.heads[0]);
    for (int begin = firstKey; begin < end; ) {
      int tileEnd =
          Math.min(end, (begin / AttentionScratch.TILE_KEYS + 1) * AttentionScratch.TILE_KEYS);
      scratch.run.load(inputs, keyHead, begin, tileEnd - begin);
      for (int group = 0; group < groups; group++) {
        meet(scratch, group, begin);
      }
      begin = tileEnd;
    }
  }

  /** Prepares a block of rows and returns the end of the keys that any of them sees. */
  private static int start(
      AttentionInputs inputs, int count, int groups, AttentionScratch scratch) {
    int lanes = groups * AttentionScratch.GROUP_ROWS;
    Arrays.fill(scratch.rows, count, lanes, scratch.rows[count - 1]);
    Arrays.fill(scratch.heads, count, lanes, scratch.heads[count - 1]);
    return start(inputs, groups, scratch);
  }

  /** Prepares whole groups of rows and returns the end of the keys that any of them sees. */
  static int start(AttentionInputs inputs, int groups, AttentionScratch scratch) {
    int lanes = groups * AttentionScratch.GROUP_ROWS;
    HeadTensor queries = inputs.queries();
    int end = 0;
    for (int lane = 0; lane < lanes; lane++) {
      scratch.starts[lane] = queries.index(scratch.heads[lane], scratch.rows[lane]);
      scratch.visibleKeys[lane] = inputs.visibleKeys(scratch.rows[lane]);
      end = Math.max(end, scratch.visibleKeys[lane]);
    }
    for (int group = 0; group < groups; group++) {
      Packing.queries(
          queries,
          scratch.starts,
          group * AttentionScratch.GROUP_ROWS,
          inputs.scale() * LOG2_E,
          scratch.queries,
          group * AttentionScratch.GROUP_ROWS * scratch.depth,
          scratch.transposition);
    }
    scratch.clearSums(groups);
    return end;
  }

  /** Lets a group of rows meet the neighbouring keys in {@code scratch.run}. */
  static void meet(AttentionScratch scratch, int group, int begin) {
    int lane = group * AttentionScratch.GROUP_ROWS;
    int most = 0;
    int least = Integer.MAX_VALUE;
    for (int i = lane; i < lane + AttentionScratch.GROUP_ROWS; i++) {
      most = Math.max(most, scratch.visibleKeys[i]);
      least = Math.min(least, scratch.visibleKeys[i]);
    }
    KeyTile run = scratch.run;
    int count = Math.min(run.count, most - begin);
    if (count <= 0) {
      return;
    }
    int padded = LogitTile.roundUp(count);
    int depth = scratch.depth;
    float[] tile = scratch.tile;
    LogitTile.compute(
        scratch.queries,
        lane * depth,
        run.keys,
        run.keyAt,
        run.keyStride,
        depth,
        padded,
        tile,
        0,
        AttentionScratch.GROUP_ROWS);
    int seenByAll = Math.max(0, Math.min(count, least - begin));
    if (seenByAll < padded) {
      for (int i = lane; i < lane + AttentionScratch.GROUP_ROWS; i++) {
        scratch.visible[i] = Math.max(0, Math.min(count, scratch.visibleKeys[i] - begin));
      }
      SoftmaxTile.hide(tile, seenByAll, padded, scratch.visible, lane);
    }
    weigh(scratch, group, count, run.values, run.valueAt);
  }

  /** Lets a group of rows meet the keys in {@code scratch.run}, all of which they see. */
  static void meetAll(AttentionScratch scratch, int group) {
    KeyTile run = scratch.run;
    int lane = group * AttentionScratch.GROUP_ROWS;
    int padded = LogitTile.roundUp(run.count);
    int depth = scratch.depth;
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
    hidePadding(scratch, lane, run.count);
    weigh(scratch, group, run.count, run.values, run.valueAt);
  }

  /** Hides what fills up the last block of {@code count} keys. */
  static void hidePadding(AttentionScratch scratch, int lane, int count) {
    int padded = LogitTile.roundUp(count);
    if (count < padded) {
      Arrays.fill(scratch.visible, lane, lane + AttentionScratch.GROUP_ROWS, count);
      SoftmaxTile.hide(scratch.tile, count, padded, scratch.visible, lane);
    }
  }

  /** Turns the logits in {@code scratch.tile} into weights and adds weights and values. */
  static void weigh(AttentionScratch scratch, int group, int count, float[] values, int valueAt) {
    int lane = group * AttentionScratch.GROUP_ROWS;
    int padded = LogitTile.roundUp(count);
    SoftmaxTile.raise(scratch.tile, padded, scratch.maxima, scratch.factors, lane);
    accumulate(scratch, group, count, values, valueAt);
  }

  /** Does the same beside maxima and factors that are known. */
  static void accumulate(
      AttentionScratch scratch, int group, int count, float[] values, int valueAt) {
    int lane = group * AttentionScratch.GROUP_ROWS;
    int padded = LogitTile.roundUp(count);
    SoftmaxTile.weigh(
        scratch.tile,
        padded,
        scratch.maxima,
        scratch.factors,
        scratch.sums,
        scratch.errors,
        scratch.tileSums,
        lane);
    ValueTile.accumulate(
        scratch.tile,
        count,
        values,
        valueAt,
        scratch.paddedWidth,
        scratch.paddedWidth,
        scratch.factors,
        lane,
        scratch.output,
        group * scratch.groupOutput());
  }
}
