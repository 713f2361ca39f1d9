package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.attention.ErrorEstimate;
import io.github.convbasis.attention.OutputError;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.variants.ConvVariantAttention;
import io.github.convbasis.variants.ConvVariantAttention.HeadResult;
import io.github.convbasis.variants.ExactVariantAttention;
import io.github.convbasis.variants.PositionBias;
import io.github.convbasis.variants.VariantInputs;
import io.github.convbasis.variants.VariantWorkspace;
import io.github.convbasis.variants.Visibility;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

/** What attention with a visibility and a bias must satisfy on any backend. */
abstract class VariantContract implements BackendContract {
  /** Guard tolerances as multiples of the backend's own. */
  @Provide
  Arbitrary<Double> guards() {
    return Arbitraries.of(1e3, 1.0, 1e-2, 1e-4).map(f -> f * backend().defaultGuardTolerance());
  }

  private HeadTensor exact(VariantInputs inputs, HeadTensor output) {
    new ExactVariantAttention(backend()).forward(inputs, output, Parallelism.sequential());
    return output;
  }

  private ConvVariantAttention conv(int terms) {
    return ConvVariantAttention.of(backend(), ConvBasisRecovery.ofTerms(terms));
  }

  private ConvVariantAttention everyColumn(VariantSample sample) {
    return conv(sample.keyRows());
  }

  private static HeadTensor attend(
      ConvVariantAttention attention, VariantInputs inputs, HeadTensor output) {
    attention.forward(inputs, output, Parallelism.sequential());
    return output;
  }

  @Property
  void exactAttentionIsTheDenseSoftmax(
      @ForAll(supplier = VariantSample.Any.class) VariantSample sample) {
    HeadTensor output = exact(sample.inputs(), sample.blankOutput(sample.layout(), false));
    VariantErrors.requireDenseSoftmax(sample, output, unitRoundoff());
  }

  /** With n terms nothing is approximated: only rounding, as much as the guard lets through. */
  @Property
  void everyVariantIsExactWithAsManyTermsAsColumns(
      @ForAll(supplier = VariantSample.Any.class) VariantSample sample,
      @ForAll("guards") double guard) {
    VariantInputs inputs = sample.inputs();
    HeadTensor output = sample.blankOutput();
    attend(everyColumn(sample).withGuardTolerance(guard), inputs, output);
    requireExact(sample, inputs, output, guard);
    assertEquals(0, Layout.writtenGaps(output), "elements written outside the output");
  }

  @Property
  void logitsOfAThousandAreExactToo(
      @ForAll(supplier = VariantSample.Extreme.class) VariantSample sample) {
    VariantInputs inputs = sample.inputs();
    HeadTensor output = sample.blankOutput();
    attend(everyColumn(sample), inputs, output);
    requireExact(sample, inputs, output, backend().defaultGuardTolerance());
  }

  private void requireExact(
      VariantSample sample, VariantInputs inputs, HeadTensor output, double guard) {
    double[] expected = VariantErrors.reference(sample, inputs);
    for (int head = 0; head < output.heads(); head++) {
      double[] sups = VariantErrors.visibleSups(sample, inputs, head);
      double rounding = rounding(sample, inputs, head, output);
      for (int row = 0; row < output.rows(); row++) {
        for (int c = 0; c < output.width(); c++) {
          double error =
              output.get(head, row, c)
                  - expected[(head * output.rows() + row) * output.width() + c];
          String place = "head " + head + ", row " + row;
          Tolerances.requireBounded(error, guard * sups[row], rounding * sups[row], place);
        }
      }
    }
  }

  /** What exact attention and storing may round where values are at most 1. */
  private double rounding(VariantSample sample, VariantInputs inputs, int head, HeadTensor output) {
    double storing =
        output.isSinglePrecision()
            ? Tolerances.STORED_FLOAT.of(Tolerances.ulps(Tolerances.FLOAT, 1))
            : 0;
    double unit = VariantErrors.unit(unitRoundoff(), sample, inputs, head);
    return Tolerances.VARIANT_ATTENTION.of(unit) + storing;
  }

