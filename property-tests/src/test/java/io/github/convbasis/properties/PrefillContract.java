package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.convbasis.attention.ConvAttention;
import io.github.convbasis.attention.ConvPrefill;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import java.util.Arrays;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Attention of a prompt in chunks is that of the whole prompt. */
abstract class PrefillContract implements BackendContract {
  private static final Parallelism ALONE = Parallelism.sequential();

  private ConvPrefill prefill(SegmentedSample sample, int capacity) {
    return attention(0).prefill(sample.starts(), capacity, sample.depth(), sample.width());
  }

  private ConvAttention attention(int... starts) {
    return ConvAttention.of(backend(), ConvBasisRecovery.ofStarts(starts));
  }

  /** Attends chunk by chunk, from the rows that are done to the last cut. */
  private static HeadTensor advance(
      ConvPrefill prefill, SegmentedSample sample, int[] cuts, Parallelism parallelism) {
    AttentionInputs inputs = sample.inputs();
    HeadTensor output =
        HeadTensor.allocate(false, sample.heads().queries, sample.n(), sample.width());
    for (int i = 1; i < cuts.length; i++) {
      assertEquals(cuts[i - 1], prefill.rows(), "rows done");
      HeadTensor chunk = sample.blankOutput(cuts[i] - cuts[i - 1]);
      prefill.advance(Chunks.of(inputs, cuts[i - 1], cuts[i]), chunk, parallelism);
      assertEquals(0, Layout.writtenGaps(chunk), "elements written outside the output");
      Chunks.copy(chunk, 0, output, cuts[i - 1], chunk.rows());
    }
    return output;
  }

  private HeadTensor atOnce(SegmentedSample sample) {
    AttentionInputs inputs = sample.inputs();
    HeadTensor output = sample.blankOutput(sample.n());
    int[][] starts = sample.starts();
    for (int head = 0; head < starts.length; head++) {
      attention(starts[head]).forward(inputs.head(head), output.head(head), ALONE);
    }
    return output;
  }

  @Property
  void chunksGiveTheRowsOfTheWhole(
      @ForAll(supplier = SegmentedSample.Any.class) SegmentedSample sample,
      @ForAll @IntRange(min = 0, max = 9) int cuts,
      @ForAll @IntRange(min = 0, max = 99) int room) {
    HeadTensor chunks =
        advance(prefill(sample, sample.n() + room), sample, sample.cuts(cuts, 1), ALONE);
    requireSameRows(sample, chunks, atOnce(sample));
  }

  /** Both within the guard tolerance of the truth, plus what exact attention rounds. */
  private void requireSameRows(SegmentedSample sample, HeadTensor actual, HeadTensor expected) {
    AttentionInputs inputs = sample.inputs();
    double guard = backend().defaultGuardTolerance();
    double rounding = sample.rounding(unitRoundoff());
    for (int head = 0; head < expected.heads(); head++) {
      double[] sups = AttentionErrors.visibleSups(inputs, head);
      for (int row = 0; row < sample.n(); row++) {
        for (int c = 0; c < sample.width(); c++) {
          double error = actual.get(head, row, c) - expected.get(head, row, c);
          Tolerances.requireBounded(
              error, 2 * guard * sups[row], 2 * rounding * sups[row], "row " + row);
        }
      }
    }
  }

  /** EXACT: cuts between blocks do not show. */
  @Property
  void chunksOfWholeBlocksGiveTheSameBits(
      @ForAll(supplier = SegmentedSample.Any.class) SegmentedSample sample,
      @ForAll @IntRange(min = 1, max = 9) int cuts,
      @ForAll @IntRange(min = 0, max = 99) int room) {
    int capacity = sample.n() + room;
    HeadTensor one = advance(prefill(sample, capacity), sample, sample.cuts(0, 1), ALONE);
    ConvPrefill prefill = prefill(sample, capacity);
    HeadTensor several = advance(prefill, sample, sample.cuts(cuts, prefill.grid()), ALONE);
    Tolerances.requireSameBits(Layout.elements(several), Layout.elements(one), "output");
  }

  @Property
  void numberOfTasksGivesTheSameBits(
      @ForAll(supplier = SegmentedSample.Any.class) SegmentedSample sample,
      @ForAll @IntRange(min = 0, max = 9) int cuts,
      @ForAll @IntRange(min = 2, max = Threads.MOST_TASKS) int tasks) {
    int[] ends = sample.cuts(cuts, 1);
    HeadTensor alone = advance(prefill(sample, sample.n()), sample, ends, ALONE);
    HeadTensor together =
        advance(prefill(sample, sample.n()), sample, ends, Parallelism.of(Threads.POOL, tasks));
    Tolerances.requireSameBits(Layout.elements(together), Layout.elements(alone), "output");
  }

  /** EXACT: after a restart the same chunks give the same rows, whatever was done before. */
  @Property
  void restartForgetsEverything(
      @ForAll(supplier = SegmentedSample.Any.class) SegmentedSample sample,
      @ForAll @IntRange(min = 0, max = 9) int cuts,
      @ForAll @IntRange(min = 0, max = 9) int cutsBefore) {
    int[] ends = sample.cuts(cuts, 1);
    HeadTensor fresh = advance(prefill(sample, sample.n()), sample, ends, ALONE);
    ConvPrefill prefill = prefill(sample, sample.n());
    SegmentedSample other =
        new SegmentedSample(
            sample.n(),
            sample.heads(),
            sample.period(),
            sample.width(),
            sample.segments() + 1,
            sample.layout(),
            sample.single(),
            ~sample.seed());
    int[] before = sample.cuts(cutsBefore, 1);
    int[] some = Arrays.copyOf(before, Math.max(2, before.length - 1));
    advance(prefill, other, some, ALONE);
    prefill.restart();
    HeadTensor again = advance(prefill, sample, ends, ALONE);
    Tolerances.requireSameBits(Layout.elements(again), Layout.elements(fresh), "output");
  }

