package io.github.convbasis.simd.convolution;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.simd.Allocations;
import io.github.convbasis.simd.Lanes;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

class ConvolutionHotPathTest {
  private static final int WARM_UP = 20_000;

  /** Views of tiles and the closures of work items, whatever n is. */
  private static final long MOST_BYTES = 1_024;

  @Test
  void warmCallsAllocateAFewObjects() {
    Allocations.assumeVectorsInHardware();
    for (int n : new int[] {100, 1_500}) {
      int width = Lanes.COUNT + 1;
      double[] x = ConvolutionSamples.random(1, n * width, 1);
      for (int kernelWidth : new int[] {1, width}) {
        double[] kernels = ConvolutionSamples.random(2, n * kernelWidth, 1);
        long least = leastBytes(kernels, x, n, width);
        assertTrue(least <= MOST_BYTES, n + " rows: " + least + " bytes");
      }
    }
  }

  private static long leastBytes(double[] kernels, double[] x, int n, int width) {
    ConvolutionSamples.Operator operator =
        ConvolutionSamples.operator(kernels, n, width, 16, false);
    HeadTensor input = ConvolutionSamples.singleHead(x, n, width);
    HeadTensor output = HeadTensor.allocate(true, 1, n, width);
    ConvolutionScratch scratch = new ConvolutionScratch();
    Parallelism alone = Parallelism.sequential();
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    // Compilation runs in the background, so it is waited for.
    long least = Long.MAX_VALUE;
    for (int i = 0; i < WARM_UP && least > MOST_BYTES; i++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      operator.apply(input, output, scratch, alone);
      least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
    }
    return least;
  }
}
