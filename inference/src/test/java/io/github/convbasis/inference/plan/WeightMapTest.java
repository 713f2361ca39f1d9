package io.github.convbasis.inference.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.TiledLogits;
import io.github.convbasis.plan.AttentionPlan;
import io.github.convbasis.plan.KernelFit;
import io.github.convbasis.plan.KernelPlan;
import io.github.convbasis.plan.Planner;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class WeightMapTest {
  private static final int D = 4;

  /** Weights are at most 1 and come from float32. */
  private static final double TOLERANCE = 1e-5;

  private static HeadTensor random(int n, SplittableRandom random) {
    float[] elements = new float[n * D];
    for (int i = 0; i < elements.length; i++) {
      elements[i] = (float) random.nextGaussian();
    }
    return HeadTensor.of(elements, 1, n, D);
  }

  private static AttentionInputs inputs(int n) {
    SplittableRandom random = new SplittableRandom(7);
    return AttentionInputs.causal(random(n, random), random(n, random), random(n, random));
  }

  private static double[][] weights(AttentionInputs inputs, int window) {
    int n = inputs.rows();
    double[][] weights = new double[n][n];
    for (int i = 0; i < n; i++) {
      double sum = 0;
      for (int j = Math.max(0, i - window + 1); j <= i; j++) {
        double dot = 0;
        for (int c = 0; c < D; c++) {
          dot += inputs.queries().get(0, i, c) * inputs.keys().get(0, j, c);
        }
        weights[i][j] = Math.exp(inputs.scale() * dot);
        sum += weights[i][j];
      }
      for (int j = 0; j <= i; j++) {
        weights[i][j] /= sum;
      }
    }
    return weights;
  }

  @Test
  void entriesAndReducedPixelsAreExactWeights() {
    int n = 200;
    AttentionInputs inputs = inputs(n);
    double[][] weights = weights(inputs, n);
    for (Backend backend : new Backend[] {Backends.scalar(), Backends.auto()}) {
      for (int most : new int[] {n + 1, 37}) {
        for (WeightMap.Reduction reduction : WeightMap.Reduction.values()) {
          WeightMap map =
              WeightMap.of(backend, inputs, null, most, reduction, Parallelism.sequential());
          assertEquals(n, map.rows());
          assertEquals(Math.min(n, most), map.side());
          for (int row = 0; row < map.side(); row++) {
            for (int column = 0; column <= row; column++) {
              double expected = pixel(weights, map.side(), row, column, reduction);
              assertEquals(expected, map.get(row, column), TOLERANCE, row + ", " + column);
            }
          }
        }
      }
    }
  }

  private static double pixel(
      double[][] weights, int side, int row, int column, WeightMap.Reduction reduction) {
    int n = weights.length;
    double sum = 0;
    double most = 0;
    int count = 0;
    for (int i = row * n / side; i < (row + 1) * n / side; i++) {
      for (int j = column * n / side; j < (column + 1) * n / side && j <= i; j++) {
        sum += weights[i][j];
        most = Math.max(most, weights[i][j]);
        count++;
      }
    }
    return reduction == WeightMap.Reduction.MEAN ? sum / count : most;
  }

  @Test
  void weightsOfAWindowPlanAreZeroBeyondIt() {
    int n = 150;
    AttentionInputs inputs = inputs(n);
    AttentionPlan plan = AttentionPlan.window(n, 1, 0);
    double[][] weights = weights(inputs, 1);
    Planner planner = Planner.of(Backends.auto(), 0.1);
    TiledLogits model = planner.model(inputs, 0, plan, Parallelism.sequential());
    WeightMap map =
        WeightMap.of(
            Backends.auto(),
            inputs,
            model,
            n,
            WeightMap.Reduction.MAXIMUM,
            Parallelism.sequential());
    for (int row = 0; row < n; row++) {
      for (int column = 0; column <= row; column++) {
        assertEquals(weights[row][column], map.get(row, column), TOLERANCE);
      }
    }
  }

  @Test
  void weightsOfConvolutionsSumToOne() {
    int n = 150;
    AttentionInputs inputs = inputs(n);
    AttentionPlan plan =
        AttentionPlan.convolution(n, KernelPlan.of(KernelFit.DIAGONAL_MEANS, 0, 50));
    Planner planner = Planner.of(Backends.auto(), 0.1);
    TiledLogits model = planner.model(inputs, 0, plan, Parallelism.sequential());
    WeightMap map =
        WeightMap.of(
            Backends.auto(), inputs, model, n, WeightMap.Reduction.MEAN, Parallelism.sequential());
    for (int row = 0; row < n; row++) {
      double sum = 0;
      for (int column = 0; column <= row; column++) {
        assertTrue(map.get(row, column) > -TOLERANCE, row + ", " + column);
        sum += map.get(row, column);
      }
      assertEquals(1, sum, n * TOLERANCE);
    }
  }

  @Test
  void coloursFollowTheLogarithm() {
    assertEquals(0xfde725, WeightPicture.colour(1));
    assertEquals(0x21918c, WeightPicture.colour(1e-3));
    assertEquals(0x440154, WeightPicture.colour(1e-6));
    assertEquals(0x440154, WeightPicture.colour(0));
  }

  @Test
  void badArgumentsAreRefused() {
    AttentionInputs inputs = inputs(10);
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                WeightMap.of(
                    Backends.scalar(),
                    inputs,
                    null,
                    0,
                    WeightMap.Reduction.MEAN,
                    Parallelism.sequential()));
    assertEquals("mostPixels must be at least 1, was 0", e.getMessage());
    e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                Planner.of(Backends.scalar(), 0.1)
                    .model(inputs, 0, AttentionPlan.exact(9, "test"), Parallelism.sequential()));
    assertEquals("plan must have 10 rows like the inputs, had 9", e.getMessage());
  }
}
