package io.github.convbasis.simd.fft;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.fft.ComplexFft;
import io.github.convbasis.simd.Tolerance;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Judges the batched transform by the scalar one in double. */
class BatchFftTest {
  private static final int ROW = BatchFft.ROW;
  private static final int LANES = ROW / 2;

  /** FFT(N): c·u·log₂N·‖x‖₂; the worst seen from 2¹ to 2¹⁵ is 1.05, two passes' rounding. */
  private static double tolerance(int size, double norm) {
    double levels = Math.max(1, Math.log(size) / Math.log(2));
    return 4 * Tolerance.UNIT * levels * norm;
  }

  private static float[] random(long seed, int rows) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] data = new float[rows * ROW];
    for (int i = 0; i < data.length; i++) {
      data[i] = (float) (2 * random.nextDouble() - 1);
    }
    return data;
  }

  private static int bitReversed(int row, int size) {
    return size == 1 ? 0 : Integer.reverse(row) >>> (32 - Integer.numberOfTrailingZeros(size));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 32768})
  void everyLaneIsTheScalarTransform(int size) {
    float[] x = random(size, size);
    float[] data = x.clone();
    new BatchFft(size).forward(data, 0);
    ComplexFft scalar = new ComplexFft(size);
    double[] re = new double[size];
    double[] im = new double[size];
    for (int lane = 0; lane < LANES; lane++) {
      double squares = 0;
      for (int t = 0; t < size; t++) {
        re[t] = x[t * ROW + lane];
        im[t] = x[t * ROW + LANES + lane];
        squares += re[t] * re[t] + im[t] * im[t];
      }
      scalar.forward(re, im);
      double tolerance = tolerance(size, Math.sqrt(squares));
      for (int row = 0; row < size; row++) {
        int f = bitReversed(row, size);
        assertEquals(re[f], data[row * ROW + lane], tolerance);
        assertEquals(im[f], data[row * ROW + LANES + lane], tolerance);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 8, 16, 32, 64, 256, 2048, 4096})
  void inverseUndoesForwardAndTouchesNothingElse(int size) {
    int offset = 5;
    float[] x = random(size, size);
    float[] data = new float[offset + x.length + 7];
    Arrays.fill(data, Float.NaN);
    System.arraycopy(x, 0, data, offset, x.length);
    BatchFft fft = new BatchFft(size);
    fft.forward(data, offset);
    fft.inverse(data, offset);
    double tolerance = tolerance(size, Math.sqrt(2 * size)) / Math.sqrt(size);
    for (int i = 0; i < x.length; i++) {
      assertEquals(x[i], data[offset + i] / size, 2 * tolerance);
    }
    for (int i = 0; i < data.length; i++) {
      boolean inside = i >= offset && i < offset + x.length;
      assertEquals(!inside, Float.isNaN(data[i]), "at " + i);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 4, 8, 16, 32, 64, 256, 512, 2048, 4096})
  void halvedFormsAreTheWholeOnesBitByBit(int size) {
    float[] whole = random(size, size);
    float[] padded = whole.clone();
    Arrays.fill(whole, size / 2 * ROW, size * ROW, 0);
    Arrays.fill(padded, size / 2 * ROW, size * ROW, Float.NaN);
    BatchFft fft = new BatchFft(size);
    fft.forward(whole, 0);
    fft.forwardPadded(padded, 0);
    // Adding 0 may turn -0 into +0, so values, not bits.
    for (int i = 0; i < whole.length; i++) {
      assertEquals(whole[i] + 0f, padded[i] + 0f);
    }
    float[] half = whole.clone();
    fft.inverse(whole, 0);
    fft.inverseUpperHalf(half, 0);
    int middle = size / 2 * ROW;
    assertArrayEquals(
        Arrays.copyOfRange(whole, middle, whole.length),
        Arrays.copyOfRange(half, middle, half.length));
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 8, 16, 32, 256, 512, 4096})
  void formsThatReadAndWriteElsewhereAreTheOnesInPlaceBitByBit(int size) {
    int step = 3 * LANES + 1;
    int second = LANES + 1;
    int middle = size / 2 * ROW;
    float[] rows = random(size, size);
    float[] source = new float[2 + size / 2 * step];
    for (int t = 0; t < size / 2; t++) {
      System.arraycopy(rows, t * ROW, source, 2 + t * step, LANES);
      System.arraycopy(rows, t * ROW + LANES, source, 2 + t * step + second, LANES);
    }
    BatchFft fft = new BatchFft(size);
    float[] expected = rows.clone();
    fft.forwardPadded(expected, 0);
    float[] actual = new float[rows.length];
    int[] greatest = new int[1 + LANES];
    fft.forwardPadded(source, 2, step, second, actual, 0, greatest, 1);
    assertArrayEquals(expected, actual);
    for (int lane = 0; lane < LANES; lane++) {
      float max = 0;
      for (int i = lane; i < middle; i += LANES) {
        max = Math.max(max, Math.abs(rows[i]));
      }
      assertEquals(max, Float.intBitsToFloat(greatest[1 + lane]));
    }
    float[] factors = new float[2 * LANES];
    Arrays.fill(factors, 0.5f);
    // Any spectrum; that of a padded column would leave an upper half of zeros.
    expected = random(size + 1, size);
    actual = expected.clone();
    float[] again = expected.clone();
    fft.inverseUpperHalf(expected, 0);
    float[] target = new float[source.length];
    assertTrue(fft.inverseUpperHalf(actual, 0, target, 2, step, second, factors));
    for (int t = 0; t < size / 2; t++) {
      for (int i = 0; i < ROW; i++) {
        int at = 2 + t * step + (i < LANES ? i : i - LANES + second);
        assertEquals(expected[middle + t * ROW + i] / 4, target[at]);
      }
    }
    factors[LANES - 1] = Float.MAX_VALUE;
    factors[2 * LANES - 1] = Float.MAX_VALUE;
    assertFalse(fft.inverseUpperHalf(again, 0, target, 2, step, second, factors));
  }

  @Test
  void mirrorIsTheNegativeFrequency() {
    for (int size = 1; size <= 1024; size *= 2) {
      for (int row = 0; row < size; row++) {
        int f = bitReversed(row, size);
        assertEquals((size - f) % size, bitReversed(BatchFft.mirror(row), size));
      }
    }
  }

  @Test
  void lanesDoNotMix() {
    int size = 64;
    float[] alone = new float[size * ROW];
    float[] crowd = random(3, size);
    for (int row = 0; row < size; row++) {
      alone[row * ROW + LANES - 1] = crowd[row * ROW + LANES - 1];
      alone[row * ROW + ROW - 1] = crowd[row * ROW + ROW - 1];
    }
    new BatchFft(size).forward(alone, 0);
    new BatchFft(size).forward(crowd, 0);
    for (int row = 0; row < size; row++) {
      assertEquals(alone[row * ROW + LANES - 1], crowd[row * ROW + LANES - 1]);
    }
  }

  @Test
  void refusesOtherSizes() {
    for (int size : new int[] {0, -2, 3, 12, 1 << 21}) {
      String message =
          assertThrows(IllegalArgumentException.class, () -> new BatchFft(size)).getMessage();
      assertTrue(message.contains("was " + size), message);
    }
  }
}
