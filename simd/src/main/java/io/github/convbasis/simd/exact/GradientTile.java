package io.github.convbasis.simd.exact;

import io.github.convbasis.simd.Lanes;
import io.github.convbasis.simd.VectorExp;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Turns tiles of base-2 logits S and of products {@code T[j][i] = ⟨G_i, v_j⟩} into softmax weights
 * and the gradient of the logits, for two vectors of query rows i.
 *
 * <p>Every lane is a row of its own. Logits that overflowed turn the gradient into NaN. Stateless
 * and thread-safe.
 */
final class GradientTile {
  private static final VectorSpecies<Float> F = Lanes.FLOATS;
  private static final int L = Lanes.COUNT;

  /** Finite, so that hidden keys do not look like overflow. */
  private static final float HIDDEN = -Float.MAX_VALUE;

  private GradientTile() {}

  /**
   * Hides keys, {@code S[j][i] = -max} and {@code T[j][i] = 0} unless {@code from[i] ≤ j < to[i]}.
   *
   * @param logits S, count rows of at least 2L from {@code at}, changed
   * @param products T, likewise
   * @param at start of the row group in both
   * @param stride distance of the elements of neighbouring keys
   * @param count keys
   * @param from first key of the tile that each of 2L rows sees, from its start
   * @param to end of these keys, likewise
   */
  static void hide(
      float[] logits, float[] products, int at, int stride, int count, float[] from, float[] to) {
    for (int half = 0; half < 2 * L; half += L) {
      FloatVector begin = FloatVector.fromArray(F, from, half);
      FloatVector end = FloatVector.fromArray(F, to, half);
      for (int j = 0; j < count; j++) {
        int t = at + half + j * stride;
        VectorMask<Float> hidden = begin.compare(VectorOperators.GT, (float) j);
        hidden = hidden.or(end.compare(VectorOperators.LE, (float) j));
        FloatVector.fromArray(F, logits, t).blend(HIDDEN, hidden).intoArray(logits, t);
        FloatVector.fromArray(F, products, t).blend(0f, hidden).intoArray(products, t);
      }
    }
  }

  /**
   * Replaces logits by weights, {@code W[j][i] = 2^(S[j][i] - logSum[i])}, and products by scaled
   * gradients of the logits, {@code P[j][i] = W[j][i]·(scale·T[j][i] - dot[i])}.
   *
   * <p>Logarithms come in two parts, so that weights of a row add up to 1 as well as they do in the
   * forward pass however large its logits are.
   *
   * @param logits S, count rows of at least 2L from {@code at}, becomes W
   * @param products T, likewise, becomes P
   * @param at start of the row group in both
   * @param stride distance of the elements of neighbouring keys
   * @param count keys, at least 1
   * @param logSums logarithms to base 2, 2L from {@code lane}
   * @param rests what these lack, likewise
   * @param dots scaled inner products of upstream gradient and output, likewise
   * @param lane start of the row group in these
   * @param scale factor of the products
   */
  static void weigh(
      float[] logits,
      float[] products,
      int at,
      int stride,
      int count,
      float[] logSums,
      float[] rests,
      float[] dots,
      int lane,
      float scale) {
    FloatVector logSumA = FloatVector.fromArray(F, logSums, lane);
    FloatVector logSumB = FloatVector.fromArray(F, logSums, lane + L);
    FloatVector restA = FloatVector.fromArray(F, rests, lane);
    FloatVector restB = FloatVector.fromArray(F, rests, lane + L);
    FloatVector dotA = FloatVector.fromArray(F, dots, lane).neg();
    FloatVector dotB = FloatVector.fromArray(F, dots, lane + L).neg();
    FloatVector factor = FloatVector.broadcast(F, scale);
    FloatVector zero = FloatVector.zero(F);
    FloatVector overflowA = zero;
    FloatVector overflowB = zero;
    for (int j = 0; j < count; j++) {
      int t = at + j * stride;
      FloatVector a = FloatVector.fromArray(F, logits, t);
      FloatVector b = FloatVector.fromArray(F, logits, t + L);
      // 0·logit is 0 unless the logit overflowed.
      overflowA = a.fma(zero, overflowA);
      overflowB = b.fma(zero, overflowB);
      a = VectorExp.inversePowerOfTwo(atLeastZero(logSumA.sub(a).add(restA)));
      b = VectorExp.inversePowerOfTwo(atLeastZero(logSumB.sub(b).add(restB)));
      a.intoArray(logits, t);
      b.intoArray(logits, t + L);
      FloatVector.fromArray(F, products, t).fma(factor, dotA).mul(a).intoArray(products, t);
      FloatVector.fromArray(F, products, t + L).fma(factor, dotB).mul(b).intoArray(products, t + L);
    }
    FloatVector.fromArray(F, products, at).add(overflowA).intoArray(products, at);
    FloatVector.fromArray(F, products, at + L).add(overflowB).intoArray(products, at + L);
  }

  /** Rounding may leave an exponent below 0; a weight is at most 1. */
  private static FloatVector atLeastZero(FloatVector u) {
    // Negative floats are negative integers, and an integer maximum is one instruction.
    IntVector bits = u.reinterpretAsInts();
    return bits.max(0).reinterpretAsFloats();
  }

  /**
   * Adds a row, {@code target[c] += source[c]}.
   *
   * @param source row
   * @param sourceAt start of the row
   * @param count elements
   * @param target changed
   * @param targetAt start of the elements
   * @return 0 if all sums are finite, else NaN
   */
  static float add(float[] source, int sourceAt, int count, float[] target, int targetAt) {
    FloatVector zero = FloatVector.zero(F);
    FloatVector check = zero;
    int c = 0;
    for (; c <= count - L; c += L) {
      FloatVector sum = FloatVector.fromArray(F, target, targetAt + c);
      sum = sum.add(FloatVector.fromArray(F, source, sourceAt + c));
      check = sum.fma(zero, check);
      sum.intoArray(target, targetAt + c);
    }
    float rest = Lanes.sum(check);
    for (; c < count; c++) {
      target[targetAt + c] += source[sourceAt + c];
      rest += target[targetAt + c] * 0;
    }
    return rest;
  }
}
