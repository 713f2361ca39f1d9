package io.github.convbasis.simd.exact;

import io.github.convbasis.backend.SeenKeys;
import io.github.convbasis.simd.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Holds a bias by lag, in units of log 2, for the entries that a block of rows sees, and adds it to
 * tiles of logits: where the rows of a group are neighbours, what one key adds to them is a vector
 * of neighbouring lags.
 *
 * <p>4 bytes for each lag. Mutable: one thread at a time.
 */
final class LagBias {
  private static final VectorSpecies<Float> F = Lanes.FLOATS;
  private static final int L = Lanes.COUNT;
  private static final int LANES = AttentionScratch.GROUP_ROWS;

  /** Neighbours of a row that sees a key may not see it: so many lags more, on either side. */
  private static final int MARGIN = LANES - 1;

  private float[] biases = new float[0];

  /** Lag of the first element. */
  private int firstLag;

  /** Asks for every lag from the least to the greatest that some rows see. */
  void load(SeenKeys seen, AttentionScratch scratch, int lanes) {
    int least = Integer.MAX_VALUE;
    int most = Integer.MIN_VALUE;
    for (int lane = 0; lane < lanes; lane++) {
      if (scratch.firstKeys[lane] < scratch.visibleKeys[lane]) {
        int row = scratch.rows[lane];
        least = Math.min(least, row - seen.key(scratch.visibleKeys[lane] - 1));
        most = Math.max(most, row - seen.key(scratch.firstKeys[lane]));
      }
    }
    if (most < least) {
      return;
    }
    firstLag = least - MARGIN;
    int length = Math.addExact(most - least, 1 + 2 * MARGIN);
    if (biases.length < length) {
      biases = new float[length];
    }
    for (int lag = least; lag <= most; lag++) {
      // Beyond the range of float it becomes infinite, which the kernel reports.
      biases[lag - firstLag] = (float) (seen.bias(lag) * ExactAttentionKernel.LOG2_E);
    }
  }

  /** Adds to the logits of a group's rows, at the first {@code some} keys of a tile. */
  void add(AttentionScratch scratch, int group, int begin, int some) {
    int lane = group * LANES;
    if (areNeighbours(scratch.rows, lane)) {
      int from = Math.max(0, scratch.leastFirst[group] - begin);
      int row = scratch.rows[lane] - firstLag;
      addToNeighbours(scratch.tile, scratch.tileKeys, from, some, biases, row);
      return;
    }
    for (int i = 0; i < LANES; i++) {
      int from = Math.max(0, scratch.firstKeys[lane + i] - begin);
      int to = Math.min(some, scratch.visibleKeys[lane + i] - begin);
      int row = scratch.rows[lane + i] - firstLag;
      for (int j = from; j < to; j++) {
        scratch.tile[j * LANES + i] += biases[row - scratch.tileKeys[j]];
      }
    }
  }

  private static boolean areNeighbours(int[] rows, int lane) {
    for (int i = 1; i < LANES; i++) {
      if (rows[lane + i] != rows[lane] + i) {
        return false;
      }
    }
    return true;
  }

  /**
   * Adds {@code S[j][i] += biases[row + i - keys[j]]}.
   *
   * @param tile S, keys × 2L from its start, changed
   * @param keys key rows of the tile
   * @param from first key, which one of the rows sees
   * @param to end of the keys
   * @param biases by lag; what no row sees may be anything
   * @param row place in these of lag 0 to the first row
   */
  private static void addToNeighbours(
      float[] tile, int[] keys, int from, int to, float[] biases, int row) {
    for (int j = from; j < to; j++) {
      int t = j * LANES;
      int b = row - keys[j];
      FloatVector.fromArray(F, tile, t).add(FloatVector.fromArray(F, biases, b)).intoArray(tile, t);
      FloatVector.fromArray(F, tile, t + L)
          .add(FloatVector.fromArray(F, biases, b + L))
          .intoArray(tile, t + L);
    }
  }
}
