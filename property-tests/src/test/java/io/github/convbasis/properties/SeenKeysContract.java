package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.SeenKeys;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.variants.ExactVariantAttention;
import io.github.convbasis.variants.VariantInputs;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** What {@code Backend.attendSeen} must satisfy on any backend. */
abstract class SeenKeysContract implements BackendContract {
  private static AttentionInputs unmasked(VariantInputs inputs, double scale) {
    return new AttentionInputs(
        inputs.queries(), inputs.keys(), inputs.values(), scale, AttentionMask.NONE);
  }

  private HeadTensor attend(
      VariantSample sample, VariantInputs inputs, int head, SeenKeys seen, int... rows) {
    HeadTensor output = sample.blankOutput();
    backend()
        .attendSeen(
            unmasked(inputs, inputs.scale()),
            head,
            seen,
            rows,
            0,
            rows.length,
            output,
            backend().newWorkspace());
    return output;
  }

  private static void requireSameRow(HeadTensor actual, HeadTensor expected, int head, int row) {
    for (int c = 0; c < actual.width(); c++) {
      Tolerances.requireSameBits(
          actual.get(head, row, c), expected.get(head, row, c), "row " + row);
    }
  }

  /** Rows of one document, from any to any, each with a chance. */
  private static int[] rows(VariantSample sample, int row, double share) {
    SplittableRandom random = new SplittableRandom(sample.seed() + row);
    boolean[] alike = alike(sample, row);
    return IntStream.range(0, sample.rows())
        .filter(i -> alike[i] && (i == row || random.nextDouble() < share))
        .toArray();
  }

  /** Tells which rows are of the same document as one. */
  private static boolean[] alike(VariantSample sample, int row) {
    boolean[] alike = new boolean[sample.rows()];
    Arrays.fill(alike, true);
    for (int start : sample.starts()) {
      for (int i = 0; i < alike.length; i++) {
        alike[i] &= (i >= start) == (row >= start);
      }
    }
    return alike;
  }

  @Property(tries = 100, edgeCases = EdgeCasesMode.NONE)
  void exactVariantsOfManyRowsAreTheDenseSoftmax(
      @ForAll(supplier = VariantSample.Long.class) VariantSample sample) {
    HeadTensor output = sample.blankOutput(sample.layout(), false);
    new ExactVariantAttention(backend()).forward(sample.inputs(), output, Parallelism.sequential());
    VariantErrors.requireDenseSoftmax(sample, output, unitRoundoff());
  }

  /** EXACT: neighbours, or rows far away, or none. */
  @Property(tries = 200, edgeCases = EdgeCasesMode.NONE)
  void aRowHasTheSameBitsInAnyCompany(
      @ForAll(supplier = VariantSample.Long.class) VariantSample sample,
      @ForAll @IntRange(min = 0, max = 299) int which,
      @ForAll @IntRange(min = 0, max = 9) int tenths) {
    int row = which % sample.rows();
    int head = which % sample.heads().queries;
    VariantInputs inputs = sample.inputs();
    SeenKeys seen = sample.seenKeys(head, row);
    HeadTensor all = attend(sample, inputs, head, seen, rows(sample, row, 1));
    int[] some = rows(sample, row, tenths / 10.0);
    HeadTensor few = attend(sample, inputs, head, seen, some);
    HeadTensor alone = attend(sample, inputs, head, seen, row);
    for (int i : some) {
      requireSameRow(few, all, head, i);
    }
    requireSameRow(alone, all, head, row);
    assertEquals(0, Layout.writtenGaps(few), "elements written outside the output");
  }

  /** EXACT: and the rows that variants are made of are these. */
  @Property(tries = 100, edgeCases = EdgeCasesMode.NONE)
  void exactVariantsAreTheseRows(
      @ForAll(supplier = VariantSample.Long.class) VariantSample sample,
      @ForAll @IntRange(min = 0, max = 299) int which) {
    int row = which % sample.rows();
    int head = which % sample.heads().queries;
    VariantInputs inputs = sample.inputs();
    HeadTensor variant = sample.blankOutput();
    new ExactVariantAttention(backend()).forward(inputs, variant, Parallelism.sequential());
    HeadTensor single = attend(sample, inputs, head, sample.seenKeys(head, row), row);
    requireSameRow(single, variant, head, row);
  }

