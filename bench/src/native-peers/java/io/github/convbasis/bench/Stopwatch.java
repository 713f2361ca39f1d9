package io.github.convbasis.bench;

import java.util.function.Supplier;
import org.openjdk.jmh.infra.Blackhole;

/** Times the calls of competitors that take turns within one iteration. */
final class Stopwatch {
  private static final double NANOS_PER_MILLI = 1e6;

  private Stopwatch() {}

  /** Returns how many milliseconds a call takes, whose result goes to a consumer. */
  static double millis(Blackhole consumer, Supplier<?> call) {
    long begin = System.nanoTime();
    consumer.consume(call.get());
    return (System.nanoTime() - begin) / NANOS_PER_MILLI;
  }
}