  @Property
  void anyNumberOfTermsGivesWeightedMeansOfTheValuesThatAreSeen(
      @ForAll(supplier = VariantSample.Extreme.class) VariantSample sample,
      @ForAll @IntRange(min = 1, max = 20) int terms) {
    VariantInputs inputs = sample.inputs();
    HeadTensor output = attend(conv(terms), inputs, sample.blankOutput());
    double guard = backend().defaultGuardTolerance();
    for (int head = 0; head < output.heads(); head++) {
      double[] sups = VariantErrors.visibleSups(sample, inputs, head);
      double slack = guard + rounding(sample, inputs, head, output);
      for (int row = 0; row < output.rows(); row++) {
        double greatest = output.rows(row, row + 1).maxAbs(head);
        Tolerances.requireBounded(greatest, sups[row], slack * sups[row], "row " + row);
      }
    }
  }

  @Property
  void resultsCountBasesSegmentsAndExactRows(
      @ForAll(supplier = VariantSample.Any.class) VariantSample sample,
      @ForAll("guards") double guard,
      @ForAll @IntRange(min = 1, max = 20) int terms) {
    VariantInputs inputs = sample.inputs();
    List<HeadResult> loose =
        conv(terms)
            .withGuardTolerance(guard)
            .forward(inputs, sample.blankOutput(), Parallelism.sequential());
    List<HeadResult> tight =
        conv(terms)
            .withGuardTolerance(guard / 10)
            .forward(inputs, sample.blankOutput(), Parallelism.sequential());
    assertEquals(sample.heads().queries, loose.size(), "results");
    for (int head = 0; head < loose.size(); head++) {
      HeadResult result = loose.get(head);
      assertEquals(head, result.head(), "head");
      assertTrue(result.bases() >= sample.starts().length, result + " for the documents");
      assertTrue(result.segments() >= result.bases(), result + " segments");
      assertTrue(result.segments() <= (long) terms * result.bases(), result + " terms");
      assertTrue(result.exactRows() <= tight.get(head).exactRows(), "a tighter guard");
      assertTrue(tight.get(head).exactRows() <= sample.rows(), "rows");
    }
  }

  /** With a great number of rows per stratum the estimate is the error, ‖Y - Ỹ‖_F / ‖Y‖_F. */
  @Property
  void anEstimateOverAllRowsIsTheError(
      @ForAll(supplier = VariantSample.Any.class) VariantSample sample,
      @ForAll @IntRange(min = 1, max = 4) int terms) {
    VariantInputs inputs = sample.inputs();
    HeadTensor output = attend(conv(terms), inputs, sample.blankOutput());
    HeadTensor expected = sample.blankOutput(Layout.HEADS_FIRST, false);
    double[] weights = new double[sample.keyRows()];
    double[] row = new double[sample.width()];
    for (int head = 0; head < output.heads(); head++) {
      for (int i = 0; i < output.rows(); i++) {
        ExactVariantAttention.row(inputs, head, i, weights, row);
        expected.setRow(head, i, row);
      }
      double error = OutputError.measure(expected, output, head).relative();
      ErrorEstimate estimate =
          ExactVariantAttention.estimateError(inputs, head, output, Integer.MAX_VALUE, 1);
      assertEquals(sample.rows(), estimate.sampledRows(), "rows");
      Tolerances.ERROR_ESTIMATE.require(
          estimate.relativeError() - error,
          Tolerances.sum(Tolerances.DOUBLE, sample.rows() * sample.width(), error),
          "head " + head);
    }
  }

  /** EXACT: what a hidden key holds reaches no bit. */
  @Property
  void hiddenKeysHaveNoInfluence(
      @ForAll(supplier = VariantSample.Any.class) VariantSample sample,
      @ForAll @IntRange(min = 1, max = 50) int terms) {
    boolean[] hidden = sample.hidden();
    requireSameBits(sample, terms, key -> hidden[key], row -> true);
  }

  /** EXACT: a document does not see what others hold, not even in its rounding. */
  @Property
  void otherDocumentsHaveNoInfluence(
      @ForAll(supplier = VariantSample.Any.class) VariantSample sample,
      @ForAll @IntRange(min = 1, max = 50) int terms,
      @ForAll @IntRange(min = 0, max = 9) int which) {
    int[] starts = sample.starts();
    int own = which % starts.length;
    int from = starts[own];
    int to = own + 1 < starts.length ? starts[own + 1] : Integer.MAX_VALUE;
    requireSameBits(sample, terms, key -> key < from || key >= to, row -> row >= from && row < to);
  }

