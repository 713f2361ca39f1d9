package io.github.convbasis.simd;

import java.util.ArrayDeque;
import java.util.function.Supplier;

/**
 * Lends scratch to the items of one call, so that there is one for each task that works at a time.
 *
 * <p>Thread-safe.
 *
 * @param <T> what is lent
 */
public final class Pool<T> {
  private final Supplier<T> maker;
  private final ArrayDeque<T> free = new ArrayDeque<>();

  /**
   * Makes an empty pool.
   *
   * @param maker makes one more when all are lent
   */
  public Pool(Supplier<T> maker) {
    this.maker = maker;
  }

  /**
   * Lends one that nobody else has.
   *
   * @return scratch whose contents are whatever the last user left
   */
  public T take() {
    synchronized (free) {
      if (!free.isEmpty()) {
        return free.pop();
      }
    }
    return maker.get();
  }

  /**
   * Takes one back.
   *
   * @param scratch what was lent
   */
  public void give(T scratch) {
    synchronized (free) {
      free.push(scratch);
    }
  }
}
