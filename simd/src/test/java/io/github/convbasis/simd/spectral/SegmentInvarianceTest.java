package io.github.convbasis.simd.spectral;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;
import io.github.convbasis.simd.Samples;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

/** Compares bits: what must not matter to a row does not touch its last digit. */
class SegmentInvarianceTest {
  private static final int WIDTH = 35;
  private static final BlockPlan PLAN = BlockPlan.of(8, 32);

  private record Result(float[] output, boolean[] untrusted) {}

  private static Result attend(
      BlockPlan plan, AttentionInputs inputs, SegmentedToeplitz logits, Parallelism parallelism) {
    int n = logits.size();
    float[] output = new float[n * WIDTH];
    boolean[] untrusted = new boolean[n];
    SegmentAttention.attend(
        plan, inputs, 0, logits, 1e-4, HeadTensor.of(output, 1, n, WIDTH), untrusted, parallelism);
    return new Result(output, untrusted);
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

  private static HeadTensor values(int n) {
    return Samples.tensor(new SplittableRandom(6), Samples.Layout.DENSE, true, 1, n, WIDTH, 1);
  }

  @Test
  void numberOfTasks() throws InterruptedException {
    int n = 300;
    SegmentedToeplitz logits = SegmentSamples.gaussian(n, 20, 4, 1);
    AttentionInputs inputs = SegmentSamples.inputs(logits, values(n));
    Result alone = attend(PLAN, inputs, logits, Parallelism.sequential());
    try (ExecutorService executor = Executors.newFixedThreadPool(4)) {
      for (int tasks : new int[] {2, 3, 5}) {
        for (int repeat = 0; repeat < 10; repeat++) {
          Parallelism parallelism = Parallelism.of(executor, tasks);
          assertSameRows(alone, attend(PLAN, inputs, logits, parallelism), n);
        }
      }
    }
  }

  @Test
  void roomForWindows() {
    int n = 700;
    SegmentedToeplitz logits = SegmentSamples.gaussian(n, 20, 2, 1);
    AttentionInputs inputs = SegmentSamples.inputs(logits, values(n));
    BlockPlan plan = BlockPlan.of(8);
    Result roomy = attend(plan, inputs, logits, Parallelism.sequential());
    for (long floats : new long[] {1, 2_000, 20_000}) {
      BlockPlan tight = plan.withWindowLimit(floats);
      assertSameRows(roomy, attend(tight, inputs, logits, Parallelism.sequential()), n);
    }
  }

  /** Everything from a block's end on changes: values, logits, where segments start. */
  @Test
  void laterRows() {
    int n = 200;
    int[] starts = {0, 3, 40, 41, 77, 90, 120, 150, 170};
    int[] otherStarts = {0, 3, 40, 41, 77, 90, 120, 133, 199};
    SegmentedToeplitz logits = SegmentSamples.logits(n, starts, 2, lag -> 0, 1);
    HeadTensor values = values(n);
    AttentionInputs inputs = SegmentSamples.inputs(logits, values);
    Result before = attend(PLAN, inputs, logits, Parallelism.sequential());
    for (int kept : new int[] {32, 96, 128}) {
      SegmentedToeplitz changed = changedFrom(kept, logits, otherStarts);
      HeadTensor otherValues = HeadTensor.of(values.floats().clone(), 1, n, WIDTH);
      for (int row = kept; row < n; row++) {
        for (int c = 0; c < WIDTH; c++) {
          otherValues.floats()[row * WIDTH + c] *= -1e6f;
        }
      }
      AttentionInputs others = SegmentSamples.inputs(changed, otherValues);
      Result after = attend(PLAN, others, changed, Parallelism.sequential());
      assertSameRows(before, after, kept);
    }
  }

  private static SegmentedToeplitz changedFrom(int row, SegmentedToeplitz logits, int[] starts) {
    int n = logits.size();
    SegmentedToeplitz noise = SegmentSamples.logits(n, starts, 6, lag -> 30, 99);
    double[][] kernels = new double[starts.length][];
    for (int r = 0; r < starts.length; r++) {
      kernels[r] = noise.kernel(r);
      for (int lag = 0; lag < row - starts[r]; lag++) {
        kernels[r][lag] = logits.kernel(r, lag);
      }
    }
    return SegmentedToeplitz.of(n, starts, kernels);
  }

  /** A prefix that ends on the grid gives the same rows, so rows can come in chunks. */
  @Test
  void shorterSequence() {
    int n = 256;
    SegmentedToeplitz logits = SegmentSamples.gaussian(n, 9, 2, 8);
    HeadTensor values = values(n);
    AttentionInputs inputs = SegmentSamples.inputs(logits, values);
    Result whole = attend(PLAN, inputs, logits, Parallelism.sequential());
    for (int rows : new int[] {32, 64, 160}) {
      SegmentedToeplitz prefix = prefix(logits, rows);
      HeadTensor some = HeadTensor.of(values.floats(), 1, rows, WIDTH);
      AttentionInputs part = SegmentSamples.inputs(prefix, some);
      assertSameRows(whole, attend(PLAN, part, prefix, Parallelism.sequential()), rows);
    }
  }

  private static SegmentedToeplitz prefix(SegmentedToeplitz logits, int rows) {
    int terms = logits.segmentOf(rows - 1) + 1;
    int[] starts = new int[terms];
    double[][] kernels = new double[terms][];
    for (int r = 0; r < terms; r++) {
      starts[r] = logits.start(r);
      kernels[r] = Arrays.copyOf(logits.kernel(r), rows - starts[r]);
    }
    return SegmentedToeplitz.of(rows, starts, kernels);
  }
}