  @Property
  void chunksThatDoNotFollowAreRefused(
      @ForAll(supplier = SegmentedSample.Small.class) SegmentedSample sample,
      @ForAll @IntRange(min = 1, max = 9) int skipped) {
    AttentionInputs inputs = sample.inputs();
    ConvPrefill prefill = prefill(sample, sample.n());
    int from = skipped % sample.n();
    if (from > 0) {
      HeadTensor output = sample.blankOutput(sample.n() - from);
      Refusal.mustSay(
          () -> prefill.advance(Chunks.of(inputs, from, sample.n()), output, ALONE),
          "first position must be 0",
          "was " + from);
    }
    HeadTensor all = sample.blankOutput(sample.n());
    // A refusal changes nothing.
    prefill.advance(inputs, all, ALONE);
    Refusal.mustSay(
        () -> prefill.advance(inputs, all, ALONE), "first position must be " + sample.n(), "was 0");
  }

  private static HeadTensor zeros(int heads, int rows, int width) {
    return HeadTensor.allocate(false, heads, rows, width);
  }

  private static void requireRefusal(ConvPrefill prefill, AttentionInputs chunk, Object... parts) {
    HeadTensor output =
        zeros(chunk.queries().heads(), chunk.queries().rows(), chunk.values().width());
    Refusal.mustSay(() -> prefill.advance(chunk, output, ALONE), parts);
  }

  @Property
  void chunksOfOtherShapesAreRefused(
      @ForAll @IntRange(min = 1, max = 40) int capacity,
      @ForAll @IntRange(min = 1, max = 9) int depth,
      @ForAll @IntRange(min = 1, max = 9) int width,
      @ForAll @IntRange(min = 1, max = 9) int more) {
    ConvPrefill prefill = attention(0).prefill(new int[][] {{0}}, capacity, depth, width);
    int rows = capacity + more;
    requireRefusal(
        prefill,
        AttentionInputs.causal(zeros(1, rows, depth), zeros(1, rows, depth), zeros(1, rows, width)),
        "keys must have at most " + capacity,
        "was " + rows);
    HeadTensor queries = zeros(1, 1, depth);
    HeadTensor values = zeros(1, 1, width);
    requireRefusal(
        prefill,
        AttentionInputs.causal(zeros(1, 1, depth + more), zeros(1, 1, depth + more), values),
        "columns of queries must be " + depth,
        "was " + (depth + more));
    requireRefusal(
        prefill,
        AttentionInputs.causal(queries, queries, zeros(1, 1, width + more)),
        "columns of values must be " + width,
        "was " + (width + more));
    requireRefusal(
        prefill,
        AttentionInputs.causal(zeros(1 + more, 1, depth), queries, values),
        "query heads must be 1",
        "was " + (1 + more));
    requireRefusal(
        prefill,
        new AttentionInputs(queries, queries, values, 1, AttentionMask.NONE),
        "mask must be CAUSAL_CHUNK or CAUSAL",
        "was NONE");
    Refusal.mustSay(
        () ->
            prefill.advance(
                AttentionInputs.causal(queries, queries, values), zeros(1, 2, width), ALONE),
        "output must be 1 × 1 × " + width);
    assertEquals(0, prefill.rows(), "rows done");
  }

  @Property
  void startsThatMakeNoSenseAreRefused(
      @ForAll @IntRange(min = 2, max = 50) int capacity,
      @ForAll @IntRange(min = 1, max = 9) int more) {
    requireStarts(
        capacity, new int[] {more}, "starts[0][0] must be between 0 and 0", "was " + more);
    requireStarts(capacity, new int[0], "starts[0] must not be empty");
    requireStarts(
        capacity,
        new int[] {0, capacity - 1 + more},
        "starts[0][1] must be between 1 and " + (capacity - 1));
    requireStarts(capacity, new int[] {0, 0}, "starts[0][1] must be between 1", "was 0");
    requireStarts(-more, new int[] {0}, "capacity must be at least 1", "was " + -more);
  }

  private void requireStarts(int capacity, int[] starts, Object... parts) {
    Refusal.mustSay(() -> attention(0).prefill(new int[][] {starts}, capacity, 1, 1), parts);
  }

  /** A failed chunk leaves heads at different rows, so only a restart helps. */
  @Example
  void afterAFailureOnlyRestartHelps() {
    int n = 5;
    ConvPrefill prefill = attention(0).prefill(new int[][] {{0}, {0, 2}}, n, 1, 1);
    HeadTensor values = zeros(2, n, 1);
    HeadTensor huge = zeros(2, n, 1);
    for (int row = 0; row < n; row++) {
      huge.setRow(1, row, new double[] {1e200});
    }
    HeadTensor output = zeros(2, n, 1);
    AttentionInputs good = AttentionInputs.causal(values, values, values);
    AttentionInputs bad = AttentionInputs.causal(huge, huge, values);
    assertThrows(ArithmeticException.class, () -> prefill.advance(bad, output, ALONE));
    assertThrows(IllegalStateException.class, () -> prefill.advance(good, output, ALONE));
    prefill.restart();
    prefill.advance(good, output, ALONE);
    assertEquals(n, prefill.rows(), "rows done");
  }
}
