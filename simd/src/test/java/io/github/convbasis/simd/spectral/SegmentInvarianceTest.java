package io.github.convbasis.simd.spectral;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;
import io.github.convbasis.simd.Samples;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
    SegmentSamples.attend(
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
      BlockPlan tight = plan.withLimit(floats);
      assertSameRows(roomy, attend(tight, inputs, logits, Parallelism.sequential()), n);
    }
  }

  /**
   * Everything from a block's end on changes: values, even beyond what float sums hold, logits,
   * even beyond what double weights span, where segments start.
   */
  @ParameterizedTest
  @CsvSource({"-1e6, 30", "1e20, 30", "-1e6, 5000", "1, -1e9", "1e-30, 1e9", "0, 800"})
  void laterRows(float factor, double offset) {
    int n = 200;
    int[] starts = {0, 3, 40, 41, 77, 90, 120, 150, 170};
    int[] otherStarts = {0, 3, 40, 41, 77, 90, 120, 133, 199};
    SegmentedToeplitz logits = SegmentSamples.logits(n, starts, 2, lag -> 0, 1);
    HeadTensor values = values(n);
    AttentionInputs inputs = SegmentSamples.inputs(logits, values);
    Result before = attend(PLAN, inputs, logits, Parallelism.sequential());
    for (int kept : new int[] {32, 96, 128}) {
      SegmentedToeplitz changed = changedFrom(kept, logits, otherStarts, offset);
      HeadTensor otherValues = HeadTensor.of(values.floats().clone(), 1, n, WIDTH);
      for (int row = kept; row < n; row++) {
        for (int c = 0; c < WIDTH; c++) {
          otherValues.floats()[row * WIDTH + c] *= factor;
        }
      }
      AttentionInputs others = SegmentSamples.inputs(changed, otherValues);
      Result after = attend(PLAN, others, changed, Parallelism.sequential());
      assertSameRows(before, after, kept);
    }
  }

  private static SegmentedToeplitz changedFrom(
      int row, SegmentedToeplitz logits, int[] starts, double offset) {
    int n = logits.size();
    SegmentedToeplitz noise = SegmentSamples.logits(n, starts, 6, lag -> offset, 99);
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
      SegmentedToeplitz prefix = SegmentSamples.prefix(logits, rows);
      HeadTensor some = HeadTensor.of(values.floats(), 1, rows, WIDTH);
      AttentionInputs part = SegmentSamples.inputs(prefix, some);
      assertSameRows(whole, attend(PLAN, part, prefix, Parallelism.sequential()), rows);
    }
  }

  /** Chunks that end on the grid change no bit, others only rows of the blocks they cut. */
  @Test
  void chunks() {
    int n = 300;
    SegmentedToeplitz logits = SegmentSamples.gaussian(n, 15, 3, 8);
    HeadTensor values = values(n);
    AttentionInputs inputs = SegmentSamples.inputs(logits, values);
    Result whole = attend(PLAN, inputs, logits, Parallelism.sequential());
    int[][] cuts = {
      {300}, {32, 300}, {64, 96, 256, 300}, {32, 64, 96, 128, 160, 192, 224, 256, 300}
    };
    SegmentAttention prefill = SegmentAttention.byChunks(PLAN, n, n, WIDTH, 15);
    assertEquals(32, prefill.grid());
    for (int[] ends : cuts) {
      prefill.restart();
      assertSameRows(whole, inChunks(prefill, inputs, logits, ends), n);
    }
    prefill.restart();
    Result cut = inChunks(prefill, inputs, logits, 1, 40, 41, 100, 230, 231, 300);
    double[][] expected = SegmentSamples.expected(logits, values);
    double[] row = new double[n];
    for (int i = 0; i < n; i++) {
      double tolerance = 1e-4 * values.maxAbs(0) + SegmentSamples.exactTolerance(logits, i, row);
      for (int c = 0; c < WIDTH && !cut.untrusted[i]; c++) {
        assertEquals(expected[i][c], cut.output[i * WIDTH + c], tolerance, "row " + i);
      }
    }
  }

  private static Result inChunks(
      SegmentAttention prefill, AttentionInputs inputs, SegmentedToeplitz logits, int... ends) {
    int n = logits.size();
    float[] output = new float[n * WIDTH];
    boolean[] untrusted = new boolean[n];
    int from = 0;
    for (int to : ends) {
      int rows = to - from;
      HeadTensor queries = rows(inputs.queries(), from, to);
      HeadTensor target = HeadTensor.allocate(true, 1, rows, WIDTH);
      boolean[] flags = new boolean[rows];
      AttentionInputs chunk =
          new AttentionInputs(
              queries,
              rows(inputs.keys(), 0, to),
              rows(inputs.values(), 0, to),
              1,
              AttentionMask.CAUSAL_CHUNK);
      prefill.advance(
          chunk,
          0,
          SegmentSamples.prefix(logits, to),
          1e-4,
          target,
          flags,
          Parallelism.sequential());
      System.arraycopy(target.floats(), 0, output, from * WIDTH, rows * WIDTH);
      System.arraycopy(flags, 0, untrusted, from, rows);
      from = to;
    }
    assertEquals(n, prefill.rows());
    return new Result(output, untrusted);
  }

  private static HeadTensor rows(HeadTensor tensor, int from, int to) {
    int width = tensor.width();
    return HeadTensor.of(
        Arrays.copyOfRange(tensor.floats(), from * width, to * width), 1, to - from, width);
  }

  /** Scratch that another problem left gives the same bits. */
  @Test
  void dirtyScratch() {
    SegmentedToeplitz logits = SegmentSamples.gaussian(300, 15, 3, 8);
    AttentionInputs inputs = SegmentSamples.inputs(logits, values(300));
    Result fresh = attend(PLAN, inputs, logits, Parallelism.sequential());
    SegmentAttention used = SegmentAttention.atOnce(PLAN, 300, WIDTH);
    HeadTensor output = HeadTensor.allocate(true, 1, 300, WIDTH);
    boolean[] untrusted = new boolean[300];
    SegmentedToeplitz huge = SegmentSamples.gaussian(300, 90, 200, 3);
    HeadTensor greatValues = HeadTensor.allocate(true, 1, 300, WIDTH);
    Arrays.fill(greatValues.floats(), 1e14f);
    for (SegmentedToeplitz other : List.of(huge, logits)) {
      used.restart();
      AttentionInputs others = SegmentSamples.inputs(other, greatValues);
      used.advance(others, 0, other, 1e-4, output, untrusted, Parallelism.sequential());
    }
    used.restart();
    used.advance(inputs, 0, logits, 1e-4, output, untrusted, Parallelism.sequential());
    assertSameRows(fresh, new Result(output.floats(), untrusted), 300);
  }
}
