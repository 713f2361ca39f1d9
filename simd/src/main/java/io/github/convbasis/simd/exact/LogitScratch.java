package io.github.convbasis.simd.exact;

import io.github.convbasis.matrix.AttentionInputs;

/**
 * Holds what {@link LogitColumnsKernel} works in: packed keys, a group of packed queries and their
 * logits.
 *
 * <p>About {@code 4·(keys·d + 2L·(min(keys, 384) + 2·d))} bytes, 41 kB for 64 keys at d = 64.
 * Contents are left over from call to call and never read before they are written. Mutable: one
 * thread at a time.
 */
public final class LogitScratch {
  /** Keys that meet a group together: their logits, 48 kB at 512 bits, stay in the second cache. */
  static final int CHUNK = 384;

  private static final int LANES = AttentionScratch.GROUP_ROWS;

  final int depth;
  final int mostKeys;

  /** Key rows, with zero rows behind them so that blocks of keys are whole. */
  final float[] keys;

  /** Queries, depth × 2L. */
  final float[] queries;

  /** Where the query rows of the group start in their array. */
  final int[] starts = new int[LANES];

  /** Logits before the scale, keys × 2L. */
  final float[] tile;

  /** Half-transposed queries. */
  final float[] transposition;

  /**
   * Allocates for queries and keys of one depth.
   *
   * @param depth elements of a query, at least 1
   * @param mostKeys the most keys of a call, at least 1
   */
  public LogitScratch(int depth, int mostKeys) {
    this.depth = depth;
    this.mostKeys = mostKeys;
    keys = new float[LogitTile.roundUp(mostKeys) * depth];
    queries = new float[depth * LANES];
    tile = new float[LogitTile.roundUp(Math.min(CHUNK, mostKeys)) * LANES];
    transposition = new float[Transposition.bufferSize(depth)];
  }

  /**
   * Tells whether this was allocated for so many keys.
   *
   * @param inputs queries and keys
   * @param keyCount how many keys
   * @return whether the depth agrees and they find room
   */
  public boolean fits(AttentionInputs inputs, int keyCount) {
    return depth == inputs.queries().width() && mostKeys >= keyCount;
  }
}
