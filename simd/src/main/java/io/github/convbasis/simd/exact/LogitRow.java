package io.github.convbasis.simd.exact;

import io.github.convbasis.simd.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Computes logits of single query rows, {@code S[j] = Σ_c query[c]·keys[j][c]}, with keys in lanes,
 * in the bits of {@link LogitTile}: each is a chain of fused multiply-adds over c from 0.
 *
 * <p>Keys are transposed on the way into registers, without shuffles: loaded from {@code p - j}, a
 * key j of the block has its element at p in lane j, and blends join the lanes of L such loads. Two
 * neighbouring columns share the loads and part by a shift of 64-bit lanes: {@code L/2} loads and
 * as many blends for a column of L keys. No load leaves the block of L rows, so rows are read where
 * they lie, at any stride. 4 rows share the transposition. Stateless and thread-safe.
 */
final class LogitRow {
  /** Rows that {@link #four} computes. */
  static final int ROWS = 4;

  private static final VectorSpecies<Float> F = Lanes.FLOATS;
  private static final int L = Lanes.COUNT;

  /** Floats of a cache line. */
  private static final int LINE = 16;

  /** Chains of {@link #one}: with few lanes a single one would wait for itself. */
  private static final int VECTORS = L > 8 ? 1 : 2;

  private static final VectorMask<Float> BIT_0 = lanesWithBit(1);
  private static final VectorMask<Float> BIT_1 = lanesWithBit(2);
  private static final VectorMask<Float> BIT_2 = lanesWithBit(4);
  private static final VectorMask<Float> BIT_3 = lanesWithBit(8);

  private LogitRow() {}

  private static VectorMask<Float> lanesWithBit(int bit) {
    boolean[] lanes = new boolean[L];
    for (int lane = 0; lane < L; lane++) {
      lanes[lane] = (lane & bit) != 0;
    }
    return VectorMask.fromArray(F, lanes, 0);
  }

  /** Tells whether keys are laid out for vectors; else {@link #scalar} is for them. */
  static boolean isVectorised(int depth, int stride, int rows) {
    return depth > 1 && stride > 0 && rows >= L;
  }

  /**
   * Reads a word of every cache line of some keys, in the order of memory: the prefetcher follows
   * that, but not the loads of many rows at a time (AMD Zen 3, keys from beyond the second-level
   * cache: a fifth of the time of decoding).
   *
   * @return something of all of them, to be kept so that reading is not left out
   */
  static int touch(float[] keys, int keyAt, int stride, int depth, int count) {
    int bits = 0;
    for (int j = 0; j < count; j++) {
      int k = keyAt + j * stride;
      for (int c = 0; c < depth; c += LINE) {
        bits ^= Float.floatToRawIntBits(keys[k + c]);
      }
    }
    return bits;
  }

  /**
   * Computes the logits of one row.
   *
   * @param query depth elements from {@code queryAt}
   * @param queryAt start of the query
   * @param keys rows of {@code depth} elements, vectorised as {@link #isVectorised} tells
   * @param keyAt start of key 0
   * @param stride distance of keys
   * @param depth elements per query and key
   * @param count keys wanted, at least 1
   * @param last the last key that a vector may start with, at least {@code 1 - L}: the rows from
   *     there are the last L there are
   * @param logits receives them from {@code at}; up to L - 1 elements before and after change too
   * @param at start of the logits
   */
  static void one(
      float[] query,
      int queryAt,
      float[] keys,
      int keyAt,
      int stride,
      int depth,
      int count,
      int last,
      float[] logits,
      int at) {
    int step = 2 * stride - 2;
    int odd = depth & 1;
    for (int j = 0; j < count; j += VECTORS * L) {
      int ja = Math.min(j, last);
      int jb = Math.min(j + L < count ? j + L : j, last);
      int k = keyAt + ja * stride;
      int m = keyAt + jb * stride;
      start(odd, query[queryAt], keys, k, stride, logits, at + ja);
      if (VECTORS > 1) {
        start(odd, query[queryAt], keys, m, stride, logits, at + jb);
      }
      FloatVector a = FloatVector.fromArray(F, logits, at + ja);
      FloatVector b = FloatVector.fromArray(F, logits, at + jb);
      for (int c = odd; c < depth; c += 2) {
        FloatVector q = FloatVector.broadcast(F, query[queryAt + c]);
        FloatVector r = FloatVector.broadcast(F, query[queryAt + c + 1]);
        FloatVector x = everySecond(keys, k + c, step);
        FloatVector y = everySecond(keys, k + c + stride, step);
        a = second(x, y).fma(r, first(x, y).fma(q, a));
        if (VECTORS > 1) {
          x = everySecond(keys, m + c, step);
          y = everySecond(keys, m + c + stride, step);
          b = second(x, y).fma(r, first(x, y).fma(q, b));
        }
      }
      a.intoArray(logits, at + ja);
      if (VECTORS > 1) {
        b.intoArray(logits, at + jb);
      }
    }
  }