  private interface Rows {
    boolean has(int row);
  }

  /** Replaces some keys, their values, and queries of rows that are not compared. */
  private void requireSameBits(VariantSample sample, int terms, Rows replaced, Rows compared) {
    VariantInputs before = sample.inputs();
    VariantInputs after =
        sample.inputs(
            sample.layout(),
            sample.single(),
            replaced(
                sample, sample.queries(), sample.d(), sample.rows(), row -> !compared.has(row)),
            replaced(sample, sample.keys(), sample.d(), sample.keyRows(), replaced),
            replaced(sample, sample.values(), sample.width(), sample.keyRows(), replaced));
    requireSameRows(
        exact(before, sample.blankOutput()), exact(after, sample.blankOutput()), compared);
    requireSameRows(
        attend(conv(terms), before, sample.blankOutput()),
        attend(conv(terms), after, sample.blankOutput()),
        compared);
  }

  private static void requireSameRows(HeadTensor before, HeadTensor after, Rows compared) {
    for (int head = 0; head < before.heads(); head++) {
      for (int row = 0; row < before.rows(); row++) {
        for (int c = 0; c < before.width() && compared.has(row); c++) {
          Tolerances.requireSameBits(
              after.get(head, row, c), before.get(head, row, c), "row " + row);
        }
      }
    }
  }

  private static double[] replaced(
      VariantSample sample, double[] elements, int width, int rows, Rows chosen) {
    SplittableRandom random = new SplittableRandom(~sample.seed());
    double[] result = elements.clone();
    for (int i = 0; i < result.length; i++) {
      double other = (float) (30 * random.nextGaussian());
      result[i] = chosen.has(i / width % rows) ? other : result[i];
    }
    return result;
  }

  /**
   * Rows that do not see a key keep their bits if it changes, in exact attention; in conv-basis
   * attention the key's column may share a transform with theirs, so they keep what the guard lets
   * through.
   */
  @Property
  void keysOutOfSightHaveNoInfluence(
      @ForAll(supplier = VariantSample.Any.class) VariantSample sample,
      @ForAll @IntRange(min = 0, max = 39) int which) {
    int key = which % sample.keyRows();
    boolean[][] seen = sample.seen();
    VariantInputs before = sample.inputs();
    VariantInputs after =
        sample.inputs(
            sample.layout(),
            sample.single(),
            sample.queries(),
            replaced(sample, sample.keys(), sample.d(), sample.keyRows(), k -> k == key),
            replaced(sample, sample.values(), sample.width(), sample.keyRows(), k -> k == key));
    requireSameRows(
        exact(before, sample.blankOutput()),
        exact(after, sample.blankOutput()),
        row -> !seen[row][key]);
    HeadTensor one = attend(everyColumn(sample), before, sample.blankOutput());
    HeadTensor other = attend(everyColumn(sample), after, sample.blankOutput());
    double guard = backend().defaultGuardTolerance();
    for (int head = 0; head < one.heads(); head++) {
      double[] sups = VariantErrors.visibleSups(sample, before, head);
      double rounding = rounding(sample, before, head, one) + rounding(sample, after, head, other);
      for (int row = 0; row < one.rows(); row++) {
        for (int c = 0; c < one.width() && !seen[row][key]; c++) {
          double error = other.get(head, row, c) - one.get(head, row, c);
          Tolerances.requireBounded(
              error, 2 * guard * sups[row], rounding * sups[row], "row " + row);
        }
      }
    }
  }

  @Property
  void layoutsGiveTheSameBits(
      @ForAll(supplier = VariantSample.Any.class) VariantSample sample,
      @ForAll @IntRange(min = 1, max = 50) int terms) {
    VariantInputs plain =
        sample.inputs(
            Layout.HEADS_FIRST, sample.single(), sample.queries(), sample.keys(), sample.values());
    HeadTensor expected = sample.blankOutput(Layout.HEADS_FIRST, sample.single());
    HeadTensor actual = sample.blankOutput();
    attend(conv(terms), plain, expected);
    attend(conv(terms), sample.inputs(), actual);
    Tolerances.requireSameBits(Layout.elements(actual), Layout.elements(expected), "conv");
    exact(plain, expected);
    exact(sample.inputs(), actual);
    Tolerances.requireSameBits(Layout.elements(actual), Layout.elements(expected), "exact");
  }

