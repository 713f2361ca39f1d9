package io.github.convbasis.simd.convolution;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.simd.Lanes;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Judges both convolutions and their transposes by direct sums in double. */
class ConvolutionTest {
  private static final int LANES = Lanes.COUNT;
  private static final Parallelism ALONE = Parallelism.sequential();

  private static void check(int n, int width, int blockSize, ConvolutionScratch scratch) {
    double[] x = ConvolutionSamples.random(n, n * width, 1);
    for (int kernelWidth : new int[] {1, width}) {
      if (kernelWidth == 1 && width == 1) {
        continue;
      }
      double[] kernels = ConvolutionSamples.random(width, n * kernelWidth, 1);
      for (boolean transpose : new boolean[] {false, true}) {
        double[] expected = ConvolutionSamples.direct(kernels, x, n, width, transpose);
        HeadTensor y = HeadTensor.allocate(true, 1, n, width);
        ConvolutionSamples.operator(kernels, n, width, blockSize, transpose)
            .apply(ConvolutionSamples.singleHead(x, n, width), y, scratch, ALONE);
        ConvolutionSamples.assertClose(expected, y, kernels, x, n, blockSize);
        ConvolutionSamples.soil(scratch);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 47, 63, 64, 65, 71, 77, 129})
  void isTheDirectSumForAnyNumberOfBlocks(int n) {
    check(n, 3, 8, new ConvolutionScratch());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 63, 64, 65, 127, 129, 255, 257, 301})
  void isTheDirectSumForSeveralSlices(int n) {
    check(n, LANES + 1, 64, new ConvolutionScratch());
  }

