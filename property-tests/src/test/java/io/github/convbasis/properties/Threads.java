package io.github.convbasis.properties;

import java.util.concurrent.Executor;
import java.util.concurrent.Executors;

/** Real threads for tests of parallel work; daemons, so that they never keep a test run alive. */
final class Threads {
  /** One more than the pool has, since the caller works too. */
  static final int MOST_TASKS = 4;

  static final Executor POOL =
      Executors.newFixedThreadPool(
          MOST_TASKS - 1,
          task -> {
            Thread thread = new Thread(task, "parallel property");
            thread.setDaemon(true);
            return thread;
          });

  private Threads() {}
}
