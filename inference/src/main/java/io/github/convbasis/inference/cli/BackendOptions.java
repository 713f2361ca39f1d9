package io.github.convbasis.inference.cli;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.AttentionInputs;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import picocli.CommandLine.Option;

/** Which backend computes, and on how many threads. */
final class BackendOptions {
  @Option(
      names = "--backend",
      paramLabel = "auto|scalar|simd",
      defaultValue = Backends.AUTO,
      description =
          "What computes: auto takes the fastest that works here for float32 and the"
              + " double-precision scalar one for float64; a named one is never replaced by another"
              + " (default: ${DEFAULT-VALUE}).")
  private String backend;

  @Option(
      names = "--threads",
      paramLabel = "t",
      description = "Threads that work at once (default: all processors).")
  private Integer threads;

  /**
   * Returns the backend for these inputs. Unless one is named, float64 keeps its precision: the
   * vectorised backend computes in float32.
   */
  Backend backend(AttentionInputs inputs) {
    boolean automatic = backend.equals(Backends.AUTO);
    return automatic && !inputs.isSinglePrecision() ? Backends.scalar() : Backends.select(backend);
  }

  /** Returns the backend for float32 inputs. */
  Backend select() {
    return Backends.select(backend);
  }

  int threads() {
    int count = threads == null ? Runtime.getRuntime().availableProcessors() : threads;
    if (count < 1) {
      throw new InputException("--threads must be at least 1, was " + count);
    }
    return count;
  }

  /** Calls {@code work} with the asked parallelism, and ends its threads afterwards. */
  <T> T parallel(Function<Parallelism, T> work) {
    int count = threads();
    if (count == 1) {
      return work.apply(Parallelism.sequential());
    }
    try (ExecutorService executor = Executors.newFixedThreadPool(count - 1)) {
      return work.apply(Parallelism.of(executor, count));
    }
  }
}
