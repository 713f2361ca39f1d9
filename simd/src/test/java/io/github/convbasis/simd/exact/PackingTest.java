package io.github.convbasis.simd.exact;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.simd.Samples;
import io.github.convbasis.simd.Samples.Layout;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Compares raw bits with the plain loops. */
class PackingTest {
  private static final int LANES = AttentionScratch.GROUP_ROWS;
  private static final int MOST = 70;
  private static final int GUARD = 3;

  private static float[] dirty(int length) {
    float[] array = new float[length];
    Arrays.fill(array, Float.NaN);
    return array;
  }

  /** Scattered and repeated rows, from an odd place on. */
  private static int[] starts(HeadTensor tensor, SplittableRandom random) {
    int[] starts = new int[GUARD + LANES];
    Arrays.fill(starts, -1);
    for (int lane = 0; lane < LANES; lane++) {
      int head = random.nextInt(tensor.heads());
      starts[GUARD + lane] = tensor.index(head, random.nextInt(tensor.rows()));
    }
    return starts;
  }

  @Test
  void queriesAreTransposedAndScaled() {
    SplittableRandom random = new SplittableRandom(1);
    for (int depth = 1; depth <= MOST; depth++) {
      for (Layout layout : Layout.values()) {
        for (boolean single : new boolean[] {true, false}) {
          HeadTensor source = Samples.tensor(random, layout, single, 2, 5, depth, 3);
          int[] starts = starts(source, random);
          for (double factor : new double[] {1, -1, 1 / Math.log(2) / 8, 1e-44, 3e38}) {
            queries(source, starts, factor);
          }
        }
      }
    }
  }

  private static void queries(HeadTensor source, int[] starts, double factor) {
    int depth = source.width();
    float[] expected = dirty(depth * LANES + 2 * GUARD);
    for (int lane = 0; lane < LANES; lane++) {
      for (int c = 0; c < depth; c++) {
        int at = starts[GUARD + lane] + c;
        double element = source.isSinglePrecision() ? source.floats()[at] : source.doubles()[at];
        expected[GUARD + c * LANES + lane] = (float) (element * factor);
      }
    }
    float[] actual = dirty(expected.length);
    float[] buffer = dirty(Transposition.bufferSize(depth));
    Packing.queries(source, starts, GUARD, factor, actual, GUARD, buffer);
    same(expected, actual, "depth " + depth + " factor " + factor);
  }

  @Test
  void lanesBecomeRows() {
    SplittableRandom random = new SplittableRandom(2);
    for (int width = 1; width <= MOST; width++) {
      HeadTensor source = Samples.tensor(random, Layout.PADDED, true, 1, width, LANES, 1);
      float[] lanes = dirty(width * LANES + GUARD);
      for (int c = 0; c < width; c++) {
        System.arraycopy(source.floats(), source.index(0, c), lanes, GUARD + c * LANES, LANES);
      }
      int stride = width + random.nextInt(4);
      int[] starts = new int[GUARD + LANES];
      float[] expected = dirty(LANES * stride + GUARD);
      for (int lane = 0; lane < LANES; lane++) {
        // Last rows first.
        starts[GUARD + lane] = GUARD + (LANES - 1 - lane) * stride;
        for (int c = 0; c < width; c++) {
          expected[starts[GUARD + lane] + c] = lanes[GUARD + c * LANES + lane];
        }
      }
      float[] actual = dirty(expected.length);
      float[] buffer = dirty(Transposition.bufferSize(width));
      Transposition.toRows(lanes, GUARD, width, actual, starts, GUARD, buffer);
      same(expected, actual, "width " + width);
    }
  }

  @Test
  void rowsArePaddedWithZeros() {
    SplittableRandom random = new SplittableRandom(3);
    for (boolean single : new boolean[] {true, false}) {
      HeadTensor source = Samples.tensor(random, Layout.INTERLEAVED, single, 2, 5, 7, 1);
      float[] target = dirty(4 * 9 + 1);
      Packing.rows(source, 1, 2, 3, 4, 9, target);
      for (int i = 0; i < 4 * 9; i++) {
        boolean element = i / 9 < 3 && i % 9 < 7;
        assertEquals(element ? (float) source.get(1, 2 + i / 9, i % 9) : 0f, target[i]);
      }
      assertEquals(Float.NaN, target[4 * 9]);
    }
  }

  private static void same(float[] expected, float[] actual, String message) {
    int[] expectedBits = new int[expected.length];
    int[] actualBits = new int[actual.length];
    Arrays.setAll(expectedBits, i -> Float.floatToRawIntBits(expected[i]));
    Arrays.setAll(actualBits, i -> Float.floatToRawIntBits(actual[i]));
    assertArrayEquals(expectedBits, actualBits, message);
  }
}
