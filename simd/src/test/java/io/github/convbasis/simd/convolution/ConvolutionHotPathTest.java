package io.github.convbasis.simd.convolution;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.simd.Allocations;
import io.github.convbasis.simd.Lanes;
import org.junit.jupiter.api.Test;

class ConvolutionHotPathTest {
  /** Views of tiles and the closures of work items, whatever n is. */
  private static final long MOST_BYTES = 1_024;

  @Test
  void warmCallsAllocateAFewObjects() {
    Allocations.assumeVectorsInHardware();
    for (int n : new int[] {100, 1_500}) {
      int width = Lanes.COUNT + 1;
      HeadTensor x = ConvolutionSamples.singleHead(random(1, n * width), n, width);
      HeadTensor y = HeadTensor.allocate(true, 1, n, width);
      for (int kernelWidth : new int[] {1, width}) {
        ConvolutionSamples.Operator operator =
            ConvolutionSamples.operator(random(2, n * kernelWidth), n, width, 16, false);
        ConvolutionScratch scratch = new ConvolutionScratch();
        Parallelism alone = Parallelism.sequential();
        Allocations.requireAtMost(
            MOST_BYTES,
            n + " rows, " + kernelWidth + " kernels",
            () -> operator.apply(x, y, scratch, alone));
      }
    }
  }

  private static double[] random(long seed, int count) {
    return ConvolutionSamples.random(seed, count, 1);
  }
}
