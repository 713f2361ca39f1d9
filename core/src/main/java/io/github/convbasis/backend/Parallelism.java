package io.github.convbasis.backend;

import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntConsumer;

/**
 * Says how many tasks may work at once, and on which executor; sequential unless told otherwise.
 *
 * <p>Work is cut into items that do not depend on the number of tasks, and every item writes its
 * own rows, so results are bit-identical for any number. The calling thread takes part, so an
 * executor without a free thread delays but never blocks.
 *
 * <p>Immutable and thread-safe.
 */
public final class Parallelism {
  private static final System.Logger LOGGER = System.getLogger(Parallelism.class.getName());

  private static final Parallelism SEQUENTIAL = new Parallelism(Runnable::run, 1, () -> {});

  private final Executor executor;
  private final int tasks;
  private final Runnable afterItem;

  private Parallelism(Executor executor, int tasks, Runnable afterItem) {
    this.executor = executor;
    this.tasks = tasks;
    this.afterItem = afterItem;
  }

  /**
   * Runs everything on the calling thread.
   *
   * @return the sequential form
   */
  public static Parallelism sequential() {
    return SEQUENTIAL;
  }

  /**
   * Runs up to {@code tasks} items at once, one of them on the calling thread.
   *
   * @param executor where the others run
   * @param tasks most items at once, at least 1
   * @return the parallel form
   * @throws IllegalArgumentException if tasks is below 1
   */
  public static Parallelism of(Executor executor, int tasks) {
    if (tasks < 1) {
      throw new IllegalArgumentException("tasks must be at least 1, was " + tasks);
    }
    return new Parallelism(Objects.requireNonNull(executor, "executor"), tasks, () -> {});
  }

  /**
   * Adds a call after every finished item, to show progress.
   *
   * @param afterItem called from the threads that work, so it must be thread-safe
   * @return a changed copy
   */
  public Parallelism reporting(Runnable afterItem) {
    return new Parallelism(executor, tasks, Objects.requireNonNull(afterItem, "afterItem"));
  }

  /**
   * Calls {@code body} once for every index below {@code count} and returns when all are done.
   *
   * <p>After an exception no further item is started; the first one is thrown.
   *
   * @param count number of items
   * @param body what to do with an index; called from several threads at once
   */
  public void forEach(int count, IntConsumer body) {
    if (tasks == 1 || count <= 1) {
      for (int item = 0; item < count; item++) {
        body.accept(item);
        afterItem.run();
      }
      return;
    }
    Run run =
        new Run(
            count,
            item -> {
              body.accept(item);
              afterItem.run();
            });
    int helpers = Math.min(tasks, count) - 1;
    try {
      for (int h = 0; h < helpers; h++) {
        executor.execute(run::work);
      }
    } catch (RejectedExecutionException e) {
      // Those that were accepted and this thread do all the work; a caller must not be left while
      // they still write its rows.
      LOGGER.log(System.Logger.Level.DEBUG, "executor takes no more tasks", e);
    }
    run.work();
    run.awaitAll();
  }

  /** Works on indices {@code from … to-1}. */
  @FunctionalInterface
  public interface RangeConsumer {
    /**
     * Works on a range.
     *
     * @param from first index
     * @param to end of the indices, exclusive
     */
    void accept(int from, int to);
  }

  /**
   * Cuts the indices below {@code count} into ranges of {@code most} and a shorter last one, and
   * calls {@code body} once for each, as {@link #forEach} does.
   *
   * @param count number of indices
   * @param most indices of a range, at least 1
   * @param body what to do with a range; called from several threads at once
   */
  public void forEachRange(int count, int most, RangeConsumer body) {
    forEach(
        ranges(count, most),
        item -> {
          int from = item * most;
          body.accept(from, from + Math.min(most, count - from));
        });
  }

  /**
   * Returns how many ranges {@link #forEachRange} makes.
   *
   * @param count number of indices
   * @param most indices of a range, at least 1
   * @return the ceiling of {@code count/most}
   */
  public static int ranges(int count, int most) {
    return (int) (((long) count + most - 1) / most);
  }

  /**
   * One call of {@link #forEach}; a helper that starts after the last item was taken does nothing.
   */
  private static final class Run {
    private final int count;
    private final IntConsumer body;
    private final AtomicInteger next = new AtomicInteger();
    private final Semaphore finished = new Semaphore(0);
    private final AtomicReference<Throwable> failure = new AtomicReference<>();

    Run(int count, IntConsumer body) {
      this.count = count;
      this.body = body;
    }

    void work() {
      for (int item = next.getAndIncrement(); item < count; item = next.getAndIncrement()) {
        try {
          if (failure.get() == null) {
            body.accept(item);
          }
        } catch (RuntimeException | Error e) {
          failure.compareAndSet(null, e);
        } finally {
          finished.release();
        }
      }
    }

    void awaitAll() {
      // Every item releases once, whether it ran or was skipped after a failure.
      finished.acquireUninterruptibly(count);
      Throwable thrown = failure.get();
      if (thrown instanceof RuntimeException) {
        throw (RuntimeException) thrown;
      }
      if (thrown instanceof Error) {
        throw (Error) thrown;
      }
    }
  }
}
