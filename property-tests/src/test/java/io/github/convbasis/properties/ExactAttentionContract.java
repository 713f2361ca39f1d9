package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.convbasis.attention.ExactAttention;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import java.util.Arrays;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** What exact attention of any backend must satisfy. */
abstract class ExactAttentionContract implements BackendContract {
  private HeadTensor attend(AttentionInputs inputs, HeadTensor output, Parallelism parallelism) {
    new ExactAttention(backend()).forward(inputs, output, parallelism);
    return output;
  }

  private HeadTensor attend(AttentionInputs inputs, HeadTensor output) {
    return attend(inputs, output, Parallelism.sequential());
  }

  @Property
  void outputIsAttentionByDefinition(
      @ForAll(supplier = AttentionSample.Any.class) AttentionSample sample) {
    AttentionInputs inputs = sample.inputs();
    // Doubles take the output whatever the inputs are: storing as float would round more than sums.
    HeadTensor output = attend(inputs, sample.blankOutput(sample.layout(), false));
    double[] expected = AttentionErrors.reference(inputs);
    double[][] units = new double[sample.shape().queries][];
    for (int head = 0; head < units.length; head++) {
      double unit = AttentionErrors.unit(unitRoundoff(), inputs, head);
      double[] sups = AttentionErrors.visibleSups(inputs, head);
      units[head] = Arrays.stream(sups).map(sup -> unit * sup).toArray();
    }
    double[] actual = Layout.elements(output);
    for (int i = 0; i < actual.length; i++) {
      int row = i / sample.width() % sample.n();
      int head = i / sample.width() / sample.n();
      Tolerances.EXACT_ATTENTION.require(
          actual[i] - expected[i], units[head][row], "head " + head + ", row " + row);
    }
    assertEquals(0, Layout.writtenGaps(output), "elements written outside the output");
  }

  /** EXACT: a row is computed from the keys it sees and from nothing else. */
  @Property
  void laterRowsOfTheInputsDoNotChangeEarlierRowsOfTheOutput(
      @ForAll(supplier = AttentionSample.Any.class) AttentionSample sample,
      @ForAll @IntRange(min = 0, max = 129) int cut) {
    int from = cut % sample.n();
    AttentionInputs changed =
        sample.inputs(
            sample.layout(),
            sample.single(),
            replaced(sample.queries(), sample, sample.d(), from),
            replaced(sample.keys(), sample, sample.d(), from),
            replaced(sample.values(), sample, sample.width(), from));
    HeadTensor before = attend(sample.inputs(), sample.blankOutput());
    HeadTensor after = attend(changed, sample.blankOutput());
    for (int head = 0; head < sample.shape().queries; head++) {
      for (int row = 0; row < from; row++) {
        for (int c = 0; c < sample.width(); c++) {
          Tolerances.requireSameBits(
              after.get(head, row, c), before.get(head, row, c), "row " + row);
        }
      }
    }
  }

  /** Replaces rows from {@code from} on in all heads by large other numbers. */
  static double[] replaced(double[] elements, AttentionSample sample, int width, int from) {
    SplittableRandom random = new SplittableRandom(~sample.seed());
    double[] result = elements.clone();
    for (int i = 0; i < result.length; i++) {
      if (i / width % sample.n() >= from) {
        result[i] = (float) (3 * random.nextGaussian());
      }
    }
    return result;
  }

  @Property
  void layoutsGiveTheSameBits(
      @ForAll(supplier = AttentionSample.Any.class) AttentionSample sample,
      @ForAll Layout outputLayout) {
    double[] expected =
        Layout.elements(
            attend(
                sample.inputs(Layout.HEADS_FIRST, sample.single()),
                sample.blankOutput(Layout.HEADS_FIRST, sample.single())));
    HeadTensor output = sample.blankOutput(outputLayout, sample.single());
    double[] actual = Layout.elements(attend(sample.inputs(), output));
    Tolerances.requireSameBits(actual, expected, "output");
    assertEquals(0, Layout.writtenGaps(output), "elements written outside the output");
  }

  /** Rows of a chunk are those of the whole sequence, from the keys up to the chunk's end. */
  @Property
  void chunksHaveTheSameBits(
      @ForAll(supplier = AttentionSample.Any.class) AttentionSample sample,
      @ForAll @IntRange(min = 0, max = 129) int first,
      @ForAll @IntRange(min = 0, max = 129) int count) {
    AttentionInputs inputs = sample.inputs();
    int from = first % sample.n();
    int to = from + 1 + count % (sample.n() - from);
    HeadTensor whole = attend(inputs, sample.blankOutput());
    HeadTensor chunk =
        sample.layout().blank(sample.single(), sample.shape().queries, to - from, sample.width());
    attend(Chunks.of(inputs, from, to), chunk);
    Tolerances.requireSameBits(
        Layout.elements(chunk), Layout.elements(Chunks.rows(whole, from, to)), "chunk");
    assertEquals(0, Layout.writtenGaps(chunk), "elements written outside the output");
  }

