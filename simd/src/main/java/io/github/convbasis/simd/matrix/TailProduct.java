package io.github.convbasis.simd.matrix;

import io.github.convbasis.simd.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * Adds the products of one row with the last panel of weights where it is not full, and touches
 * nothing of y beyond the last output. Stateless and thread-safe.
 */
final class TailProduct {
  private static final VectorSpecies<Float> F = Lanes.FLOATS;
  private static final int L = Lanes.COUNT;

  private TailProduct() {}

  /**
   * Adds to the sums, inputs ascending, one fused multiply-add each.
   *
   * @param panel inputs × 2L weights
   * @param panelAt where the panel starts
   * @param from first input
   * @param to end of the inputs, exclusive
   * @param x the row
   * @param y sums
   * @param o first output
   * @param outputs end of the outputs, exclusive
   */
  static void add(
      float[] panel, int panelAt, int from, int to, float[] x, float[] y, int o, int outputs) {
    for (int half = 0; half < 2 * L && o + half < outputs; half += L) {
      VectorMask<Float> mask = F.indexInRange(o + half, outputs);
      FloatVector a = FloatVector.fromArray(F, y, o + half, mask);
      for (int c = from; c < to; c++) {
        FloatVector w = FloatVector.fromArray(F, panel, panelAt + half + c * (2 * L));
        a = FloatVector.broadcast(F, x[c]).fma(w, a);
      }
      a.intoArray(y, o + half, mask);
    }
  }
}
