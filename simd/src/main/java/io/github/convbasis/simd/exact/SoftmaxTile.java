package io.github.convbasis.simd.exact;

import io.github.convbasis.simd.Lanes;
import io.github.convbasis.simd.VectorExp;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Turns a tile of base-2 logits into weights and carries the running maximum and sum of each row:
 * the online softmax of two vectors of query rows.
 *
 * <p>Every lane is a row of its own, so no step reduces across lanes. A key that a lane does not
 * see gets weight 0 exactly. Logits that overflowed, also those of weight 0, turn the row sum into
 * NaN. Stateless and thread-safe.
 */
final class SoftmaxTile {
  private static final VectorSpecies<Float> F = Lanes.FLOATS;
  private static final int L = Lanes.COUNT;

  /** Finite, so that hidden keys do not look like overflow. */
  static final float HIDDEN = -Float.MAX_VALUE;

  private SoftmaxTile() {}

  /**
   * Hides keys, {@code S[j][i] = -max} where {@code j ≥ visible[i]}.
   *
   * @param tile S, count × 2L from its start, changed
   * @param from first key that may be hidden
   * @param count keys
   * @param visible how many keys of the tile each of 2L lanes sees, from {@code visibleAt}
   * @param visibleAt start of these
   */
  static void hide(float[] tile, int from, int count, float[] visible, int visibleAt) {
    FloatVector seenA = FloatVector.fromArray(F, visible, visibleAt);
    FloatVector seenB = FloatVector.fromArray(F, visible, visibleAt + L);
    for (int j = from; j < count; j++) {
      int at = j * (2 * L);
      FloatVector a = FloatVector.fromArray(F, tile, at);
      FloatVector b = FloatVector.fromArray(F, tile, at + L);
      a.blend(HIDDEN, seenA.compare(VectorOperators.LE, (float) j)).intoArray(tile, at);
      b.blend(HIDDEN, seenB.compare(VectorOperators.LE, (float) j)).intoArray(tile, at + L);
    }
  }

  /**
   * Hides first keys, {@code S[j][i] = -max} where {@code j < skipped[i]}.
   *
   * @param tile S, count × 2L from its start, changed
   * @param count keys that may be hidden
   * @param skipped how many keys of the tile each of 2L lanes does not see, from {@code at}
   * @param at start of these
   */
  static void hideFirst(float[] tile, int count, float[] skipped, int at) {
    FloatVector skippedA = FloatVector.fromArray(F, skipped, at);
    FloatVector skippedB = FloatVector.fromArray(F, skipped, at + L);
    for (int j = 0; j < count; j++) {
      int t = j * (2 * L);
      FloatVector a = FloatVector.fromArray(F, tile, t);
      FloatVector b = FloatVector.fromArray(F, tile, t + L);
      a.blend(HIDDEN, skippedA.compare(VectorOperators.GT, (float) j)).intoArray(tile, t);
      b.blend(HIDDEN, skippedB.compare(VectorOperators.GT, (float) j)).intoArray(tile, t + L);
    }
  }