  /** Scattered rows are those of the whole, and no other row is touched. */
  @Property
  void scatteredRowsHaveTheSameBits(
      @ForAll(supplier = AttentionSample.Any.class) AttentionSample sample,
      @ForAll @IntRange(min = 0, max = 130) int wanted) {
    AttentionInputs inputs = sample.inputs();
    HeadTensor all = attend(inputs, sample.blankOutput());
    int head = sample.shape().queries - 1;
    int count = Math.min(wanted, sample.n());
    int[] rows = Draw.subset(new SplittableRandom(~sample.seed()), count, sample.n());
    int from = count / 3;
    int to = count - count / 4;
    HeadTensor output = sample.blankOutput();
    backend().attendRows(inputs, head, rows, from, to, output, backend().newWorkspace());
    for (int row = 0; row < sample.n(); row++) {
      int at = Arrays.binarySearch(rows, row);
      boolean asked = from <= at && at < to;
      for (int c = 0; c < sample.width(); c++) {
        double expected = asked ? all.get(head, row, c) : Double.NaN;
        Tolerances.requireSameBits(output.get(head, row, c), expected, "row " + row);
      }
    }
  }

  /** What is not finite though it was promised to be is refused by those rows that see it. */
  @Property
  void brokenPromisesOfFiniteRowsAreRefused(
      @ForAll(supplier = AttentionSample.Any.class) AttentionSample sample,
      @ForAll @IntRange(min = 0, max = 129) int wrong,
      @ForAll @IntRange(min = 1, max = 20) int wanted,
      @ForAll boolean inKeys,
      @ForAll boolean infinite) {
    AttentionInputs inputs = sample.inputs();
    int bad = wrong % sample.n();
    int count = Math.min(wanted, sample.n());
    HeadTensor keys = inputs.keys().withFiniteRows(sample.n());
    HeadTensor values = inputs.values().withFiniteRows(sample.n());
    double[] line = new double[inKeys ? sample.d() : sample.width()];
    line[line.length - 1] = infinite ? Double.NEGATIVE_INFINITY : Double.NaN;
    (inKeys ? keys : values).setRow(sample.shape().keys - 1, bad, line);
    HeadTensor queries = inputs.queries().rows(sample.n() - count, sample.n());
    AttentionInputs chunk =
        new AttentionInputs(queries, keys, values, inputs.scale(), AttentionMask.CAUSAL_CHUNK);
    HeadTensor output =
        sample.layout().blank(sample.single(), sample.shape().queries, count, sample.width());
    assertThrows(ArithmeticException.class, () -> attend(chunk, output));
  }

  @Property
  void numberOfTasksGivesTheSameBits(
      @ForAll(supplier = AttentionSample.SeveralItems.class) AttentionSample sample,
      @ForAll @IntRange(min = 2, max = Threads.MOST_TASKS) int tasks) {
    AttentionInputs inputs = sample.inputs();
    HeadTensor alone = attend(inputs, sample.blankOutput());
    HeadTensor together = attend(inputs, sample.blankOutput(), Parallelism.of(Threads.POOL, tasks));
    Tolerances.requireSameBits(Layout.elements(together), Layout.elements(alone), "output");
  }

  @Property
  void floatStorageIsDoubleStorageRounded(
      @ForAll(supplier = AttentionSample.Any.class) AttentionSample sample) {
    HeadTensor asDoubles =
        attend(sample.inputs(sample.layout(), false), sample.blankOutput(sample.layout(), false));
    HeadTensor asFloats =
        attend(sample.inputs(sample.layout(), true), sample.blankOutput(sample.layout(), true));
    AttentionInputs inputs = sample.inputs();
    double valueSup = 0;
    for (int head = 0; head < sample.shape().keys; head++) {
      valueSup = Math.max(valueSup, inputs.values().maxAbs(head));
    }
    Tolerances.STORED_FLOAT.requireClose(
        Layout.elements(asFloats),
        Layout.elements(asDoubles),
        Tolerances.ulps(Tolerances.FLOAT, valueSup));
  }

  @Property
  void groupedHeadsAreTheSameAsSingleHeads(
      @ForAll(supplier = AttentionSample.Any.class) AttentionSample sample) {
    AttentionInputs inputs = sample.inputs();
    HeadTensor all = attend(inputs, sample.blankOutput());
    int group = sample.shape().queries / sample.shape().keys;
    for (int head = 0; head < sample.shape().queries; head++) {
      AttentionInputs alone =
          new AttentionInputs(
              inputs.queries().head(head),
              inputs.keys().head(head / group),
              inputs.values().head(head / group),
              inputs.scale(),
              inputs.mask());
      HeadTensor output = sample.layout().blank(sample.single(), 1, sample.n(), sample.width());
      attend(alone, output);
      Tolerances.requireSameBits(
          Layout.elements(output), Layout.elements(all.head(head)), "head " + head);
    }
  }
}
