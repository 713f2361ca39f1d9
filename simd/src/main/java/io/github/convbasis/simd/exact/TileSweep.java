package io.github.convbasis.simd.exact;

import io.github.convbasis.matrix.HeadTensor;
import java.util.Arrays;

/**
 * Carries up to 256 rows of some row blocks past the keys that each of them meets: mean keys, exact
 * columns and exact tiles. Mutable: one thread at a time.
 *
 * <p>Rows are cut into parts, neighbours in one row block and one band, and each part has groups of
 * lanes of its own. All parts pass a stripe of keys before the next one, so that keys come from
 * afar once.
 */
final class TileSweep {
  private static final int LANES = AttentionScratch.GROUP_ROWS;
  private static final double LN2 = Math.log(2);

  /** Keys of a stripe: at d = width = 64 they take 96 kB; a multiple of a tile of the kernel. */
  private static final int STRIPE = 4 * AttentionScratch.TILE_KEYS;

  private final AttentionScratch scratch;

  /** Greatest logit to base 2 of a mean key, for each lane. */
  private final float[] rankOneMaxima = new float[AttentionScratch.BLOCK_ROWS];

  private final int[] fromRows = new int[AttentionScratch.BLOCK_ROWS / LANES];
  private final int[] toRows = new int[fromRows.length];
  private final int[] fromGroups = new int[fromRows.length];
  private final int[] toGroups = new int[fromRows.length];
  private int parts;
  private int groups;
  private long exactEntries;

  TileSweep(int depth, int width) {
    scratch = new AttentionScratch(depth, width);
  }

  /** Forgets all rows. */
  void clear() {
    parts = 0;
    groups = 0;
    exactEntries = 0;
  }

  /** Adds rows of one part, if there is room. */
  boolean add(int fromRow, int toRow) {
    int needed = (toRow - fromRow + LANES - 1) / LANES;
    if (groups + needed > fromRows.length) {
      return false;
    }
    fromRows[parts] = fromRow;
    toRows[parts] = toRow;
    fromGroups[parts] = groups;
    groups += needed;
    toGroups[parts] = groups;
    parts++;
    return true;
  }

  /** Returns how many entries of the triangle came from queries and keys. */
  long exactEntries() {
    return exactEntries;
  }

  /** Packs the queries. */
  void start(TileRows rows) {
    for (int part = 0; part < parts; part++) {
      for (int lane = fromGroups[part] * LANES; lane < toGroups[part] * LANES; lane++) {
        int row = fromRows[part] + lane - fromGroups[part] * LANES;
        scratch.rows[lane] = Math.min(row, toRows[part] - 1);
      }
    }
    Arrays.fill(scratch.heads, 0, groups * LANES, rows.head);
    ExactAttentionKernel.start(rows.inputs, groups, scratch);
  }

  /** Meets the mean keys of a panel of tiles. */
  void meetMeans(TileRows rows, RankOneKeys keys) {
    for (int part = 0; part < parts; part++) {
      keys.meet(rows, fromRows[part], scratch, fromGroups[part], toGroups[part]);
    }
  }

  /** Meets every key whose logits are exact, after all mean keys. */
  void meetExact(TileRows rows) {
    System.arraycopy(scratch.maxima, 0, rankOneMaxima, 0, groups * LANES);
    for (int part = 0; part < parts; part++) {
      meetExactColumns(rows, part);
    }
    int end = toRows[parts - 1];
    for (int stripe = 0; stripe < end; stripe += STRIPE) {
      for (int part = 0; part < parts; part++) {
        meetStripe(rows, part, stripe, Math.min(toRows[part], stripe + STRIPE));
      }
    }
  }

  private void meetExactColumns(TileRows rows, int part) {
    int block = rows.blockOf(fromRows[part]);
    int bandStart = rows.bandStart(fromRows[part]);
    KeyTile run = scratch.run;
    run.clear();
    for (int column : rows.model.exactColumns()) {
      if (column >= bandStart) {
        break;
      }
      if (!rows.isExact(block, bandStart, column)) {
        run.add(rows.inputs, rows.keyHead, column);
        if (run.count == AttentionScratch.TILE_KEYS) {
          meetCollected(part);
        }
      }
    }
    meetCollected(part);
  }

  /** Meets the collected keys, which all rows see, and starts another collection. */
  private void meetCollected(int part) {
    if (scratch.run.count == 0) {
      return;
    }
    for (int group = fromGroups[part]; group < toGroups[part]; group++) {
      ExactAttentionKernel.meetAll(scratch, group);
    }
    exactEntries += (long) scratch.run.count * (toRows[part] - fromRows[part]);
    scratch.run.clear();
  }

  private void meetStripe(TileRows rows, int part, int from, int to) {
    int block = rows.blockOf(fromRows[part]);
    int bandStart = rows.bandStart(fromRows[part]);
    for (int column = from; column < to; ) {
      int end = column;
      while (end < to && rows.isExact(block, bandStart, end)) {
        end = rows.nextBoundary(bandStart, end, to);
      }
      if (end == column) {
        column = rows.nextBoundary(bandStart, column, to);
      } else {
        meetRun(rows, part, column, end);
        column = end;
      }
    }
  }

  /** Meets neighbouring keys, as far as each row sees them. */
  private void meetRun(TileRows rows, int part, int from, int to) {
    for (int begin = from; begin < to; begin += AttentionScratch.TILE_KEYS) {
      int count = Math.min(AttentionScratch.TILE_KEYS, to - begin);
      scratch.run.load(rows.inputs, rows.keyHead, begin, count);
      for (int group = fromGroups[part]; group < toGroups[part]; group++) {
        ExactAttentionKernel.meet(scratch, group, begin);
      }
    }
    for (int row = fromRows[part]; row < toRows[part]; row++) {
      exactEntries += Math.max(0, Math.min(to, row + 1) - from);
    }
  }

  /** Writes the rows, and flags those of which a mean key holds too much. */
  void finish(TileRows rows, HeadTensor output, boolean[] untrusted) {
    double most = rows.model.mostRankOneShare();
    for (int part = 0; part < parts; part++) {
      int lane = fromGroups[part] * LANES;
      for (int row = fromRows[part]; row < toRows[part]; row++, lane++) {
        double weight = Math.exp(LN2 * ((double) rankOneMaxima[lane] - scratch.maxima[lane]));
        untrusted[row] = most < 1 && weight > most * Unpacking.rowSum(scratch, lane);
      }
    }
    Unpacking.normalised(scratch, groups * LANES, output);
  }

  /** Hands the rows on to be merged with what a kernel contributes. */
  void finish(TileRows rows, PartialRows partial) {
    for (int part = 0; part < parts; part++) {
      int lane = fromGroups[part] * LANES;
      partial.merge(rows, fromRows[part], toRows[part], scratch, lane, rankOneMaxima);
    }
  }
}
