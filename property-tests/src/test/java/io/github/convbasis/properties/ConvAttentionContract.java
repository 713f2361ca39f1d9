package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.attention.ConvAttention;
import io.github.convbasis.attention.ConvAttention.HeadResult;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

/** What conv-basis attention of any backend must satisfy whatever its input. */
abstract class ConvAttentionContract implements BackendContract {
  /** Guard tolerances as multiples of the backend's own. */
  @Provide
  Arbitrary<Double> guards() {
    return Arbitraries.of(1e3, 1.0, 1e-2, 1e-4).map(f -> f * backend().defaultGuardTolerance());
  }

  private ConvAttention everyColumn(AttentionSample sample) {
    return ConvAttention.of(backend(), ConvBasisRecovery.ofTerms(sample.n()));
  }

  private static HeadTensor attend(
      ConvAttention attention, AttentionInputs inputs, HeadTensor output) {
    attention.forward(inputs, output, Parallelism.sequential());
    return output;
  }

  /** With n terms nothing is approximated: only rounding, as much as the guard lets through. */
  @Property
  void everyInputIsExactWithAsManyTermsAsColumns(
      @ForAll(supplier = AttentionSample.Medium.class) AttentionSample sample,
      @ForAll("guards") double guard) {
    AttentionInputs inputs = sample.inputs();
    HeadTensor output = sample.blankOutput();
    attend(everyColumn(sample).withGuardTolerance(guard), inputs, output);
    requireExact(inputs, output, guard);
    assertEquals(0, Layout.writtenGaps(output), "elements written outside the output");
  }

  /**
   * Within the guard tolerance of attention by definition, plus what exact attention rounds, both
   * relative to the greatest value that the row sees.
   */
  final void requireExact(AttentionInputs inputs, HeadTensor output, double guard) {
    double[] expected = AttentionErrors.reference(inputs);
    double[] actual = Layout.elements(output);
    int perHead = actual.length / output.heads();
    for (int head = 0; head < output.heads(); head++) {
      double[] sups = AttentionErrors.visibleSups(inputs, head);
      double rounding = rounding(inputs, head, output);
      for (int i = head * perHead; i < (head + 1) * perHead; i++) {
        double sup = sups[i / output.width() % sups.length];
        Tolerances.requireBounded(
            actual[i] - expected[i], guard * sup, rounding * sup, "element " + i);
      }
    }
  }

  /** What exact attention and storing may round where values are at most 1. */
  private double rounding(AttentionInputs inputs, int head, HeadTensor output) {
    double unit = AttentionErrors.unit(unitRoundoff(), inputs, head);
    double storing =
        output.isSinglePrecision()
            ? Tolerances.STORED_FLOAT.of(Tolerances.ulps(Tolerances.FLOAT, 1))
            : 0;
    return Tolerances.EXACT_ATTENTION.of(unit) + storing;
  }

  @Property
  void aTighterGuardNeverTrustsMoreRows(
      @ForAll(supplier = AttentionSample.Medium.class) AttentionSample sample,
      @ForAll("guards") double guard) {
    int loose = exactRows(sample, guard);
    int tight = exactRows(sample, guard / 10);
    assertTrue(loose <= tight, loose + " rows exact, " + tight + " with a tighter guard");
  }

  private int exactRows(AttentionSample sample, double guard) {
    List<HeadResult> results =
        everyColumn(sample)
            .withGuardTolerance(guard)
            .forward(sample.inputs(), sample.blankOutput(), Parallelism.sequential());
    assertEquals(sample.shape().queries, results.size(), "results");
    int rows = 0;
    for (HeadResult result : results) {
      assertTrue(
          result.exactRows() >= 0 && result.exactRows() <= sample.n(),
          result.exactRows() + " rows");
      rows += result.exactRows();
    }
    return rows;
  }

  /** Logits of ±1,000 overflow exp a hundred times over; the result must not show it. */
  @Property
  void logitsOfAThousandAreExactToo(
      @ForAll(supplier = AttentionSample.Extreme.class) AttentionSample sample) {
    AttentionInputs inputs = sample.inputs();
    HeadTensor output = sample.blankOutput();
    attend(everyColumn(sample), inputs, output);
    requireExact(inputs, output, backend().defaultGuardTolerance());
  }

