package io.github.convbasis.simd.exact;

import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;

/**
 * Computes many columns of causal logits, {@code scale·⟨queries_i, keys_key⟩} for rows i from the
 * diagonal down, with one pass over the queries: 64 single columns read them 64 times from memory.
 *
 * <p>A group of query rows is packed once and meets all keys that start above its last row. Sums
 * are float, and the scale is applied in double. Stateless and thread-safe.
 */
public final class LogitColumnsKernel {
  private static final int LANES = AttentionScratch.GROUP_ROWS;

  /** Keys that meet a group together: their logits, 48 kB at 512 bits, stay in the second cache. */
  private static final int CHUNK = 384;

  private LogitColumnsKernel() {}

  /**
   * Computes whole columns.
   *
   * @param inputs causal queries and keys, and the scale
   * @param head query head
   * @param keys key rows, the columns, increasing
   * @param targets for each key receives {@code n - key} logits from its start; those that overflow
   *     float32 are not finite
   */
  public static void compute(AttentionInputs inputs, int head, int[] keys, double[][] targets) {
    int depth = inputs.queries().width();
    int n = inputs.rows();
    float[] packedKeys = packedKeys(inputs, head, keys);
    float[] packedQueries = new float[depth * LANES];
    float[] tile = new float[CHUNK * LANES];
    int[] rows = new int[LANES];
    int active = 0;
    for (int from = 0; from < n; from += LANES) {
      int count = Math.min(LANES, n - from);
      while (active < keys.length && keys[active] < from + count) {
        active++;
      }
      if (active == 0) {
        continue;
      }
      for (int lane = 0; lane < LANES; lane++) {
        rows[lane] = Math.min(from + lane, n - 1);
      }
      Packing.queries(inputs.queries(), head, rows, 0, LANES, 1, packedQueries, 0);
      for (int first = 0; first < active; first += CHUNK) {
        int chunk = Math.min(CHUNK, active - first);
        LogitTile.compute(
            packedQueries,
            0,
            packedKeys,
            first * depth,
            depth,
            depth,
            LogitTile.roundUp(chunk),
            tile);
        for (int k = 0; k < chunk; k++) {
          int key = keys[first + k];
          copy(tile, k * LANES, from, count, inputs.scale(), key, targets[first + k]);
        }
      }
    }
  }

  private static void copy(
      float[] tile, int at, int from, int count, double scale, int key, double[] target) {
    for (int lane = Math.max(0, key - from); lane < count; lane++) {
      target[from + lane - key] = scale * tile[at + lane];
    }
  }

  /** Gathers the key rows, with zero rows behind them so that blocks of keys are whole. */
  private static float[] packedKeys(AttentionInputs inputs, int head, int[] keys) {
    HeadTensor source = inputs.keys();
    int depth = source.width();
    float[] packed = new float[LogitTile.roundUp(keys.length) * depth];
    double[] row = new double[depth];
    for (int k = 0; k < keys.length; k++) {
      source.copyRow(inputs.keyHead(head), keys[k], row);
      for (int c = 0; c < depth; c++) {
        packed[k * depth + c] = (float) row[c];
      }
    }
    return packed;
  }
}
