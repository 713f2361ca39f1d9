package io.github.convbasis.simd.matrix;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.simd.Lanes;
import java.lang.management.ManagementFactory;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Warm products: a closure for each call, nothing by rows. */
class MatrixHotPathTest {
  private static final long PATIENCE = 120_000_000_000L;
  private static final long LIMIT = 200;
  private static final int INPUTS = 200;

  @BeforeEach
  void vectorsAreInHardware() {
    // Of other widths the machine, or the compiler, lacks instructions, and vectors are objects.
    int bits = Lanes.FLOATS.vectorBitSize();
    assumeTrue(bits >= 128 && bits <= FloatVector.SPECIES_PREFERRED.vectorBitSize());
  }

  @Test
  void products() {
    // Outputs of whole panels and one more, in two work items.
    for (int outputs : new int[] {256, 700, 713}) {
      PackedMatrix matrix = new PackedMatrix(new float[outputs * INPUTS], outputs, INPUTS);
      for (int rows : new int[] {1, 100}) {
        float[][] x = new float[rows][INPUTS];
        float[][] y = new float[rows][outputs];
        requireFewBytes(() -> matrix.apply(x, y, rows, Parallelism.sequential()));
      }
    }
  }

  @Test
  void gates() {
    float[] gate = new float[500];
    float[] product = new float[500];
    requireFewBytes(() -> SiluKernel.multiply(gate, product, 500));
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
