package io.github.convbasis.simd;

import jdk.incubator.vector.FloatVector;

final class Tmp {
  static int lanes() {
    return FloatVector.SPECIES_PREFERRED.length();
  }
}