  /**
   * Computes the logits of four rows, a vector of keys at a time.
   *
   * @param queries rows of depth elements from their start
   * @param r0 a row
   * @param r1 another or the same, likewise the others
   * @param r2 a row
   * @param r3 a row
   * @param keys as of {@link #one}, likewise what follows
   * @param keyAt start of key 0
   * @param stride distance of keys
   * @param depth elements per query and key
   * @param count keys wanted
   * @param last the last key that a vector may start with
   * @param logits receives those of row 0 from {@code at}
   * @param at start of the logits
   * @param logitStride distance of the logits of neighbouring rows
   */
  static void four(
      float[] queries,
      int r0,
      int r1,
      int r2,
      int r3,
      float[] keys,
      int keyAt,
      int stride,
      int depth,
      int count,
      int last,
      float[] logits,
      int at,
      int logitStride) {
    int step = 2 * stride - 2;
    int odd = depth & 1;
    int q0 = r0 * depth;
    int q1 = r1 * depth;
    int q2 = r2 * depth;
    int q3 = r3 * depth;
    for (int j = 0; j < count; j += L) {
      int ja = Math.min(j, last);
      int k = keyAt + ja * stride;
      int to = at + ja;
      int t0 = to + r0 * logitStride;
      int t1 = to + r1 * logitStride;
      int t2 = to + r2 * logitStride;
      int t3 = to + r3 * logitStride;
      start(odd, queries[q0], keys, k, stride, logits, t0);
      start(odd, queries[q1], keys, k, stride, logits, t1);
      start(odd, queries[q2], keys, k, stride, logits, t2);
      start(odd, queries[q3], keys, k, stride, logits, t3);
      FloatVector a0 = FloatVector.fromArray(F, logits, t0);
      FloatVector a1 = FloatVector.fromArray(F, logits, t1);
      FloatVector a2 = FloatVector.fromArray(F, logits, t2);
      FloatVector a3 = FloatVector.fromArray(F, logits, t3);
      for (int c = odd; c < depth; c += 2) {
        FloatVector x = everySecond(keys, k + c, step);
        FloatVector y = everySecond(keys, k + c + stride, step);
        FloatVector v = first(x, y);
        a0 = v.fma(FloatVector.broadcast(F, queries[q0 + c]), a0);
        a1 = v.fma(FloatVector.broadcast(F, queries[q1 + c]), a1);
        a2 = v.fma(FloatVector.broadcast(F, queries[q2 + c]), a2);
        a3 = v.fma(FloatVector.broadcast(F, queries[q3 + c]), a3);
        v = second(x, y);
        a0 = v.fma(FloatVector.broadcast(F, queries[q0 + c + 1]), a0);
        a1 = v.fma(FloatVector.broadcast(F, queries[q1 + c + 1]), a1);
        a2 = v.fma(FloatVector.broadcast(F, queries[q2 + c + 1]), a2);
        a3 = v.fma(FloatVector.broadcast(F, queries[q3 + c + 1]), a3);
      }
      a0.intoArray(logits, t0);
      a1.intoArray(logits, t1);
      a2.intoArray(logits, t2);
      a3.intoArray(logits, t3);
    }
  }

  /** Starts the logits of L keys: with the first column where pairs leave it over, else with 0. */
  private static void start(
      int odd, float query, float[] keys, int k, int stride, float[] logits, int to) {
    for (int lane = 0; lane < L; lane++) {
      logits[to + lane] = odd == 0 ? 0 : Math.fma(keys[k + lane * stride], query, 0);
    }
  }

  /** Computes the logits of one row key by key, wherever they lie; as {@link #one}. */
  static void scalar(
      float[] query,
      int queryAt,
      float[] keys,
      int keyAt,
      int stride,
      int depth,
      int count,
      float[] logits,
      int at) {
    for (int j = 0; j < count; j++) {
      int k = keyAt + j * stride;
      float sum = 0;
      for (int c = 0; c < depth; c++) {
        sum = Math.fma(keys[k + c], query[queryAt + c], sum);
      }
      logits[at + j] = sum;
    }
  }

  /** Returns elements p and p + 1 of keys 0, 2, 4 … in neighbouring lanes. */
  private static FloatVector everySecond(float[] keys, int p, int step) {
    FloatVector v = FloatVector.fromArray(F, keys, p);
    if (L > 2) {
      v = v.blend(FloatVector.fromArray(F, keys, p + step), BIT_1);
    }
    if (L > 4) {
      FloatVector w = FloatVector.fromArray(F, keys, p + 2 * step);
      w = w.blend(FloatVector.fromArray(F, keys, p + 3 * step), BIT_1);
      v = v.blend(w, BIT_2);
    }
    if (L > 8) {
      FloatVector w = FloatVector.fromArray(F, keys, p + 4 * step);
      w = w.blend(FloatVector.fromArray(F, keys, p + 5 * step), BIT_1);
      FloatVector u = FloatVector.fromArray(F, keys, p + 6 * step);
      u = u.blend(FloatVector.fromArray(F, keys, p + 7 * step), BIT_1);
      v = v.blend(w.blend(u, BIT_2), BIT_3);
    }
    return v;
  }

  /** Returns the first elements of even keys and odd ones, key by key. */
  private static FloatVector first(FloatVector even, FloatVector odd) {
    return even.blend(
        odd.reinterpretAsLongs().lanewise(VectorOperators.LSHL, 32).reinterpretAsFloats(), BIT_0);
  }

  /** Returns the second elements of even keys and odd ones, key by key. */
  private static FloatVector second(FloatVector even, FloatVector odd) {
    return even.reinterpretAsLongs()
        .lanewise(VectorOperators.LSHR, 32)
        .reinterpretAsFloats()
        .blend(odd, BIT_0);
  }
}
