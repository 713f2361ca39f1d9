package io.github.convbasis.simd.convolution;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.simd.Lanes;
import java.util.Arrays;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What must not change a single bit. */
class ConvolutionInvarianceTest {
  private static final Parallelism ALONE = Parallelism.sequential();

  private static float[] run(
      ConvolutionSamples.Operator operator, double[] x, int n, int width, Parallelism tasks) {
    float[] y = new float[n * width];
    operator.apply(
        ConvolutionSamples.singleHead(x, n, width),
        HeadTensor.of(y, 1, n, width),
        new ConvolutionScratch(),
        tasks);
    return y;
  }

  @ParameterizedTest
  @CsvSource({"false, 1", "false, 1e30", "true, 1", "true, 1e-30"})
  void anyNumberOfTasks(boolean transpose, double scale) throws Exception {
    int n = 150;
    int width = 5 * Lanes.COUNT + 1;
    double[] x = ConvolutionSamples.random(1, n * width, 1);
    for (int i = 0; i < 70; i++) {
      x[40 * width + i] = (float) (x[40 * width + i] * scale);
    }
    ExecutorService executor = Executors.newFixedThreadPool(3);
    try {
      for (int kernelWidth : new int[] {1, width}) {
        double[] kernels = ConvolutionSamples.random(2, n * kernelWidth, 1e-6);
        ConvolutionSamples.Operator operator =
            ConvolutionSamples.operator(kernels, n, width, 16, transpose);
        float[] expected = run(operator, x, n, width, ALONE);
        for (int tasks = 2; tasks <= 4; tasks++) {
          Parallelism parallelism = Parallelism.of(executor, tasks);
          assertArrayEquals(expected, run(operator, x, n, width, parallelism));
        }
      }
    } finally {
      executor.shutdown();
    }
  }

  /** Changes of blocks that must not act, by little and by so much that all scales change. */
  @ParameterizedTest
  @CsvSource({
    "false, 1, 2", "false, 1, 1e25", "false, 1e-25, 1e20", "false, 0, 1",
    "true, 1, 2", "true, 1, 1e25", "true, 1e-25, 1e20", "true, 0, 1"
  })
  void blocksDoNotActOnEarlierOnes(boolean transpose, double before, double after) {
    int blockSize = 8;
    int blocks = 11;
    int n = blocks * blockSize - 3;
    int width = 2 * Lanes.COUNT + 3;
    for (int kernelWidth : new int[] {1, width}) {
      double[] kernels = ConvolutionSamples.random(3, n * kernelWidth, 1);
      ConvolutionSamples.Operator operator =
          ConvolutionSamples.operator(kernels, n, width, blockSize, transpose);
      double[] x = ConvolutionSamples.random(4, n * width, before);
      float[] expected = run(operator, x, n, width, ALONE);
      for (int block = 0; block < blocks; block++) {
        int boundary = Math.min(n, block * blockSize) * width;
        int from = transpose ? 0 : boundary;
        int to = transpose ? boundary : n * width;
        double[] changed = x.clone();
        double[] other = ConvolutionSamples.random(5 + block, to - from, after);
        System.arraycopy(other, 0, changed, from, to - from);
        float[] actual = run(operator, changed, n, width, ALONE);
        int keptFrom = transpose ? boundary : 0;
        int keptTo = transpose ? n * width : boundary;
        for (int i = keptFrom; i < keptTo; i++) {
          int row = i / width;
          assertEquals(
              Float.floatToRawIntBits(expected[i]),
              Float.floatToRawIntBits(actual[i]),
              "block " + block + ", row " + row);
        }
      }
    }
  }

  @Test
  void lanesOfDepthwiseConvolutionsDoNotMix() {
    int n = 40;
    int width = Lanes.COUNT;
    double[] kernels = ConvolutionSamples.random(6, n * width, 1);
    ConvolutionSamples.Operator operator = ConvolutionSamples.operator(kernels, n, width, 8, false);
    double[] crowd = ConvolutionSamples.random(7, n * width, 1e20);
    double[] alone = new double[n * width];
    for (int i = width - 1; i < n * width; i += width) {
      crowd[i] = (float) (crowd[i] * 1e-40);
      alone[i] = crowd[i];
    }
    float[] expected = run(operator, alone, n, width, ALONE);
    float[] actual = run(operator, crowd, n, width, ALONE);
    for (int i = width - 1; i < n * width; i += width) {
      assertEquals(expected[i], actual[i]);
    }
  }

  @Test
  void resultsDoNotDependOnLength() {
    int n = 200;
    double[] kernel = ConvolutionSamples.random(8, n, 1);
    double[] x = ConvolutionSamples.random(9, 3 * n, 1);
    float[] whole = run(ConvolutionSamples.operator(kernel, n, 3, 16, false), x, n, 3, ALONE);
    for (int length : new int[] {1, 15, 16, 33, 80, 96, 128, 199}) {
      // Windows of the prefix are shorter: only rows whose windows are whole are the same.
      int rows = length / 16 * 16;
      double[] prefix = Arrays.copyOf(kernel, length);
      float[] part =
          run(
              ConvolutionSamples.operator(prefix, length, 3, 16, false),
              Arrays.copyOf(x, 3 * length),
              length,
              3,
              ALONE);
      for (int i = 0; i < rows * 3; i++) {
        assertEquals(whole[i], part[i]);
      }
    }
  }
}
