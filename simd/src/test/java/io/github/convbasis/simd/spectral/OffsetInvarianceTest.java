package io.github.convbasis.simd.spectral;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;
import io.github.convbasis.simd.Pool;
import io.github.convbasis.simd.Samples;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Compares bits of attention with offsets: what must not matter does not touch the last digit. */
class OffsetInvarianceTest {
  private static final int N = 300;
  private static final int WIDTH = 35;
  private static final BlockPlan PLAN = BlockPlan.of(8, 32);

  private record Result(float[] output, boolean[] untrusted) {}

  private static double[] noise(double size, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    return random.doubles(N, -size, size).toArray();
  }

  private static OffsetModel model(double[] g, double[] c, int[] excluded, double corrections) {
    HeadTensor values =
        Samples.tensor(new SplittableRandom(6), Samples.Layout.DENSE, true, 1, N, WIDTH, 1);
    SegmentedToeplitz kernels = SegmentSamples.gaussian(N, 20, 2, 1);
    return new OffsetModel(kernels, new FarOffsets(g, c, excluded), values, 8, corrections, 2);
  }

  private static Result attend(
      SegmentAttention attention, OffsetModel model, Pool<NearPart> near, Parallelism parallelism) {
    float[] output = new float[N * WIDTH];
    boolean[] untrusted = new boolean[N];
    attention.restart();
    attention.advance(
        model.inputs(1),
        0,
        model.kernels,
        model.offsets,
        near,
        1e-4,
        HeadTensor.of(output, 1, N, WIDTH),
        untrusted,
        parallelism);
    return new Result(output, untrusted);
  }

  private static Result attend(OffsetModel model, Parallelism parallelism) {
    return attend(SegmentAttention.atOnce(PLAN, N, WIDTH), model, model.near(), parallelism);
  }

  private static void assertSameRows(Result expected, Result actual, int rows) {
    for (int i = 0; i < rows * WIDTH; i++) {
      assertEquals(
          Float.floatToRawIntBits(expected.output[i]),
          Float.floatToRawIntBits(actual.output[i]),
          "row " + i / WIDTH);
    }
    assertArrayEquals(
        Arrays.copyOf(expected.untrusted, rows), Arrays.copyOf(actual.untrusted, rows));
  }

  @Test
  void numberOfTasks() throws InterruptedException {
    int[] columns = {0, 5, 50, 51};
    for (double[] c : new double[][] {null, noise(20, 3)}) {
      OffsetModel model = model(noise(3, 2), c, columns, 0.2);
      Result alone = attend(model, Parallelism.sequential());
      try (ExecutorService executor = Executors.newFixedThreadPool(4)) {
        for (int tasks : new int[] {2, 3, 5}) {
          for (int repeat = 0; repeat < 5; repeat++) {
            assertSameRows(alone, attend(model, Parallelism.of(executor, tasks)), N);
          }
        }
      }
    }
  }

  @Test
  void dirtyScratch() {
    OffsetModel model = model(noise(3, 2), noise(20, 3), new int[] {0, 5}, 0.2);
    Result fresh = attend(model, Parallelism.sequential());
    SegmentAttention used = SegmentAttention.atOnce(PLAN, N, WIDTH);
    OffsetModel huge = model(noise(1e3, 4), noise(1e6, 5), new int[] {7, 8, 9, 200}, 0);
    OffsetModel plain = model(null, null, new int[0], 0);
    for (OffsetModel other : new OffsetModel[] {huge, plain, huge}) {
      attend(used, other, other.near(), Parallelism.sequential());
    }
    assertSameRows(fresh, attend(used, model, model.near(), Parallelism.sequential()), N);
    Result plainFresh =
        attend(SegmentAttention.atOnce(PLAN, N, WIDTH), plain, null, Parallelism.sequential());
    assertSameRows(plainFresh, attend(used, plain, null, Parallelism.sequential()), N);
  }

  /** Offsets, exclusions and values from a block's end on change, even beyond all limits. */
  @ParameterizedTest
  @CsvSource({"30, 1", "1e5, 1", "1e9, 1", "-1e9, 1e20", "-500, 0"})
  void laterRows(double size, float factor) {
    double[] g = noise(3, 2);
    double[] c = noise(5, 3);
    OffsetModel model = model(g, c, new int[] {0, 5, 100}, 0.2);
    Result before = attend(model, Parallelism.sequential());
    for (int kept : new int[] {32, 128, 160}) {
      double[] otherG = g.clone();
      double[] otherC = c.clone();
      for (int i = kept; i < N; i++) {
        otherG[i] = size;
        otherC[i] = size;
      }
      int[] excluded = kept > 100 ? new int[] {0, 5, 100, 200, 201} : new int[] {0, 5, 40, 41};
      OffsetModel changed = model(otherG, otherC, excluded, 0.2);
      for (int i = kept * WIDTH; i < N * WIDTH; i++) {
        changed.values.floats()[i] *= factor;
      }
      for (int i = 0; i < kept; i++) {
        System.arraycopy(model.logits[i], 0, changed.logits[i], 0, N);
      }
      assertSameRows(before, attend(changed, Parallelism.sequential()), kept);
    }
  }
}
