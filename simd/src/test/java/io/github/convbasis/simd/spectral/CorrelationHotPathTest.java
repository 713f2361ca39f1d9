package io.github.convbasis.simd.spectral;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;
import io.github.convbasis.simd.Lanes;
import io.github.convbasis.simd.Samples;
import java.lang.management.ManagementFactory;
import java.util.SplittableRandom;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Calls with scratch that has grown: closures for each level, nothing by rows. */
class CorrelationHotPathTest {
  private static final long PATIENCE = 120_000_000_000L;
  private static final int WIDTH = 20;

  /** Bytes of a few closures for each of two levels; 500 were seen. */
  private static final long LIMIT = 1_500;

  @BeforeEach
  void vectorsAreInHardware() {
    // Of other widths the machine, or the compiler, lacks instructions, and vectors are objects.
    int bits = Lanes.FLOATS.vectorBitSize();
    assumeTrue(bits >= 128 && bits <= FloatVector.SPECIES_PREFERRED.vectorBitSize());
  }

  @Test
  void correlation() {
    for (int n : new int[] {256, 1024}) {
      SegmentedToeplitz matrix = SegmentSamples.gaussian(n, 5, 1, 3);
      SplittableRandom random = new SplittableRandom(5);
      HeadTensor y = Samples.tensor(random, Samples.Layout.DENSE, true, 1, n, WIDTH, 1);
      HeadTensor x = Samples.tensor(random, Samples.Layout.DENSE, true, 1, n, WIDTH, 1);
      double[][] gradients = new double[matrix.terms()][];
      for (int r = 0; r < gradients.length; r++) {
        gradients[r] = new double[n - matrix.start(r)];
      }
      SegmentCorrelation correlation = new SegmentCorrelation(BlockPlan.of(16, 64));
      requireFewBytes(
          () -> correlation.apply(matrix, y, x, 0, gradients, Parallelism.sequential()));
    }
  }

  /** Compilation runs in the background, so it is waited for. */
  private static void requireFewBytes(Runnable call) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long least = Long.MAX_VALUE;
    for (long start = System.nanoTime(); least > LIMIT && System.nanoTime() - start < PATIENCE; ) {
      long before = threads.getCurrentThreadAllocatedBytes();
      call.run();
      least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
    }
    assertTrue(least <= LIMIT, least + " bytes, limit " + LIMIT);
  }
}
