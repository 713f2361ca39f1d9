package io.github.convbasis.bench;

import io.github.convbasis.backend.Parallelism;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Threads for a number of tasks, one of which runs on the calling thread. */
final class Tasks implements AutoCloseable {
  private final ExecutorService executor;
  private final Parallelism parallelism;

  Tasks(int tasks) {
    executor = Executors.newFixedThreadPool(Math.max(1, tasks - 1));
    parallelism = Parallelism.of(executor, tasks);
  }

  Parallelism parallelism() {
    return parallelism;
  }

  @Override
  public void close() {
    executor.shutdown();
  }
}
