package io.github.convbasis.simd.spectral;

import io.github.convbasis.simd.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Adds two scaled rows into an output row. Stateless and thread-safe. */
final class RowMerge {
  private static final VectorSpecies<Float> SPECIES = Lanes.FLOATS;
  private static final int LANES = SPECIES.length();

  private RowMerge() {}

  /** Sets {@code target = farFactor·far + nearFactor·near} for {@code count} elements. */
  static void merge(
      float[] far,
      int farAt,
      float farFactor,
      float[] near,
      int nearAt,
      float nearFactor,
      float[] target,
      int at,
      int count) {
    int bound = SPECIES.loopBound(count);
    int i = 0;
    for (; i < bound; i += LANES) {
      FloatVector scaled = FloatVector.fromArray(SPECIES, near, nearAt + i).mul(nearFactor);
      FloatVector.fromArray(SPECIES, far, farAt + i)
          .mul(farFactor)
          .add(scaled)
          .intoArray(target, at + i);
    }
    for (; i < count; i++) {
      target[at + i] = far[farAt + i] * farFactor + near[nearAt + i] * nearFactor;
    }
  }

  /** As above, for an output of doubles. */
  static void merge(
      float[] far,
      int farAt,
      float farFactor,
      float[] near,
      int nearAt,
      float nearFactor,
      double[] target,
      int at,
      int count) {
    for (int i = 0; i < count; i++) {
      target[at + i] = far[farAt + i] * farFactor + near[nearAt + i] * nearFactor;
    }
  }
}
