package io.github.convbasis.simd;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import jdk.incubator.vector.FloatVector;

/** Measures what calls allocate once they are compiled. */
public final class Allocations {
  private static final long PATIENCE = 120_000_000_000L;

  private Allocations() {}

  /** Skips a test of other widths: the machine, or the compiler, lacks instructions for them. */
  public static void assumeVectorsInHardware() {
    // There vectors are objects.
    int bits = Lanes.FLOATS.vectorBitSize();
    assumeTrue(bits >= 128 && bits <= FloatVector.SPECIES_PREFERRED.vectorBitSize());
  }

  /**
   * Requires that some call allocates no more; compilation runs in the background, so it is waited
   * for.
   *
   * @param limit most bytes
   * @param what of the message
   * @param call repeated until it allocates as little
   */
  public static void requireAtMost(long limit, String what, Runnable call) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long least = Long.MAX_VALUE;
    for (long start = System.nanoTime(); least > limit && System.nanoTime() - start < PATIENCE; ) {
      long before = threads.getCurrentThreadAllocatedBytes();
      call.run();
      least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
    }
    assertTrue(least <= limit, what + ": " + least + " bytes, limit " + limit);
  }
}
