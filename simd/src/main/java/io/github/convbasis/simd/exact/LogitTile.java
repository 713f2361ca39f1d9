package io.github.convbasis.simd.exact;

import io.github.convbasis.simd.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Computes a tile of logits, {@code S[j][i] = Σ_c keys[j][c]·queries[c][i]}, for two vectors of
 * query rows i.
 *
 * <p>Lanes run over queries and key elements are broadcast, so keys are read where they lie and any
 * depth fits. Six keys times two vectors are 12 accumulators: with the two query vectors and a
 * broadcast they fill 15 of the 16 registers of AVX2. Stateless and thread-safe.
 */
final class LogitTile {
  /** Keys whose sums are in registers together. */
  static final int KEYS = 6;

  private static final VectorSpecies<Float> F = Lanes.FLOATS;
  private static final int L = Lanes.COUNT;

  private LogitTile() {}

  /** Returns the least multiple of {@value #KEYS} that is no smaller. */
  static int roundUp(int keys) {
    return (keys + KEYS - 1) / KEYS * KEYS;
  }

  /**
   * Overwrites the tile.
   *
   * @param queries depth × 2L from {@code queryAt}
   * @param queryAt start of the query group
   * @param keys rows of {@code depth} elements
   * @param keyAt start of the first key row
   * @param keyStride distance of key rows
   * @param depth elements per query and key
   * @param count key rows, a multiple of {@value #KEYS}
   * @param tile receives count × 2L logits
   * @param tileAt start of the logits of the first key
   * @param tileStride distance of the logits of neighbouring keys
   */
  static void compute(
      float[] queries,
      int queryAt,
      float[] keys,
      int keyAt,
      int keyStride,
      int depth,
      int count,
      float[] tile,
      int tileAt,
      int tileStride) {
    for (int j = 0; j < count; j += KEYS) {
      int k0 = keyAt + j * keyStride;
      int k1 = k0 + keyStride;
      int k2 = k1 + keyStride;
      int k3 = k2 + keyStride;
      int k4 = k3 + keyStride;
      int k5 = k4 + keyStride;
      FloatVector a0 = FloatVector.zero(F);
      FloatVector b0 = a0;
      FloatVector a1 = a0;
      FloatVector b1 = a0;
      FloatVector a2 = a0;
      FloatVector b2 = a0;
      FloatVector a3 = a0;
      FloatVector b3 = a0;
      FloatVector a4 = a0;
      FloatVector b4 = a0;
      FloatVector a5 = a0;
      FloatVector b5 = a0;
      for (int c = 0; c < depth; c++) {
        FloatVector qa = FloatVector.fromArray(F, queries, queryAt + c * (2 * L));
        FloatVector qb = FloatVector.fromArray(F, queries, queryAt + c * (2 * L) + L);
        FloatVector k = FloatVector.broadcast(F, keys[k0 + c]);
        a0 = k.fma(qa, a0);
        b0 = k.fma(qb, b0);
        k = FloatVector.broadcast(F, keys[k1 + c]);
        a1 = k.fma(qa, a1);
        b1 = k.fma(qb, b1);
        k = FloatVector.broadcast(F, keys[k2 + c]);
        a2 = k.fma(qa, a2);
        b2 = k.fma(qb, b2);
        k = FloatVector.broadcast(F, keys[k3 + c]);
        a3 = k.fma(qa, a3);
        b3 = k.fma(qb, b3);
        k = FloatVector.broadcast(F, keys[k4 + c]);
        a4 = k.fma(qa, a4);
        b4 = k.fma(qb, b4);
        k = FloatVector.broadcast(F, keys[k5 + c]);
        a5 = k.fma(qa, a5);
        b5 = k.fma(qb, b5);
      }
      int at = tileAt + j * tileStride;
      a0.intoArray(tile, at);
      b0.intoArray(tile, at + L);
      at += tileStride;
      a1.intoArray(tile, at);
      b1.intoArray(tile, at + L);
      at += tileStride;
      a2.intoArray(tile, at);
      b2.intoArray(tile, at + L);
      at += tileStride;
      a3.intoArray(tile, at);
      b3.intoArray(tile, at + L);
      at += tileStride;
      a4.intoArray(tile, at);
      b4.intoArray(tile, at + L);
      at += tileStride;
      a5.intoArray(tile, at);
      b5.intoArray(tile, at + L);
    }
  }
}
