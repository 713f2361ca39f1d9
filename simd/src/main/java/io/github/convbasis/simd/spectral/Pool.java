package io.github.convbasis.simd.spectral;

import java.util.ArrayDeque;
import java.util.function.Supplier;

/**
 * Lends scratch to the items of one call, so that there is one for each task that works at a time.
 *
 * <p>Thread-safe.
 *
 * @param <T> what is lent
 */
final class Pool<T> {
  private final Supplier<T> maker;
  private final ArrayDeque<T> free = new ArrayDeque<>();

  Pool(Supplier<T> maker) {
    this.maker = maker;
  }

  /** Returns one that nobody else has; its contents are whatever the last user left. */
  T take() {
    synchronized (free) {
      if (!free.isEmpty()) {
        return free.pop();
      }
    }
    return maker.get();
  }

  /** Takes one back. */
  void give(T scratch) {
    synchronized (free) {
      free.push(scratch);
    }
  }
}
