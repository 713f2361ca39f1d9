package io.github.convbasis.inference.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class LinearMapTest {
  private static final int ROWS = 5;

  /** Rounding of one float32 operation; a sum of m products may make m times that. */
  private static final double UNIT = 0x1p-24;

  private static float[] random(int count, SplittableRandom random) {
    float[] elements = new float[count];
    for (int i = 0; i < count; i++) {
      elements[i] = (float) (2 * random.nextDouble() - 1);
    }
    return elements;
  }

  @Test
  void everySizeIsMultipliedAndRowsDoNotDependOnEachOther() {
    SplittableRandom random = new SplittableRandom(4);
    int[][] sizes = {{1, 1}, {1, 7}, {3, 4}, {5, 129}, {513, 6}, {1030, 261}, {64, 128}};
    for (int[] size : sizes) {
      int outputs = size[0];
      int inputs = size[1];
      float[] weights = random(outputs * inputs, random);
      LinearMap map = LinearMap.of(weights, outputs, inputs);
      float[][] x = new float[ROWS][];
      float[][] y = new float[ROWS][outputs];
      for (int row = 0; row < ROWS; row++) {
        x[row] = random(inputs, random);
        y[row][0] = Float.NaN;
      }
      map.apply(x, y, ROWS);
      for (int row = 0; row < ROWS; row++) {
        for (int o = 0; o < outputs; o++) {
          double sum = 0;
          for (int i = 0; i < inputs; i++) {
            sum += (double) weights[o * inputs + i] * x[row][i];
          }
          assertEquals(sum, y[row][o], (inputs + 1) * inputs * UNIT, row + ", " + o);
        }
        float[][] alone = new float[1][outputs];
        map.apply(new float[][] {x[row]}, alone, 1);
        assertArrayEquals(y[row], alone[0]);
      }
      float[] last = new float[inputs];
      map.copyOutput(outputs - 1, last);
      assertEquals(weights[weights.length - 1], last[inputs - 1]);
    }
  }
}