  @Property
  void anyNumberOfTermsGivesWeightedMeansOfTheValues(
      @ForAll(supplier = AttentionSample.Extreme.class) AttentionSample sample,
      @ForAll @IntRange(min = 1, max = 20) int terms) {
    AttentionInputs inputs = sample.inputs();
    HeadTensor output = sample.blankOutput();
    attend(ConvAttention.of(backend(), ConvBasisRecovery.ofTerms(terms)), inputs, output);
    double guard = backend().defaultGuardTolerance();
    for (int head = 0; head < output.heads(); head++) {
      double valueSup = inputs.values().maxAbs(inputs.keyHead(head));
      double slack = (guard + rounding(inputs, head, output)) * valueSup;
      Tolerances.requireBounded(output.maxAbs(head), valueSup, slack, "output of head " + head);
    }
  }

  /**
   * Only to rounding: a backend may transform the whole sequence at once, so a late row reaches the
   * early ones with the transform's absolute error, which the guard keeps in bounds on both sides.
   */
  @Property
  void laterRowsChangeEarlierRowsByRoundingAtMost(
      @ForAll(supplier = AttentionSample.Medium.class) AttentionSample sample,
      @ForAll @IntRange(min = 0, max = 39) int cut) {
    int from = cut % sample.n();
    AttentionInputs inputs = sample.inputs();
    AttentionInputs changed =
        sample.inputs(
            sample.layout(),
            sample.single(),
            ExactAttentionContract.replaced(sample.queries(), sample, sample.d(), from),
            ExactAttentionContract.replaced(sample.keys(), sample, sample.d(), from),
            ExactAttentionContract.replaced(sample.values(), sample, sample.width(), from));
    HeadTensor before = attend(everyColumn(sample), inputs, sample.blankOutput());
    HeadTensor after = attend(everyColumn(sample), changed, sample.blankOutput());
    double guard = backend().defaultGuardTolerance();
    for (int head = 0; head < before.heads(); head++) {
      double[] sups = AttentionErrors.visibleSups(inputs, head);
      double rounding = rounding(inputs, head, before) + rounding(changed, head, after);
      for (int row = 0; row < from; row++) {
        for (int c = 0; c < sample.width(); c++) {
          double error = after.get(head, row, c) - before.get(head, row, c);
          Tolerances.requireBounded(
              error, 2 * guard * sups[row], rounding * sups[row], "row " + row);
        }
      }
    }
  }

  @Property
  void layoutsGiveTheSameBits(
      @ForAll(supplier = AttentionSample.Medium.class) AttentionSample sample,
      @ForAll Layout outputLayout,
      @ForAll @IntRange(min = 1, max = 50) int terms) {
    ConvAttention attention = ConvAttention.of(backend(), ConvBasisRecovery.ofTerms(terms));
    HeadTensor expected = sample.blankOutput(Layout.HEADS_FIRST, sample.single());
    attend(attention, sample.inputs(Layout.HEADS_FIRST, sample.single()), expected);
    HeadTensor actual = sample.blankOutput(outputLayout, sample.single());
    attend(attention, sample.inputs(), actual);
    Tolerances.requireSameBits(Layout.elements(actual), Layout.elements(expected), "output");
    assertEquals(0, Layout.writtenGaps(actual), "elements written outside the output");
  }

  @Property
  void numberOfTasksGivesTheSameBits(
      @ForAll(supplier = AttentionSample.Medium.class) AttentionSample sample,
      @ForAll @IntRange(min = 2, max = Threads.MOST_TASKS) int tasks,
      @ForAll @IntRange(min = 1, max = 50) int terms) {
    AttentionInputs inputs = sample.inputs();
    ConvAttention attention = ConvAttention.of(backend(), ConvBasisRecovery.ofTerms(terms));
    HeadTensor alone = attend(attention, inputs, sample.blankOutput());
    HeadTensor together = sample.blankOutput();
    attention.forward(inputs, together, Parallelism.of(Threads.POOL, tasks));
    Tolerances.requireSameBits(Layout.elements(together), Layout.elements(alone), "output");
  }

  @Property
  void groupedHeadsAreTheSameAsSingleHeads(
      @ForAll(supplier = AttentionSample.Medium.class) AttentionSample sample,
      @ForAll @IntRange(min = 1, max = 50) int terms) {
    AttentionInputs inputs = sample.inputs();
    ConvAttention attention = ConvAttention.of(backend(), ConvBasisRecovery.ofTerms(terms));
    HeadTensor all = attend(attention, inputs, sample.blankOutput());
    for (int head = 0; head < sample.shape().queries; head++) {
      HeadTensor output = sample.layout().blank(sample.single(), 1, sample.n(), sample.width());
      attend(attention, inputs.head(head), output);
      Tolerances.requireSameBits(
          Layout.elements(output), Layout.elements(all.head(head)), "head " + head);
    }
  }
}
