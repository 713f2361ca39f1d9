package io.github.convbasis.simd.convolution;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.simd.Lanes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Inputs whose products, sums or squares leave the range of float on the way. */
class ConvolutionMagnitudeTest {
  private static final Parallelism ALONE = Parallelism.sequential();

  @ParameterizedTest
  @CsvSource({
    "1e30, 1e5",
    "1e30, 1e-30",
    "1e-30, 1e30",
    "1e-30, 1e-5",
    "1e37, 1e-35",
    "1e-37, 1e37",
    "1e30, 1e-60",
    "1e-30, 1e60",
    "1e-40, 1e40"
  })
  void resultsInRangeAreRight(double inputScale, double kernelScale) {
    int n = 53;
    int width = Lanes.COUNT + 1;
    double[] x = ConvolutionSamples.random(1, n * width, inputScale);
    for (int kernelWidth : new int[] {1, width}) {
      double[] kernels = ConvolutionSamples.random(2, n * kernelWidth, 1);
      for (int i = 0; i < kernels.length; i++) {
        kernels[i] *= kernelScale;
      }
      for (boolean transpose : new boolean[] {false, true}) {
        double[] expected = ConvolutionSamples.direct(kernels, x, n, width, transpose);
        HeadTensor y = HeadTensor.allocate(true, 1, n, width);
        ConvolutionSamples.operator(kernels, n, width, 8, transpose)
            .apply(ConvolutionSamples.singleHead(x, n, width), y, new ConvolutionScratch(), ALONE);
        ConvolutionSamples.assertClose(expected, y, kernels, x, n, 8);
      }
    }
  }

  /** Each block by its own bound: what came before counts, what comes after does not. */
  @ParameterizedTest
  @CsvSource({"1e-30, 1e30", "1e30, 1e-30", "0, 1e-30", "1e-42, 1"})
  void blocksOfDifferentMagnitudesAreRight(double first, double second) {
    int n = 96;
    int width = 3;
    double[] x = ConvolutionSamples.random(3, n * width, first);
    double[] late = ConvolutionSamples.random(4, n * width, second);
    System.arraycopy(late, 0, x, n / 2 * width, n / 2 * width);
    for (int kernelWidth : new int[] {1, width}) {
      double[] kernels = ConvolutionSamples.random(5, n * kernelWidth, 1);
      double[] expected = ConvolutionSamples.direct(kernels, x, n, width, false);
      HeadTensor y = HeadTensor.allocate(true, 1, n, width);
      ConvolutionSamples.operator(kernels, n, width, 8, false)
          .apply(ConvolutionSamples.singleHead(x, n, width), y, new ConvolutionScratch(), ALONE);
      ConvolutionSamples.assertClose(expected, y, kernels, x, n, 8);
      double norm = 0;
      for (int c = 0; c < width; c++) {
        double squares = 0;
        for (int i = 0; i < n / 2; i++) {
          squares += x[i * width + c] * x[i * width + c];
        }
        norm = Math.max(norm, Math.sqrt(squares));
      }
      double kernel = Math.sqrt(n);
      for (int i = 0; i < n / 2 * width; i++) {
        double tolerance = 8 * 0x1p-24 * norm * kernel + Float.MIN_VALUE;
        assertEquals(expected[i], y.get(0, i / width, i % width), tolerance);
      }
    }
  }

  @Test
  void namesTheElementThatIsTooLarge() {
    int n = 40;
    double[] kernel = new double[n];
    kernel[3] = 1e10;
    double[] x = new double[n * 2];
    x[20 * 2 + 1] = 1e30;
    ConvolutionScratch scratch = new ConvolutionScratch();
    HeadTensor input = ConvolutionSamples.singleHead(x, n, 2);
    HeadTensor y = HeadTensor.allocate(true, 1, n, 2);
    ArithmeticException thrown =
        assertThrows(
            ArithmeticException.class,
            () ->
                ConvolutionSamples.operator(kernel, n, 2, 8, false)
                    .apply(input, y, scratch, ALONE));
    assertTrue(thrown.getMessage().contains("row 23, column 1"), thrown.getMessage());
    x[20 * 2 + 1] = 1e50;
    thrown =
        assertThrows(
            ArithmeticException.class,
            () ->
                ConvolutionSamples.operator(kernel, n, 2, 8, true)
                    .apply(HeadTensor.of(x, 1, n, 2), y, scratch, ALONE));
    assertTrue(thrown.getMessage().contains("row 20, column 1"), thrown.getMessage());
  }
}