  /**
   * Raises the running maxima to those of the tile and gives the factors that move sums along,
   * {@code 2^(old - new)}.
   *
   * @param tile S, count × 2L from its start
   * @param count keys, a multiple of 3
   * @param maxima running maxima, 2L from {@code at}, changed
   * @param factors receives 2L factors from {@code at}
   * @param at start of the row group in both
   */
  static void raise(float[] tile, int count, float[] maxima, float[] factors, int at) {
    FloatVector oldA = FloatVector.fromArray(F, maxima, at);
    FloatVector oldB = FloatVector.fromArray(F, maxima, at + L);
    FloatVector a0 = oldA;
    FloatVector b0 = oldB;
    FloatVector a1 = oldA;
    FloatVector b1 = oldB;
    FloatVector a2 = oldA;
    FloatVector b2 = oldB;
    // Compare and blend are two instructions; max takes five, because it orders NaN and the signs
    // of zero. Three chains each, since the two take about 6 cycles together.
    for (int j = 0; j < count; j += 3) {
      int t = j * (2 * L);
      FloatVector x = FloatVector.fromArray(F, tile, t);
      a0 = a0.blend(x, x.compare(VectorOperators.GT, a0));
      x = FloatVector.fromArray(F, tile, t + L);
      b0 = b0.blend(x, x.compare(VectorOperators.GT, b0));
      x = FloatVector.fromArray(F, tile, t + 2 * L);
      a1 = a1.blend(x, x.compare(VectorOperators.GT, a1));
      x = FloatVector.fromArray(F, tile, t + 3 * L);
      b1 = b1.blend(x, x.compare(VectorOperators.GT, b1));
      x = FloatVector.fromArray(F, tile, t + 4 * L);
      a2 = a2.blend(x, x.compare(VectorOperators.GT, a2));
      x = FloatVector.fromArray(F, tile, t + 5 * L);
      b2 = b2.blend(x, x.compare(VectorOperators.GT, b2));
    }
    a0 = a0.blend(a1, a1.compare(VectorOperators.GT, a0));
    b0 = b0.blend(b1, b1.compare(VectorOperators.GT, b0));
    a0 = a0.blend(a2, a2.compare(VectorOperators.GT, a0));
    b0 = b0.blend(b2, b2.compare(VectorOperators.GT, b0));
    a0.intoArray(maxima, at);
    b0.intoArray(maxima, at + L);
    VectorExp.inversePowerOfTwo(a0.sub(oldA)).intoArray(factors, at);
    VectorExp.inversePowerOfTwo(b0.sub(oldB)).intoArray(factors, at + L);
  }

  /**
   * Replaces logits by weights, {@code P[j][i] = 2^(S[j][i] - maximum[i])}, and adds them to the
   * running sums, {@code sum = factor·sum + Σ_j P[j][i]}.
   *
   * <p>The rounding errors of the products and sums over tiles are kept, so that many tiles lose
   * nothing.
   *
   * @param tile S, count × 2L from its start, becomes P
   * @param count keys
   * @param maxima 2L maxima from {@code at}
   * @param factors 2L factors from {@code at}
   * @param sums running sums, 2L from {@code at}, changed
   * @param errors what the sums lack, 2L from {@code at}, changed
   * @param tileSums work space of 2L from {@code at}
   * @param at start of the row group
   */
  static void weigh(
      float[] tile,
      int count,
      float[] maxima,
      float[] factors,
      float[] sums,
      float[] errors,
      float[] tileSums,
      int at) {
    FloatVector maxA = FloatVector.fromArray(F, maxima, at);
    FloatVector maxB = FloatVector.fromArray(F, maxima, at + L);
    FloatVector zero = FloatVector.zero(F);
    FloatVector sumA = zero;
    FloatVector sumB = zero;
    FloatVector overflowA = zero;
    FloatVector overflowB = zero;
    for (int j = 0; j < count; j++) {
      int t = j * (2 * L);
      FloatVector a = FloatVector.fromArray(F, tile, t);
      FloatVector b = FloatVector.fromArray(F, tile, t + L);
      // 0·logit is 0 unless the logit overflowed.
      overflowA = a.fma(zero, overflowA);
      overflowB = b.fma(zero, overflowB);
      a = VectorExp.inversePowerOfTwo(maxA.sub(a));
      b = VectorExp.inversePowerOfTwo(maxB.sub(b));
      sumA = sumA.add(a);
      sumB = sumB.add(b);
      a.intoArray(tile, t);
      b.intoArray(tile, t + L);
    }
    sumA.add(overflowA).intoArray(tileSums, at);
    sumB.add(overflowB).intoArray(tileSums, at + L);
    for (int i = at; i < at + 2 * L; i += L) {
      FloatVector addend = FloatVector.fromArray(F, tileSums, i);
      FloatVector factor = FloatVector.fromArray(F, factors, i);
      FloatVector old = FloatVector.fromArray(F, sums, i);
      FloatVector scaled = old.mul(factor);
      FloatVector sum = scaled.add(addend);
      FloatVector back = sum.sub(scaled);
      FloatVector lost = old.fma(factor, scaled.neg()).add(scaled.sub(sum.sub(back)));
      lost = lost.add(addend.sub(back));
      sum.intoArray(sums, i);
      FloatVector.fromArray(F, errors, i).fma(factor, lost).intoArray(errors, i);
    }
  }
}
