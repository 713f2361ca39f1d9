package io.github.convbasis.simd.fft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.fft.ComplexFft;
import io.github.convbasis.simd.Tolerance;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Judges the real transform by the scalar one in double. */
class RealBatchFftTest {
  private static final int ROW = BatchFft.ROW;
  private static final int LANES = ROW / 2;

  @ParameterizedTest
  @ValueSource(ints = {8, 16, 32, 64, 128, 512, 2048, 32768})
  void everyLaneIsTheScalarTransformDoubled(int size) {
    SplittableRandom random = new SplittableRandom(size);
    float[] data = new float[size / 2 * ROW];
    for (int i = 0; i < data.length; i++) {
      data[i] = (float) (2 * random.nextDouble() - 1);
    }
    float[] x = data.clone();
    int stride = LANES + 3;
    int at = 2;
    float[] re = new float[at + (size / 2 + 1) * stride];
    float[] im = re.clone();
    Arrays.fill(re, Float.NaN);
    Arrays.fill(im, Float.NaN);
    new RealBatchFft(size).forwardDoubled(data, 0, re, im, at, stride);
    double[] exactRe = new double[size];
    double[] exactIm = new double[size];
    for (int lane = 0; lane < LANES; lane++) {
      double squares = 0;
      for (int t = 0; t < size; t++) {
        exactRe[t] = x[t / 2 * ROW + t % 2 * LANES + lane];
        exactIm[t] = 0;
        squares += exactRe[t] * exactRe[t];
      }
      new ComplexFft(size).forward(exactRe, exactIm);
      // FFT(N): as for complex data, doubled like the result.
      double tolerance = 8 * Tolerance.UNIT * Math.sqrt(squares) * Math.log(size) / Math.log(2);
      for (int number = 0; number <= size / 2; number++) {
        int row = RealBatchFft.spectrumRow(number);
        int f = Integer.reverse(row) >>> (32 - Integer.numberOfTrailingZeros(size));
        assertEquals(2 * exactRe[f], re[at + number * stride + lane], tolerance);
        assertEquals(2 * exactIm[f], im[at + number * stride + lane], tolerance);
      }
    }
    assertTrue(Float.isNaN(re[at + LANES]) && Float.isNaN(im[at - 1]), "gaps stay");
  }

  @Test
  void halfFrequenciesTakeOneOfEachConjugatePair() {
    for (int size = 1; size <= 512; size *= 2) {
      boolean[] seen = new boolean[2 * size];
      for (int h = 0; h <= size; h++) {
        int row = RealBatchFft.spectrumRow(h);
        assertEquals(h, RealBatchFft.number(row));
        assertTrue(row <= BatchFft.mirror(row) && !seen[row]);
        seen[row] = true;
        seen[BatchFft.mirror(row)] = true;
      }
      for (boolean one : seen) {
        assertTrue(one);
      }
    }
  }

  @Test
  void refusesOtherSizes() {
    for (int size : new int[] {0, 4, 24, 1 << 21}) {
      assertThrows(IllegalArgumentException.class, () -> new RealBatchFft(size));
    }
  }
}
