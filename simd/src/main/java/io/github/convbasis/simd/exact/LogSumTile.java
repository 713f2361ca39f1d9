package io.github.convbasis.simd.exact;

import io.github.convbasis.simd.Lanes;
import io.github.convbasis.simd.VectorExp;
import io.github.convbasis.simd.VectorLog;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Sums the weights of base-2 logits without keeping them, and takes logarithms of such sums, for
 * two vectors of query rows. Logits that overflowed turn a sum into NaN. Stateless and thread-safe.
 */
final class LogSumTile {
  private static final VectorSpecies<Float> F = Lanes.FLOATS;
  private static final int L = Lanes.COUNT;

  private LogSumTile() {}

  /**
   * Raises the running maxima to those of some keys and moves the running sums along, {@code sum =
   * 2^(old - new)·sum}.
   *
   * @param tile S, keys × 2L
   * @param from first key
   * @param to end of the keys, exclusive
   * @param maxima running maxima, 2L from {@code at}, changed
   * @param sums running sums, 2L from {@code at}, changed
   * @param at start of the row group in both
   */
  static void raise(float[] tile, int from, int to, float[] maxima, float[] sums, int at) {
    FloatVector oldA = FloatVector.fromArray(F, maxima, at);
    FloatVector oldB = FloatVector.fromArray(F, maxima, at + L);
    FloatVector maxA = oldA;
    FloatVector maxB = oldB;
    FloatVector maxC = oldA;
    FloatVector maxD = oldB;
    for (int j = from; j < to; j += 2) {
      int t = j * (2 * L);
      // Of an odd number the last is taken twice.
      int u = Math.min(j + 1, to - 1) * (2 * L);
      FloatVector x = FloatVector.fromArray(F, tile, t);
      maxA = maxA.blend(x, x.compare(VectorOperators.GT, maxA));
      x = FloatVector.fromArray(F, tile, t + L);
      maxB = maxB.blend(x, x.compare(VectorOperators.GT, maxB));
      x = FloatVector.fromArray(F, tile, u);
      maxC = maxC.blend(x, x.compare(VectorOperators.GT, maxC));
      x = FloatVector.fromArray(F, tile, u + L);
      maxD = maxD.blend(x, x.compare(VectorOperators.GT, maxD));
    }
    maxA = maxA.blend(maxC, maxC.compare(VectorOperators.GT, maxA));
    maxB = maxB.blend(maxD, maxD.compare(VectorOperators.GT, maxB));
    maxA.intoArray(maxima, at);
    maxB.intoArray(maxima, at + L);
    FloatVector sumA = FloatVector.fromArray(F, sums, at);
    FloatVector sumB = FloatVector.fromArray(F, sums, at + L);
    sumA.mul(VectorExp.inversePowerOfTwo(maxA.sub(oldA))).intoArray(sums, at);
    sumB.mul(VectorExp.inversePowerOfTwo(maxB.sub(oldB))).intoArray(sums, at + L);
  }

  /**
   * Adds weights to running sums, {@code sum += Σ_j 2^(S[j][i] - maximum[i])}.
   *
   * @param tile S, keys × 2L
   * @param from first key
   * @param to end of the keys, exclusive
   * @param maxima 2L maxima from {@code at}
   * @param sums running sums, 2L from {@code at}, changed
   * @param at start of the row group in both
   */
  static void add(float[] tile, int from, int to, float[] maxima, float[] sums, int at) {
    FloatVector maxA = FloatVector.fromArray(F, maxima, at);
    FloatVector maxB = FloatVector.fromArray(F, maxima, at + L);
    FloatVector zero = FloatVector.zero(F);
    FloatVector sumA = zero;
    FloatVector sumB = zero;
    FloatVector overflowA = zero;
    FloatVector overflowB = zero;
    for (int j = from; j < to; j++) {
      int t = j * (2 * L);
      FloatVector a = FloatVector.fromArray(F, tile, t);
      FloatVector b = FloatVector.fromArray(F, tile, t + L);
      // 0·logit is 0 unless the logit overflowed.
      overflowA = a.fma(zero, overflowA);
      overflowB = b.fma(zero, overflowB);
      sumA = sumA.add(VectorExp.inversePowerOfTwo(maxA.sub(a)));
      sumB = sumB.add(VectorExp.inversePowerOfTwo(maxB.sub(b)));
    }
    sumA = FloatVector.fromArray(F, sums, at).add(sumA.add(overflowA));
    sumB = FloatVector.fromArray(F, sums, at + L).add(sumB.add(overflowB));
    sumA.intoArray(sums, at);
    sumB.intoArray(sums, at + L);
  }

  /**
   * Takes logarithms to base 2 of sums, which become {@code sum + error}.
   *
   * @param sums 2L sums from {@code at}, at least about 1, or NaN; changed
   * @param errors what they lack, 2L from {@code at}
   * @param logs receives 2L logarithms from {@code at}
   * @param inverses receives {@code 1/sum}, 2L from {@code at}
   * @param at start of the row group
   */
  static void logarithms(float[] sums, float[] errors, float[] logs, float[] inverses, int at) {
    for (int i = at; i < at + 2 * L; i += L) {
      FloatVector sum = FloatVector.fromArray(F, sums, i).add(FloatVector.fromArray(F, errors, i));
      sum.intoArray(sums, i);
      VectorLog.log2(sum).intoArray(logs, i);
      FloatVector.broadcast(F, 1).div(sum).intoArray(inverses, i);
    }
  }

  /**
   * Gives each mean key the bias with which it stands for its tile, {@code maximum - ⟨q, k̃⟩ +
   * log2(sum)}: the entropy of the weights, from 0 to log2 of the keys.
   *
   * @param queries q, depth × 2L from {@code queryAt}
   * @param queryAt start of the queries
   * @param keys k̃, depth × 2L from its start
   * @param depth elements of a key
   * @param maxima 2L maxima from the start
   * @param logs log2 of the sums, 2L from the start; become the biases
   */
  static void biases(
      float[] queries, int queryAt, float[] keys, int depth, float[] maxima, float[] logs) {
    FloatVector a = FloatVector.zero(F);
    FloatVector b = a;
    for (int c = 0; c < depth; c++) {
      int at = c * (2 * L);
      FloatVector q = FloatVector.fromArray(F, queries, queryAt + at);
      a = q.fma(FloatVector.fromArray(F, keys, at), a);
      q = FloatVector.fromArray(F, queries, queryAt + at + L);
      b = q.fma(FloatVector.fromArray(F, keys, at + L), b);
    }
    FloatVector.fromArray(F, maxima, 0)
        .sub(a)
        .add(FloatVector.fromArray(F, logs, 0))
        .intoArray(logs, 0);
    FloatVector.fromArray(F, maxima, L)
        .sub(b)
        .add(FloatVector.fromArray(F, logs, L))
        .intoArray(logs, L);
  }

  /**
   * Adds a bias to the logits of each key.
   *
   * @param tile S, count × 2L from its start, changed
   * @param count keys
   * @param biases what to add
   * @param at index of the first
   */
  static void addBiases(float[] tile, int count, float[] biases, int at) {
    for (int j = 0; j < count; j++) {
      FloatVector bias = FloatVector.broadcast(F, biases[at + j]);
      int t = j * (2 * L);
      FloatVector.fromArray(F, tile, t).add(bias).intoArray(tile, t);
      FloatVector.fromArray(F, tile, t + L).add(bias).intoArray(tile, t + L);
    }
  }
}