  /**
   * EXACT: keys that no row of a call sees may hold what would overflow, even next to keys that
   * some of its rows see and others do not.
   */
  @Property(tries = 200, edgeCases = EdgeCasesMode.NONE)
  void hugeNumbersOutOfSightDoNotOverflow(
      @ForAll(supplier = VariantSample.Long.class) VariantSample sample,
      @ForAll @IntRange(min = 0, max = 299) int which,
      @ForAll @IntRange(min = 1, max = 40) int count) {
    int from = which % sample.rows();
    int head = which % sample.heads().queries;
    boolean[] alike = alike(sample, from);
    int[] rows =
        IntStream.range(from, Math.min(sample.rows(), from + count))
            .filter(i -> alike[i])
            .toArray();
    boolean[][] all = sample.seen();
    boolean[] seen = new boolean[sample.keyRows()];
    for (int row : rows) {
      for (int key = 0; key < seen.length; key++) {
        seen[key] |= all[row][key];
      }
    }
    VariantInputs after =
        sample.inputs(
            sample.layout(),
            sample.single(),
            sample.queries(),
            huge(sample.keys(), sample.d(), seen),
            huge(sample.values(), sample.width(), seen));
    SeenKeys keys = sample.seenKeys(head, from);
    HeadTensor expected = attend(sample, sample.inputs(), head, keys, rows);
    HeadTensor actual = attend(sample, after, head, keys, rows);
    for (int row : rows) {
      requireSameRow(actual, expected, head, row);
    }
  }

  /** Some rows of a group see keys of a tile of which the others see none. */
  @Example
  void hugeValuesBeforeABandDoNotOverflow() {
    int rows = 120;
    double[] zeros = new double[rows];
    HeadTensor none = HeadTensor.of(zeros, 1, rows, 1);
    for (int from = 5; from < rows - 20; from++) {
      double[] values = new double[rows];
      Arrays.fill(values, 0, from - 3, Float.MAX_VALUE);
      Arrays.fill(values, from - 3, rows, 1);
      AttentionInputs inputs =
          new AttentionInputs(none, none, HeadTensor.of(values, 1, rows, 1), 1, AttentionMask.NONE);
      int[] some = IntStream.range(from, from + 20).toArray();
      HeadTensor output = HeadTensor.allocate(false, 1, rows, 1);
      backend()
          .attendSeen(
              inputs,
              0,
              SeenKeys.ofRange(0, rows, 0, 4),
              some,
              0,
              some.length,
              output,
              backend().newWorkspace());
      for (int row : some) {
        Tolerances.EXACT_ATTENTION.require(
            output.get(0, row, 0) - 1, Tolerances.sum(unitRoundoff(), 4, 1), "row " + row);
      }
    }
  }

  private static double[] huge(double[] elements, int width, boolean[] kept) {
    double[] result = elements.clone();
    for (int i = 0; i < result.length; i++) {
      result[i] = kept[i / width % kept.length] ? result[i] : Float.MAX_VALUE;
    }
    return result;
  }

  /** The logits of every row but the first overflow, whatever the precision. */
  @Property(tries = 50, edgeCases = EdgeCasesMode.NONE)
  void logitsThatOverflowAreRefused(
      @ForAll @IntRange(min = 1, max = 200) int rows,
      @ForAll @IntRange(min = 1, max = 70) int band) {
    double[] ones = new double[rows];
    Arrays.fill(ones, 100);
    double[] keys = ones.clone();
    keys[0] = 0;
    HeadTensor values = HeadTensor.of(ones, 1, rows, 1);
    AttentionInputs inputs =
        new AttentionInputs(
            values, HeadTensor.of(keys, 1, rows, 1), values, 1e306, AttentionMask.NONE);
    SeenKeys seen = SeenKeys.ofRange(0, rows, 0, band);
    HeadTensor output = HeadTensor.allocate(false, 1, rows, 1);
    for (int row = 0; row < rows; row++) {
      int[] one = {row};
      Runnable call =
          () -> backend().attendSeen(inputs, 0, seen, one, 0, 1, output, backend().newWorkspace());
      if (row > 0) {
        ArithmeticException thrown = assertThrows(ArithmeticException.class, call::run);
        assertTrue(thrown.getMessage().contains("query row " + row), thrown.getMessage());
      }
    }
  }

  @Example
  void aBiasThatOverflowsIsRefused() {
    HeadTensor zeros = HeadTensor.of(new double[20], 1, 20, 1);
    AttentionInputs inputs = new AttentionInputs(zeros, zeros, zeros, 1, AttentionMask.NONE);
    SeenKeys seen =
        SeenKeys.ofRange(0, 20, 0, 20).withBias(lag -> lag == 3 ? Double.NEGATIVE_INFINITY : 1);
    int[] rows = IntStream.range(0, 20).toArray();
    HeadTensor output = HeadTensor.allocate(false, 1, 20, 1);
    backend().attendSeen(inputs, 0, seen, rows, 0, 3, output, backend().newWorkspace());
    ArithmeticException thrown =
        assertThrows(
            ArithmeticException.class,
            () ->
                backend()
                    .attendSeen(inputs, 0, seen, rows, 3, 20, output, backend().newWorkspace()));
    assertTrue(thrown.getMessage().contains("query row 3"), thrown.getMessage());
  }
}
