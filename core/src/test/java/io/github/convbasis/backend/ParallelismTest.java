package io.github.convbasis.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

class ParallelismTest {
  private static final int ITEMS = 1000;

  @Test
  void everyItemRunsOnce() {
    try (ExecutorService executor = Executors.newFixedThreadPool(3)) {
      for (Parallelism parallelism :
          new Parallelism[] {
            Parallelism.sequential(), Parallelism.of(executor, 1), Parallelism.of(executor, 4)
          }) {
        AtomicIntegerArray calls = new AtomicIntegerArray(ITEMS);
        AtomicInteger reported = new AtomicInteger();
        parallelism.reporting(reported::incrementAndGet).forEach(ITEMS, calls::incrementAndGet);
        for (int item = 0; item < ITEMS; item++) {
          assertEquals(1, calls.get(item));
        }
        assertEquals(ITEMS, reported.get());
        parallelism.forEach(0, item -> calls.incrementAndGet(item));
        assertEquals(1, calls.get(0));
      }
    }
  }

  @Test
  void anExecutorThatNeverRunsDoesNotBlock() {
    AtomicInteger calls = new AtomicInteger();
    Parallelism.of(task -> {}, 4).forEach(ITEMS, item -> calls.incrementAndGet());
    assertEquals(ITEMS, calls.get());
  }

  @Test
  void nestedUseOfOneExecutorDoesNotBlock() {
    AtomicInteger calls = new AtomicInteger();
    try (ExecutorService executor = Executors.newFixedThreadPool(1)) {
      Parallelism parallelism = Parallelism.of(executor, 3);
      parallelism.forEach(10, outer -> parallelism.forEach(10, inner -> calls.incrementAndGet()));
    }
    assertEquals(100, calls.get());
  }

  @Test
  void theFirstFailureIsThrownAndStopsTheRest() {
    IllegalStateException failure = new IllegalStateException("item 5");
    AtomicInteger calls = new AtomicInteger();
    try (ExecutorService executor = Executors.newFixedThreadPool(2)) {
      Parallelism parallelism = Parallelism.of(executor, 3);
      IllegalStateException thrown =
          assertThrows(
              IllegalStateException.class,
              () ->
                  parallelism.forEach(
                      ITEMS,
                      item -> {
                        calls.incrementAndGet();
                        throw failure;
                      }));
      assertSame(failure, thrown);
    }
    // At most one item per task was under way when the first one failed.
    assertEquals(true, calls.get() <= 3);
  }

  @Test
  void refusesNoTask() {
    assertEquals(
        "tasks must be at least 1, was 0",
        assertThrows(IllegalArgumentException.class, () -> Parallelism.of(Runnable::run, 0))
            .getMessage());
  }
}
