package io.github.convbasis.simd.fft;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.convbasis.fft.ComplexFft;
import io.github.convbasis.simd.Tolerance;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Judges real spectra in place by the scalar transform in double. */
class RealPairsTest {
  private static final int ROW = BatchFft.ROW;
  private static final int LANES = ROW / 2;

  private static float[] random(int rows) {
    SplittableRandom random = new SplittableRandom(rows);
    float[] data = new float[rows * ROW];
    for (int i = 0; i < data.length; i++) {
      data[i] = (float) (2 * random.nextDouble() - 1);
    }
    return data;
  }

  private static void eachPair(int rows, int sliceRows, float[] data, boolean split) {
    RealPairs pairs = new RealPairs(rows, sliceRows);
    for (int item = 0; item <= rows / sliceRows / 2; item++) {
      int slice = RealBatchFft.spectrumRow(item);
      int first = slice * sliceRows * ROW;
      int mirrored = BatchFft.mirror(slice) * sliceRows * ROW;
      if (split) {
        pairs.split(slice, data, first, mirrored);
      } else {
        pairs.join(slice, data, first, mirrored);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"4, 2", "8, 4", "16, 2", "16, 8", "64, 8", "256, 64", "1024, 64"})
  void splitsIntoTheScalarTransformDoubledAndBack(int rows, int sliceRows) {
    float[] x = random(rows);
    float[] data = x.clone();
    BatchFft fft = new BatchFft(rows);
    fft.forward(data, 0);
    eachPair(rows, sliceRows, data, true);
    int size = 2 * rows;
    double[] re = new double[size];
    double[] im = new double[size];
    double levels = Math.log(size) / Math.log(2);
    for (int lane = 0; lane < LANES; lane++) {
      double squares = 0;
      for (int t = 0; t < size; t++) {
        re[t] = x[t * LANES + lane];
        im[t] = 0;
        squares += re[t] * re[t];
      }
      new ComplexFft(size).forward(re, im);
      // FFT(N): as for complex data, doubled like the result.
      double tolerance = 8 * Tolerance.UNIT * Math.sqrt(squares) * levels;
      assertEquals(2 * re[0], data[lane], tolerance);
      assertEquals(2 * re[rows], data[LANES + lane], tolerance);
      for (int row = 1; row < rows; row++) {
        int mirrored = BatchFft.mirror(row);
        int bits = Integer.numberOfTrailingZeros(rows);
        int f = Integer.reverse(Math.min(row, mirrored)) >>> (32 - bits);
        f = row > mirrored ? f + rows : f;
        assertEquals(2 * re[f], data[row * ROW + lane], tolerance);
        assertEquals(2 * im[f], data[row * ROW + LANES + lane], tolerance);
      }
    }
    eachPair(rows, sliceRows, data, false);
    fft.inverse(data, 0);
    for (int i = 0; i < x.length; i++) {
      assertEquals(x[i], data[i] / (4 * rows), 4 * Tolerance.UNIT * levels);
    }
  }
}
