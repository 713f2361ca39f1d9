package io.github.convbasis.attention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.convbasis.attention.RotaryEmbedding.Pairing;
import io.github.convbasis.matrix.HeadTensor;
import org.junit.jupiter.api.Test;

class RotaryEmbeddingTest {
  /** A few products of numbers of size one. */
  private static final double ROUNDING = 1e-14;

  @Test
  void pairsTurnByTheirOwnAngle() {
    double[] row = {1, 0, 0, 1};
    new RotaryEmbedding(100, Pairing.HALF_SPLIT).rotate(HeadTensor.of(row, 1, 1, 4), 3);
    // Pair 0 is (1, 0) at angle 3, pair 1 is (0, 1) at angle 3·100^(-1/2).
    assertEquals(Math.cos(3), row[0], ROUNDING);
    assertEquals(Math.sin(3), row[2], ROUNDING);
    assertEquals(-Math.sin(0.3), row[1], ROUNDING);
    assertEquals(Math.cos(0.3), row[3], ROUNDING);
    double[] interleaved = {1, 0, 0, 1};
    new RotaryEmbedding(100, Pairing.INTERLEAVED).rotate(HeadTensor.of(interleaved, 1, 1, 4), 3);
    assertEquals(Math.cos(3), interleaved[0], ROUNDING);
    assertEquals(Math.sin(3), interleaved[1], ROUNDING);
    assertEquals(-Math.sin(0.3), interleaved[2], ROUNDING);
    assertEquals(Math.cos(0.3), interleaved[3], ROUNDING);
  }

  @Test
  void innerProductsDependOnTheDistanceOnly() {
    for (Pairing pairing : Pairing.values()) {
      RotaryEmbedding rope = new RotaryEmbedding(10_000, pairing);
      double[] queries = {1, -2, 3, 0.5, 1, -2, 3, 0.5, 1, -2, 3, 0.5};
      double[] keys = {2, 1, -1, 4, 2, 1, -1, 4, 2, 1, -1, 4};
      rope.rotate(HeadTensor.of(queries, 1, 3, 4), 0);
      rope.rotate(HeadTensor.of(keys, 1, 3, 4), 0);
      assertEquals(dot(queries, 1, keys, 0), dot(queries, 2, keys, 1), ROUNDING);
      assertEquals(dot(queries, 0, keys, 0), dot(queries, 2, keys, 2), ROUNDING);
    }
  }

  private static double dot(double[] x, int rowOfX, double[] y, int rowOfY) {
    double sum = 0;
    for (int c = 0; c < 4; c++) {
      sum += x[4 * rowOfX + c] * y[4 * rowOfY + c];
    }
    return sum;
  }

  @Test
  void refusesOddWidthsAndBadBases() {
    RotaryEmbedding rope = new RotaryEmbedding(10_000, Pairing.HALF_SPLIT);
    assertThrows(
        IllegalArgumentException.class,
        () -> rope.rotate(HeadTensor.of(new double[3], 1, 1, 3), 0));
    assertThrows(IllegalArgumentException.class, () -> new RotaryEmbedding(1, Pairing.HALF_SPLIT));
  }
}
