package io.github.convbasis.simd.decompose;

import io.github.convbasis.simd.Lanes;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The species of double vectors, as wide as those of floats: of 64 bits it has one lane.
 *
 * <p>Kernels on it use no masks, which are objects where a vector has two lanes (JDK 25, x86): what
 * is left of a loop is done one by one. Stateless and thread-safe.
 */
final class Doubles {
  static final VectorSpecies<Double> SPECIES =
      VectorSpecies.of(double.class, Lanes.FLOATS.vectorShape());

  private static final int LANES = SPECIES.length();

  private Doubles() {}

  /**
   * Sums lanes in a fixed order; that of {@code reduceLanes} differs between interpreter and
   * compiler.
   */
  static double sum(DoubleVector v) {
    double sum = v.lane(0);
    if (LANES > 1) {
      sum += v.lane(1);
    }
    if (LANES > 2) {
      sum += v.lane(2) + v.lane(3);
    }
    if (LANES > 4) {
      sum += v.lane(4) + v.lane(5) + (v.lane(6) + v.lane(7));
    }
    return sum;
  }
}
