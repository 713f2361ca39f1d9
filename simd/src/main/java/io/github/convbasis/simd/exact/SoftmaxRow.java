package io.github.convbasis.simd.exact;

import io.github.convbasis.simd.Lanes;
import io.github.convbasis.simd.VectorExp;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Turns the logits of a row and a tile of keys into weights and carries the row's maximum and sum,
 * with keys in lanes, in the bits of {@link SoftmaxTile}: the maximum does not depend on the order,
 * and the sum of a tile is added key by key. Stateless and thread-safe.
 */
final class SoftmaxRow {
  private static final VectorSpecies<Float> F = Lanes.FLOATS;
  private static final int L = Lanes.COUNT;

  private SoftmaxRow() {}

  /**
   * Replaces logits by weights {@code 2^(S[j] - maximum)} and raises the maximum.
   *
   * @param tile S, {@code count} elements from {@code at}, becomes weights; filled up to whole
   *     vectors
   * @param at start of the logits
   * @param count keys that the row sees, at least 1
   * @param maxima running maxima, changed
   * @param factors receives {@code 2^(old maximum - new)}
   * @param row index of the row into these
   * @return 0, or NaN if a logit overflowed
   */
  static float weigh(float[] tile, int at, int count, float[] maxima, float[] factors, int row) {
    int end = at + (count + L - 1) / L * L;
    Arrays.fill(tile, at + count, end, SoftmaxTile.HIDDEN);
    float old = maxima[row];
    FloatVector greatest = FloatVector.broadcast(F, old);
    FloatVector zero = FloatVector.zero(F);
    FloatVector overflow = zero;
    for (int i = at; i < end; i += L) {
      FloatVector x = FloatVector.fromArray(F, tile, i);
      // Unlike max this passes over NaN. 0·logit is 0 unless the logit overflowed.
      greatest = greatest.blend(x, x.compare(VectorOperators.GT, greatest));
      overflow = x.fma(zero, overflow);
    }
    float maximum = greatest.reduceLanes(VectorOperators.MAX);
    maxima[row] = maximum;
    FloatVector top = FloatVector.broadcast(F, maximum);
    factors[row] = VectorExp.inversePowerOfTwo(top.sub(old)).lane(0);
    for (int i = at; i < end; i += L) {
      FloatVector x = FloatVector.fromArray(F, tile, i);
      VectorExp.inversePowerOfTwo(top.sub(x)).intoArray(tile, i);
    }
    return overflow.compare(VectorOperators.NE, zero).anyTrue() ? Float.NaN : 0;
  }

  /**
   * Adds the weights of a tile, {@code sum = factor·sum + tileSum}, and keeps what rounding loses.
   *
   * @param tileSum their sum, key by key
   * @param factors factors of the rows
   * @param sums running sums, changed
   * @param errors what the sums lack, changed
   * @param row index of the row into these
   */
  static void add(float tileSum, float[] factors, float[] sums, float[] errors, int row) {
    float factor = factors[row];
    float old = sums[row];
    float scaled = old * factor;
    float sum = scaled + tileSum;
    float back = sum - scaled;
    float lost = Math.fma(old, factor, -scaled) + (scaled - (sum - back));
    lost += tileSum - back;
    sums[row] = sum;
    errors[row] = Math.fma(errors[row], factor, lost);
  }
}
