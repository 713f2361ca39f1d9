package io.github.convbasis.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Fixes the vector species of every kernel: the widest the machine prefers, unless the system
 * property {@value VectorWidth#PROPERTY} asks for another, which tests do.
 *
 * <p>A species wider than the machine is correct but about 76 times slower. Stateless and
 * thread-safe.
 */
public final class Lanes {
  /** The species of all float vectors; a constant, so that the compiler sees the lane count. */
  public static final VectorSpecies<Float> FLOATS = species();

  /** Floats per vector. */
  public static final int COUNT = FLOATS.length();

  private Lanes() {}

  private static VectorSpecies<Float> species() {
    switch (VectorWidth.requested()) {
      case 64:
        return FloatVector.SPECIES_64;
      case 128:
        return FloatVector.SPECIES_128;
      case 256:
        return FloatVector.SPECIES_256;
      case 512:
        return FloatVector.SPECIES_512;
      default:
        return FloatVector.SPECIES_PREFERRED;
    }
  }

  /**
   * Sums lanes in a fixed order, so that a result has the same bits before and after compilation:
   * the order of {@code reduceLanes} is the interpreter's at first and the compiler's later.
   *
   * @param v of {@link #FLOATS}
   * @return sum of its lanes
   */
  public static float sum(FloatVector v) {
    float sum = v.lane(0) + v.lane(1);
    if (COUNT > 2) {
      sum += v.lane(2) + v.lane(3);
    }
    if (COUNT > 4) {
      sum += v.lane(4) + v.lane(5) + (v.lane(6) + v.lane(7));
    }
    if (COUNT > 8) {
      sum += v.lane(8) + v.lane(9) + (v.lane(10) + v.lane(11));
      sum += v.lane(12) + v.lane(13) + (v.lane(14) + v.lane(15));
    }
    return sum;
  }

  /**
   * Returns the width the machine prefers, whatever was asked for.
   *
   * @return bits of a vector
   */
  static int preferredBits() {
    return FloatVector.SPECIES_PREFERRED.vectorBitSize();
  }
}
