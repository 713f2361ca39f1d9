package io.github.convbasis.properties;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Backends;

/**
 * Binds a contract to the SIMD backend. Choosing it by name fails, and so does the test, where it
 * cannot be used: nothing is skipped.
 */
interface SimdContract extends BackendContract {
  @Override
  default Backend backend() {
    return Backends.select("simd");
  }

  @Override
  default double unitRoundoff() {
    return Tolerances.FLOAT;
  }

  @Override
  default double rotaryTolerance() {
    return Tolerances.ROTARY_IN_FLOAT;
  }
}
