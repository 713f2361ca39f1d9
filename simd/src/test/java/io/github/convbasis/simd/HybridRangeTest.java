package io.github.convbasis.simd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.attention.ExactAttention;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;
import io.github.convbasis.matrix.TileGrid;
import io.github.convbasis.matrix.TileKind;
import io.github.convbasis.matrix.TileMap;
import io.github.convbasis.matrix.TiledLogits;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Models beside tiles of other kinds whose convolution logits are no floats. */
class HybridRangeTest {
  private static final int N = 2000;
  private static final int WIDTH = 8;
  private static final Backend BACKEND = new SimdBackend();

  private static HeadTensor gaussian(SplittableRandom random) {
    float[] x = new float[N * WIDTH];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) random.nextGaussian();
    }
    return HeadTensor.of(x, 1, N, WIDTH);
  }

  private static void theLastRowIsExact(double kernel, double[] rowOffsets) {
    SplittableRandom random = new SplittableRandom(1);
    AttentionInputs inputs =
        AttentionInputs.causal(gaussian(random), gaussian(random), gaussian(random));
    TileGrid grid = new TileGrid(N, 100, 100);
    TileMap map =
        TileMap.of(
            grid,
            (row, column) -> column == 3 && row > 3 ? TileKind.NEGLIGIBLE : TileKind.CONVOLUTION);
    double[] kernels = new double[N];
    kernels[N - 1] = kernel;
    TiledLogits model =
        new TiledLogits(
            map,
            new int[] {5},
            SegmentedToeplitz.of(N, new int[] {0}, new double[][] {kernels}),
            rowOffsets,
            null);
    HeadTensor output = HeadTensor.allocate(true, 1, N, WIDTH);
    boolean[] untrusted = new boolean[N];
    double share =
        BACKEND.attendTiles(
            inputs,
            0,
            model,
            BACKEND.defaultGuardTolerance(),
            output,
            untrusted,
            BACKEND.newWorkspace(),
            Parallelism.sequential());
    assertTrue(share < 1, "only the last region is exact, was " + share);
    assertFalse(untrusted[N - 1]);
    HeadTensor exact = HeadTensor.allocate(true, 1, N, WIDTH);
    new ExactAttention(BACKEND).forward(inputs, exact, Parallelism.sequential());
    for (int c = 0; c < WIDTH; c++) {
      assertEquals(exact.get(0, N - 1, c), output.get(0, N - 1, c), 1e-6, "column " + c);
    }
  }

  @Test
  void offsetsBeyondFloatLeaveTheirRowsExact() {
    for (double offset : new double[] {1e39, -1e39, 1e300, -1e300}) {
      double[] offsets = new double[N];
      offsets[N - 1] = offset;
      theLastRowIsExact(0, offsets);
    }
  }

  @Test
  void sumsBeyondDoubleLeaveTheirRowsExact() {
    for (double size : new double[] {Double.MAX_VALUE, -Double.MAX_VALUE}) {
      double[] offsets = new double[N];
      offsets[N - 1] = size;
      offsets[N - 2] = size;
      theLastRowIsExact(size, offsets);
    }
  }
}
