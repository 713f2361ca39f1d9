package io.github.convbasis.properties;

import io.github.convbasis.backend.Backend;

/** What every contract needs to know of the backend it is bound to. */
interface BackendContract {
  /** The backend that is judged. */
  Backend backend();

  /** Of the arithmetic in which it attends. */
  double unitRoundoff();

  /** What piecewise-constant rotary attention must reach beside exact attention, times ‖V‖∞. */
  double rotaryTolerance();
}
