package io.github.convbasis.simd.matrix;

import io.github.convbasis.simd.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Adds the products of one row with panels of weights: what {@link ProductTile} gives it, bit for
 * bit. Four panels at a time are eight independent sums, enough to hide the latency of a fused
 * multiply-add, so that the weights' way from memory is what limits it. Stateless and thread-safe.
 */
final class RowProduct {
  /** Panels whose sums are in registers together. */
  static final int PANELS = 4;

  private static final VectorSpecies<Float> F = Lanes.FLOATS;
  private static final int L = Lanes.COUNT;

  private RowProduct() {}

  /**
   * Adds for {@value #PANELS} panels.
   *
   * @param panels each inputs × 2L weights
   * @param panelAt where the first panel starts
   * @param distance from a panel to the next
   * @param from first input
   * @param to end of the inputs, exclusive
   * @param x the row
   * @param y sums
   * @param o first output
   */
  static void addFour(
      float[] panels, int panelAt, int distance, int from, int to, float[] x, float[] y, int o) {
    int at1 = panelAt + distance;
    int at2 = at1 + distance;
    int at3 = at2 + distance;
    FloatVector a0 = FloatVector.fromArray(F, y, o);
    FloatVector b0 = FloatVector.fromArray(F, y, o + L);
    FloatVector a1 = FloatVector.fromArray(F, y, o + 2 * L);
    FloatVector b1 = FloatVector.fromArray(F, y, o + 3 * L);
    FloatVector a2 = FloatVector.fromArray(F, y, o + 4 * L);
    FloatVector b2 = FloatVector.fromArray(F, y, o + 5 * L);
    FloatVector a3 = FloatVector.fromArray(F, y, o + 6 * L);
    FloatVector b3 = FloatVector.fromArray(F, y, o + 7 * L);
    for (int c = from; c < to; c++) {
      FloatVector k = FloatVector.broadcast(F, x[c]);
      int w = c * (2 * L);
      a0 = k.fma(FloatVector.fromArray(F, panels, panelAt + w), a0);
      b0 = k.fma(FloatVector.fromArray(F, panels, panelAt + w + L), b0);
      a1 = k.fma(FloatVector.fromArray(F, panels, at1 + w), a1);
      b1 = k.fma(FloatVector.fromArray(F, panels, at1 + w + L), b1);
      a2 = k.fma(FloatVector.fromArray(F, panels, at2 + w), a2);
      b2 = k.fma(FloatVector.fromArray(F, panels, at2 + w + L), b2);
      a3 = k.fma(FloatVector.fromArray(F, panels, at3 + w), a3);
      b3 = k.fma(FloatVector.fromArray(F, panels, at3 + w + L), b3);
    }
    a0.intoArray(y, o);
    b0.intoArray(y, o + L);
    a1.intoArray(y, o + 2 * L);
    b1.intoArray(y, o + 3 * L);
    a2.intoArray(y, o + 4 * L);
    b2.intoArray(y, o + 5 * L);
    a3.intoArray(y, o + 6 * L);
    b3.intoArray(y, o + 7 * L);
  }

  /** Adds for one panel, see {@link #addFour}. */
  static void add(float[] panel, int panelAt, int from, int to, float[] x, float[] y, int o) {
    FloatVector a = FloatVector.fromArray(F, y, o);
    FloatVector b = FloatVector.fromArray(F, y, o + L);
    for (int c = from; c < to; c++) {
      FloatVector k = FloatVector.broadcast(F, x[c]);
      a = k.fma(FloatVector.fromArray(F, panel, panelAt + c * (2 * L)), a);
      b = k.fma(FloatVector.fromArray(F, panel, panelAt + c * (2 * L) + L), b);
    }
    a.intoArray(y, o);
    b.intoArray(y, o + L);
  }
}
