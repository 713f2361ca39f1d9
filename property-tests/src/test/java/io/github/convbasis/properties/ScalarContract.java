package io.github.convbasis.properties;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Backends;

/** Binds a contract to the scalar backend. */
interface ScalarContract extends BackendContract {
  @Override
  default Backend backend() {
    return Backends.scalar();
  }

  @Override
  default double unitRoundoff() {
    return Tolerances.DOUBLE;
  }

  @Override
  default double rotaryTolerance() {
    return Tolerances.ROTARY_IN_DOUBLE;
  }
}
