package io.github.convbasis.simd.spectral;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;
import io.github.convbasis.simd.Allocations;
import io.github.convbasis.simd.Samples;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Calls with scratch that has grown: closures for each level, nothing by rows. */
class CorrelationHotPathTest {
  private static final int WIDTH = 20;

  /** Bytes of a few closures for each of two levels; 500 were seen. */
  private static final long LIMIT = 1_500;

  @BeforeEach
  void vectorsAreInHardware() {
    Allocations.assumeVectorsInHardware();
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
      Allocations.requireAtMost(
          LIMIT,
          n + " rows",
          () -> correlation.apply(matrix, y, x, 0, gradients, Parallelism.sequential()));
    }
  }
}
