package io.github.convbasis.simd.matrix;

import io.github.convbasis.simd.Lanes;
import io.github.convbasis.simd.VectorExp;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Multiplies by the logistic unit of a gate. Stateless and thread-safe. */
public final class SiluKernel {
  private static final VectorSpecies<Float> F = Lanes.FLOATS;
  private static final int L = Lanes.COUNT;
  private static final FloatVector ONE = FloatVector.broadcast(F, 1);

  private SiluKernel() {}

  /**
   * Computes {@code product_i ← product_i·(g_i/(1 + e^-g_i))}, within 4 ulps where nothing
   * underflows; at gates below -88.73, where the factor is less than 3e-37, it may be 0. An element
   * depends on its own gate alone, up to those ulps.
   *
   * @param gate g
   * @param product changed
   * @param count how many elements from the start
   */
  public static void multiply(float[] gate, float[] product, int count) {
    int i = 0;
    for (; i + L <= count; i += L) {
      FloatVector g = FloatVector.fromArray(F, gate, i);
      FloatVector silu = g.div(VectorExp.exp(g.neg()).add(ONE));
      FloatVector.fromArray(F, product, i).mul(silu).intoArray(product, i);
    }
    for (; i < count; i++) {
      double g = gate[i];
      product[i] = (float) (product[i] * (g / (1 + Math.exp(-g))));
    }
  }
}