  /** EXACT: neither tasks nor what a workspace was used for before. */
  @Property
  void tasksAndUsedWorkspacesGiveTheSameBits(
      @ForAll(supplier = VariantSample.Any.class) VariantSample sample,
      @ForAll(supplier = VariantSample.Any.class) VariantSample other,
      @ForAll @IntRange(min = 2, max = Threads.MOST_TASKS) int tasks,
      @ForAll @IntRange(min = 1, max = 50) int terms) {
    VariantInputs inputs = sample.inputs();
    HeadTensor alone = attend(conv(terms), inputs, sample.blankOutput());
    VariantWorkspace workspace = VariantWorkspace.of(backend());
    Parallelism parallelism = Parallelism.of(Threads.POOL, tasks);
    conv(terms).forward(other.inputs(), other.blankOutput(), workspace, parallelism);
    HeadTensor together = sample.blankOutput();
    conv(terms).forward(inputs, together, workspace, parallelism);
    Tolerances.requireSameBits(Layout.elements(together), Layout.elements(alone), "conv");
    HeadTensor exactAlone = exact(inputs, sample.blankOutput());
    new ExactVariantAttention(backend()).forward(inputs, together, workspace, parallelism);
    Tolerances.requireSameBits(Layout.elements(together), Layout.elements(exactAlone), "exact");
  }

  @Property
  void groupedHeadsAreTheSameAsSingleHeads(
      @ForAll(supplier = VariantSample.Any.class) VariantSample sample,
      @ForAll @IntRange(min = 1, max = 50) int terms) {
    VariantInputs inputs = sample.inputs();
    HeadTensor all = attend(conv(terms), inputs, sample.blankOutput());
    for (int head = 0; head < sample.heads().queries; head++) {
      int keyHead = inputs.keyHead(head);
      VariantInputs single =
          VariantInputs.of(
                  inputs.queries().head(head),
                  inputs.keys().head(keyHead),
                  inputs.values().head(keyHead),
                  inputs.visibility(head))
              .withScale(inputs.scale());
      if (inputs.hasBias()) {
        single = single.withBias(new OneHead(inputs, head));
      }
      HeadTensor output = sample.layout().blank(sample.single(), 1, sample.rows(), sample.width());
      attend(conv(terms), single, output);
      Tolerances.requireSameBits(
          Layout.elements(output), Layout.elements(all.head(head)), "head " + head);
    }
  }

  /** The bias of one head of others. */
  private record OneHead(VariantInputs inputs, int of) implements PositionBias {
    @Override
    public int heads() {
      return 1;
    }

    @Override
    public double at(int head, int lag) {
      return inputs.bias(of, lag);
    }
  }

  @Property
  void headsMayDifferInWhatTheySee(
      @ForAll(supplier = AttentionSample.Medium.class) AttentionSample sample,
      @ForAll @IntRange(min = 1, max = 50) int group,
      @ForAll @IntRange(min = 1, max = 50) int terms) {
    int heads = sample.shape().queries;
    List<Visibility> longLora = Visibility.longLora(sample.n(), group, heads);
    VariantInputs inputs =
        VariantInputs.of(
            sample.inputs().queries(),
            sample.inputs().keys(),
            sample.inputs().values(),
            Visibility.causal(sample.n()));
    HeadTensor mixed = attend(conv(terms), inputs.withVisibilities(longLora), sample.blankOutput());
    for (int head = 0; head < heads; head++) {
      VariantInputs alike = inputs.withVisibilities(repeated(longLora.get(head), heads));
      HeadTensor output = attend(conv(terms), alike, sample.blankOutput());
      Tolerances.requireSameBits(
          Layout.elements(mixed.head(head)), Layout.elements(output.head(head)), "head " + head);
    }
  }

  private static List<Visibility> repeated(Visibility visibility, int heads) {
    Visibility[] all = new Visibility[heads];
    Arrays.fill(all, visibility);
    return List.of(all);
  }
}
