package io.github.convbasis.simd.matrix;

import io.github.convbasis.simd.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Adds the products of five rows with one panel of weights, {@code y_r[o + i] += Σ_c
 * x_r[c]·W[c][i]} for two vectors of outputs i.
 *
 * <p>Lanes run over outputs and elements of x are broadcast, so rows are read where they lie. Five
 * rows times two vectors are 10 accumulators, which leaves 4 of the 16 registers of AVX2 to
 * broadcasts beside the two weight vectors: HotSpot loads as many at once, and of six rows two
 * accumulators would live on the stack. Stateless and thread-safe.
 */
final class ProductTile {
  /** Rows whose sums are in registers together. */
  static final int ROWS = 5;

  private static final VectorSpecies<Float> F = Lanes.FLOATS;
  private static final int L = Lanes.COUNT;

  private ProductTile() {}

  /**
   * Adds to the sums, inputs ascending, one fused multiply-add each.
   *
   * @param panel inputs × 2L weights
   * @param panelAt where the panel starts
   * @param from first input
   * @param to end of the inputs, exclusive
   * @param x rows
   * @param y sums
   * @param row first of the five
   * @param o first output
   */
  static void add(
      float[] panel, int panelAt, int from, int to, float[][] x, float[][] y, int row, int o) {
    float[] x0 = x[row];
    float[] x1 = x[row + 1];
    float[] x2 = x[row + 2];
    float[] x3 = x[row + 3];
    float[] x4 = x[row + 4];
    float[] y0 = y[row];
    float[] y1 = y[row + 1];
    float[] y2 = y[row + 2];
    float[] y3 = y[row + 3];
    float[] y4 = y[row + 4];
    FloatVector a0 = FloatVector.fromArray(F, y0, o);
    FloatVector b0 = FloatVector.fromArray(F, y0, o + L);
    FloatVector a1 = FloatVector.fromArray(F, y1, o);
    FloatVector b1 = FloatVector.fromArray(F, y1, o + L);
    FloatVector a2 = FloatVector.fromArray(F, y2, o);
    FloatVector b2 = FloatVector.fromArray(F, y2, o + L);
    FloatVector a3 = FloatVector.fromArray(F, y3, o);
    FloatVector b3 = FloatVector.fromArray(F, y3, o + L);
    FloatVector a4 = FloatVector.fromArray(F, y4, o);
    FloatVector b4 = FloatVector.fromArray(F, y4, o + L);
    for (int c = from; c < to; c++) {
      FloatVector wa = FloatVector.fromArray(F, panel, panelAt + c * (2 * L));
      FloatVector wb = FloatVector.fromArray(F, panel, panelAt + c * (2 * L) + L);
      FloatVector k = FloatVector.broadcast(F, x0[c]);
      a0 = k.fma(wa, a0);
      b0 = k.fma(wb, b0);
      k = FloatVector.broadcast(F, x1[c]);
      a1 = k.fma(wa, a1);
      b1 = k.fma(wb, b1);
      k = FloatVector.broadcast(F, x2[c]);
      a2 = k.fma(wa, a2);
      b2 = k.fma(wb, b2);
      k = FloatVector.broadcast(F, x3[c]);
      a3 = k.fma(wa, a3);
      b3 = k.fma(wb, b3);
      k = FloatVector.broadcast(F, x4[c]);
      a4 = k.fma(wa, a4);
      b4 = k.fma(wb, b4);
    }
    a0.intoArray(y0, o);
    b0.intoArray(y0, o + L);
    a1.intoArray(y1, o);
    b1.intoArray(y1, o + L);
    a2.intoArray(y2, o);
    b2.intoArray(y2, o + L);
    a3.intoArray(y3, o);
    b3.intoArray(y3, o + L);
    a4.intoArray(y4, o);
    b4.intoArray(y4, o + L);
  }
}