  @Test
  void isTheDirectSumForWidthsAroundTheLanes() {
    ConvolutionScratch scratch = new ConvolutionScratch();
    for (int width :
        new int[] {2, LANES - 1, LANES, LANES + 1, 2 * LANES - 1, 2 * LANES, 4 * LANES + 1}) {
      if (width > 0) {
        check(45, width, 16, scratch);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5, 100, 1025, 2500})
  void isTheDirectSumForTheChosenBlocks(int n) {
    double[] kernel = ConvolutionSamples.random(1, n, 1);
    double[] x = ConvolutionSamples.random(2, 2 * n, 1);
    HeadTensor input = ConvolutionSamples.singleHead(x, n, 2);
    HeadTensor y = HeadTensor.allocate(true, 1, n, 2);
    ConvolutionScratch scratch = new ConvolutionScratch();
    int blockSize = BlockSizes.of(n);
    new SharedConvolution(kernel).apply(input, 0, y, 0, scratch, ALONE);
    double[] expected = ConvolutionSamples.direct(kernel, x, n, 2, false);
    ConvolutionSamples.assertClose(expected, y, kernel, x, n, blockSize);
    double[] kernels = ConvolutionSamples.random(3, 2 * n, 1);
    new DepthwiseConvolution(HeadTensor.of(kernels, 1, n, 2), 0)
        .applyTranspose(input, 0, y, 0, scratch, ALONE);
    expected = ConvolutionSamples.direct(kernels, x, n, 2, true);
    ConvolutionSamples.assertClose(expected, y, kernels, x, n, blockSize);
  }

  @Test
  void knowsHeadsStridesAndPrecisionsAndTouchesNothingElse() {
    int n = 37;
    int width = LANES + 3;
    int stride = 2 * width + 5;
    double[] dense = ConvolutionSamples.random(4, n * width, 1);
    double[] kernels = ConvolutionSamples.random(5, n * width, 1);
    double[] expected = ConvolutionSamples.direct(kernels, dense, n, width, false);
    double[] wide = new double[3 + n * stride + 7];
    Arrays.fill(wide, Double.NaN);
    for (int i = 0; i < n; i++) {
      System.arraycopy(dense, i * width, wide, 3 + width + i * stride, width);
    }
    ConvolutionSamples.Operator operator = ConvolutionSamples.operator(kernels, n, width, 8, false);
    for (boolean single : new boolean[] {false, true}) {
      float[] floats = ConvolutionSamples.floats(wide);
      double[] doubles = wide.clone();
      // Head 1 of two that share rows; x and y are the same.
      HeadTensor heads =
          single
              ? HeadTensor.of(floats, 3, 2, width, n, stride, width)
              : HeadTensor.of(doubles, 3, 2, width, n, stride, width);
      operator.apply(heads.head(1), heads.head(1), new ConvolutionScratch(), ALONE);
      ConvolutionSamples.assertClose(expected, heads.head(1), kernels, dense, n, 8);
      for (int i = 0; i < wide.length; i++) {
        assertEquals(
            Double.isNaN(wide[i]), Double.isNaN(single ? floats[i] : doubles[i]), "at " + i);
      }
    }
  }

  @Test
  void zeroKernelsAndInputsGiveZeros() {
    int n = 30;
    double[] x = ConvolutionSamples.random(6, n * 3, 1);
    for (int kernelWidth : new int[] {1, 3}) {
      double[] kernels = new double[n * kernelWidth];
      HeadTensor y = ConvolutionSamples.singleHead(x, n, 3);
      ConvolutionScratch scratch = new ConvolutionScratch();
      ConvolutionSamples.operator(kernels, n, 3, 8, false).apply(y, y, scratch, ALONE);
      assertEquals(0, y.maxAbs(0));
      kernels[2] = 1;
      ConvolutionSamples.operator(kernels, n, 3, 8, true).apply(y, y, scratch, ALONE);
      assertEquals(0, y.maxAbs(0));
    }
  }

  @Test
  void transposeIsTheAdjoint() {
    int n = 203;
    int width = 5;
    double[] x = ConvolutionSamples.random(7, n * width, 1);
    double[] y = ConvolutionSamples.random(8, n * width, 1);
    for (int kernelWidth : new int[] {1, width}) {
      double[] kernels = ConvolutionSamples.random(9, n * kernelWidth, 1);
      double left = 0;
      double right = 0;
      double bound = 0;
      for (boolean transpose : new boolean[] {false, true}) {
        double[] from = transpose ? y : x;
        double[] with = transpose ? x : y;
        HeadTensor result = HeadTensor.allocate(true, 1, n, width);
        ConvolutionSamples.operator(kernels, n, width, 16, transpose)
            .apply(
                ConvolutionSamples.singleHead(from, n, width),
                result,
                new ConvolutionScratch(),
                ALONE);
        double sum = 0;
        for (int i = 0; i < n * width; i++) {
          sum += result.get(0, i / width, i % width) * with[i];
        }
        left = transpose ? left : sum;
        right = sum;
      }
      for (int c = 0; c < width; c++) {
        bound +=
            ConvolutionSamples.norm(kernels, c % kernelWidth, kernelWidth)
                * ConvolutionSamples.norm(x, c, width)
                * ConvolutionSamples.norm(y, c, width);
      }
      // Every element is wrong by the tolerance at most, and errors of √n of them add up.
      assertEquals(left, right, 2 * 0x1p-24 * 5 * bound * Math.sqrt(n));
    }
  }

  @Test
  void refusesOtherShapes() {
    HeadTensor tensor = HeadTensor.allocate(true, 1, 4, 3);
    HeadTensor longer = HeadTensor.allocate(true, 1, 5, 3);
    HeadTensor wider = HeadTensor.allocate(true, 1, 4, 4);
    ConvolutionScratch scratch = new ConvolutionScratch();
    SharedConvolution shared = new SharedConvolution(new double[4]);
    DepthwiseConvolution depthwise = new DepthwiseConvolution(tensor, 0);
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> shared.apply(longer, 0, tensor, 0, scratch, ALONE))
            .getMessage();
    assertTrue(message.contains("x must be 4") && message.contains("was 1 × 5 × 3"), message);
    assertThrows(
        IllegalArgumentException.class, () -> shared.apply(tensor, 0, wider, 0, scratch, ALONE));
    assertThrows(
        IllegalArgumentException.class, () -> shared.apply(tensor, 1, tensor, 0, scratch, ALONE));
    assertThrows(
        IllegalArgumentException.class, () -> depthwise.apply(wider, 0, wider, 0, scratch, ALONE));
    assertThrows(IllegalArgumentException.class, () -> new SharedConvolution(new double[0]));
    assertThrows(
        IllegalArgumentException.class, () -> new SharedConvolution(new double[] {1, Double.NaN}));
    HeadTensor bad = HeadTensor.of(new float[] {1, Float.NaN}, 1, 1, 2);
    assertThrows(IllegalArgumentException.class, () -> new DepthwiseConvolution(bad, 0));
  }

  @Test
  void plansSharedScratchOfAnyHistory() {
    ConvolutionScratch scratch = new ConvolutionScratch();
    check(300, 2 * LANES + 1, 64, scratch);
    check(3, 2, 8, scratch);
    check(301, 3, 8, scratch);
    assertArrayEquals(
        new int[] {8, 8, 16}, new int[] {BlockSizes.of(1), BlockSizes.of(8), BlockSizes.of(9)});
  }
}
