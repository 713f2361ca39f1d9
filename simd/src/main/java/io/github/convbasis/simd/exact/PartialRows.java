package io.github.convbasis.simd.exact;

import io.github.convbasis.matrix.SegmentedToeplitz;
import io.github.convbasis.matrix.TileKind;
import io.github.convbasis.matrix.TiledLogits;
import java.util.Arrays;

/**
 * Subtracts from rows what a kernel, applied to all columns before their band, would add to tiles
 * that are no convolutions. The kernel's weights are summed by themselves, with an online softmax
 * of their own, and subtracted once. Mutable scratch: one thread at a time.
 */
final class PartialRows {
  private static final int LANES = AttentionScratch.GROUP_ROWS;
  private static final double LOG2_E = ExactAttentionKernel.LOG2_E;

  /** Far beyond the logits that transforms are used for, far below the greatest float. */
  private static final double MOST = 0x1p100;

  private final int width;
  private final AttentionScratch scratch;
  private final int[] columns = new int[AttentionScratch.TILE_KEYS];
  private final float[] numerators;
  private final float[] negatives;
  private final double[] shifts = new double[AttentionScratch.BLOCK_ROWS];
  private final double[] rowSums = new double[AttentionScratch.BLOCK_ROWS];
  private final double[] rankOne = new double[AttentionScratch.BLOCK_ROWS];
  private final double[] subtracted = new double[AttentionScratch.BLOCK_ROWS];

  PartialRows(int depth, int width) {
    this.width = width;
    scratch = new AttentionScratch(depth, width);
    numerators = new float[AttentionScratch.BLOCK_ROWS * width];
    negatives = new float[AttentionScratch.BLOCK_ROWS * width];
  }

  /** Finishes rows of one part, whose sums so far are in another scratch from a lane on. */
  void merge(
      TileRows rows,
      int fromRow,
      int toRow,
      AttentionScratch positive,
      int lane,
      float[] rankOneMaxima) {
    int count = toRow - fromRow;
    Unpacking.numerators(positive, lane, count, numerators, 0);
    boolean any = sumKernel(rows, fromRow, toRow);
    if (any) {
      Unpacking.numerators(scratch, 0, count, negatives, 0);
    }
    for (int r = 0; r < count; r++) {
      double shift = positive.maxima[lane + r];
      rowSums[r] = Unpacking.rowSum(positive, lane + r);
      subtracted[r] = 0;
      if (any) {
        shift = Math.max(shift, scratch.maxima[r]);
        double factor = Math.exp((positive.maxima[lane + r] - shift) / LOG2_E);
        double negative = Math.exp((scratch.maxima[r] - shift) / LOG2_E);
        subtracted[r] = negative * Unpacking.rowSum(scratch, r);
        rowSums[r] = factor * rowSums[r] - subtracted[r];
        subtract(r * width, (float) factor, (float) negative);
      }
      rankOne[r] = Math.exp((rankOneMaxima[lane + r] - shift) / LOG2_E);
      shifts[r] = shift / LOG2_E;
    }
    rows.convolution.merge(fromRow, toRow, numerators, shifts, rowSums, subtracted, rankOne);
  }

  private void subtract(int at, float factor, float negative) {
    for (int c = at; c < at + width; c++) {
      numerators[c] = factor * numerators[c] - negative * negatives[c];
    }
  }

  /** Sums the kernel's weights over what is to be subtracted; returns whether there is any. */
  private boolean sumKernel(TileRows rows, int fromRow, int toRow) {
    int groups = (toRow - fromRow + LANES - 1) / LANES;
    for (int lane = 0; lane < groups * LANES; lane++) {
      scratch.rows[lane] = Math.min(fromRow + lane, toRow - 1);
    }
    Arrays.fill(scratch.heads, 0, groups * LANES, rows.head);
    scratch.clearSums(groups);
    int block = rows.blockOf(fromRow);
    int bandStart = rows.bandStart(fromRow);
    int[] exact = rows.model.exactColumns();
    int next = 0;
    boolean any = false;
    scratch.run.clear();
    for (int column = 0; column < bandStart; ) {
      int end = rows.nextBoundary(bandStart, column, bandStart);
      if (rows.map.kind(block, column / rows.grid.columnBlock()) == TileKind.CONVOLUTION) {
        column = end;
        continue;
      }
      for (; column < end; column++) {
        while (next < exact.length && exact[next] < column) {
          next++;
        }
        if (next == exact.length || exact[next] > column) {
          any = true;
          columns[scratch.run.count] = column;
          scratch.run.addValue(rows.inputs, rows.keyHead, column);
          if (scratch.run.count == columns.length) {
            meet(rows.model, groups);
          }
        }
      }
    }
    meet(rows.model, groups);
    return any;
  }

  private void meet(TiledLogits model, int groups) {
    KeyTile run = scratch.run;
    if (run.count > 0) {
      for (int group = 0; group < groups; group++) {
        for (int j = 0; j < run.count; j++) {
          fill(model, columns[j], group * LANES, j * LANES);
        }
        ExactAttentionKernel.hidePadding(scratch, group * LANES, run.count);
        ExactAttentionKernel.weigh(scratch, group, run.count, run.values, run.valueAt);
      }
    }
    run.clear();
  }

  /** Writes a kernel's logits of one column and a group of rows. */
  private void fill(TiledLogits model, int column, int lane, int at) {
    SegmentedToeplitz kernels = model.kernels();
    int segment = kernels.segmentOf(column);
    double[] rowOffsets = model.rowOffsets();
    double offset = model.columnOffsets() == null ? 0 : model.columnOffsets()[column];
    for (int i = 0; i < LANES; i++) {
      int row = scratch.rows[lane + i];
      double logit = kernels.kernel(segment, row - column) + offset;
      logit += rowOffsets == null ? 0 : rowOffsets[row];
      // Rows with logits this great are exact, whatever is merged; but it must be finite.
      scratch.tile[at + i] = (float) Math.max(-MOST, Math.min(MOST, LOG2_E * logit));
    }
  }
}
