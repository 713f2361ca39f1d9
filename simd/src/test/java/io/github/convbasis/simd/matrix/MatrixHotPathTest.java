package io.github.convbasis.simd.matrix;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.simd.Allocations;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Warm products: a closure for each call, nothing by rows. */
class MatrixHotPathTest {
  private static final long LIMIT = 200;
  private static final int INPUTS = 200;

  @BeforeEach
  void vectorsAreInHardware() {
    Allocations.assumeVectorsInHardware();
  }

  @Test
  void products() {
    // Outputs of whole panels and one more, in two work items.
    for (int outputs : new int[] {256, 700, 713}) {
      PackedMatrix matrix = new PackedMatrix(new float[outputs * INPUTS], outputs, INPUTS);
      for (int rows : new int[] {1, 100}) {
        float[][] x = new float[rows][INPUTS];
        float[][] y = new float[rows][outputs];
        Allocations.requireAtMost(
            LIMIT, rows + " rows", () -> matrix.apply(x, y, rows, Parallelism.sequential()));
      }
    }
  }

  @Test
  void gates() {
    float[] gate = new float[500];
    float[] product = new float[500];
    Allocations.requireAtMost(LIMIT, "gates", () -> SiluKernel.multiply(gate, product, 500));
  }
}
