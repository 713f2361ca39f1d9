package io.github.convbasis.bench;

import java.util.function.Supplier;

/**
 * Adds up the time of several calls, in milliseconds, for benchmarks whose competitors take turns
 * within one iteration. Mutable: one thread at a time.
 */
final class Stopwatch {
  private static final double NANOS_PER_MILLI = 1e6;

  private long nanos;
  private int calls;

  /** Forgets all calls. */
  void reset() {
    nanos = 0;
    calls = 0;
  }

  /** Returns what a call returns, and adds its time. */
  <T> T time(Supplier<T> call) {
    long begin = System.nanoTime();
    T result = call.get();
    nanos += System.nanoTime() - begin;
    calls++;
    return result;
  }

  /** Returns the mean time of a call in milliseconds, NaN before the first. */
  double meanMillis() {
    return nanos / NANOS_PER_MILLI / calls;
  }
}
