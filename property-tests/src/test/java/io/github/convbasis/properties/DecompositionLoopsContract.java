package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.attention.LogitColumns;
import io.github.convbasis.backend.DecompositionLoops;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.properties.LoopSample.Source;
import java.util.Arrays;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/**
 * What the element loops of decomposition must compute: elements to the bit, sums but for rounding,
 * and nothing beside the range they are given.
 */
abstract class DecompositionLoopsContract implements BackendContract {
  private DecompositionLoops loops() {
    return backend().decompositionLoops();
  }

  @Property
  void shiftedDifferencesAreAddedToTheNorms(
      @ForAll(supplier = LoopSample.Any.class) LoopSample sample) {
    Source source = sample.source();
    int n = sample.count();
    int from = sample.offset() + 1;
    double[] row = source.next(n);
    double[] previous = source.next(n);
    double[] before = source.next(n);
    Arrays.setAll(before, j -> Math.abs(before[j]));
    GuardedRange norms = GuardedRange.of(before, from);
    loops()
        .addShiftedDifferences(
            GuardedRange.of(previous, from - 1).array(),
            GuardedRange.of(row, from).array(),
            from,
            from + n,
            norms.array());
    double[] expected = new double[n];
    Arrays.setAll(expected, j -> before[j] + Math.abs(row[j] - previous[j]));
    norms.requireHolds(expected, "norms");
  }

  @Property
  void aNormLeavesZeroExactlyWhereNumbersDiffer(
      @ForAll(supplier = LoopSample.Any.class) LoopSample sample) {
    Source source = sample.source();
    int n = sample.count();
    double[] row = source.next(n + 1);
    double[] previous = source.next(n + 1);
    double[] norms = new double[n + 1];
    loops().addShiftedDifferences(previous, row, 1, n + 1, norms);
    for (int j = 1; j <= n; j++) {
      assertEquals(row[j] != previous[j - 1], norms[j] != 0, "column " + j);
    }
  }

  @Property
  void distanceIsTheSumOfAbsoluteDifferences(
      @ForAll(supplier = LoopSample.InRange.class) LoopSample sample) {
    double[] a = sample.source().next(2 * sample.count());
    double[] b = Arrays.copyOfRange(a, sample.count(), a.length);
    double actual = distance(sample, Arrays.copyOf(a, sample.count()), b);
    Reference.Accumulator sum = new Reference.Accumulator();
    for (int t = 0; t < sample.count(); t++) {
      sum.add(Math.abs(a[t] - b[t]));
    }
    double unit = Tolerances.sum(Tolerances.DOUBLE, sample.count(), sum.value());
    Tolerances.DISTANCE.require(actual - sum.value(), unit, "distance");
  }

  private double distance(LoopSample sample, double[] a, double[] b) {
    GuardedRange first = GuardedRange.of(a, sample.offset());
    GuardedRange second = GuardedRange.of(b, sample.offset());
    return loops().distance(first.array(), second.array(), first.from(), first.to());
  }

  @Property
  void columnsOfLogitsAreComparedByTheirEntries(
      @ForAll(supplier = LoopSample.InRange.class) LoopSample sample) {
    int n = sample.count() + sample.offset() + 1;
    double[] numbers = Draw.gaussian(new SplittableRandom(sample.seed()), 2 * n, 1);
    HeadTensor tensor = HeadTensor.of(numbers, 1, n, 2);
    AttentionInputs inputs = new AttentionInputs(tensor, tensor, tensor, 1, AttentionMask.CAUSAL);
    LogitColumns columns = new LogitColumns(backend(), inputs, 0);
    double[] reference = sample.source().next(sample.count());
    double[] entries = new double[sample.count()];
    columns.copyColumn(sample.offset(), sample.offset(), sample.offset() + sample.count(), entries);
    double[] work = GuardedRange.of(new double[sample.count()], 0).array();
    double actual = columns.distance(sample.offset(), reference, work);
    double expected = distance(sample, entries, reference);
    Tolerances.requireSameBits(actual, expected, "distance");
  }

  @Property
  void aDistanceThatOverflowsIsInfinite(
      @ForAll(supplier = LoopSample.InRange.class) LoopSample sample) {
    double[] a = sample.source().next(sample.count() + 1);
    double[] b = a.clone();
    int at = Math.floorMod((int) sample.seed(), a.length);
    a[at] = Double.MAX_VALUE;
    b[at] = -Double.MAX_VALUE;
    Tolerances.requireSameBits(distance(sample, a, b), Double.POSITIVE_INFINITY, "distance");
  }

  @Property
  void greatestDifferenceIsThatOfSomeElement(
      @ForAll(supplier = LoopSample.Any.class) LoopSample sample) {
    Source source = sample.source();
    double[] a = source.next(sample.count());
    double[] b = source.next(sample.count());
    double expected = 0;
    for (int j = 0; j < a.length; j++) {
      expected = Math.max(expected, Math.abs(a[j] - b[j]));
    }
    double actual =
        loops()
            .greatestDifference(
                GuardedRange.of(a, 0).array(), GuardedRange.of(b, 0).array(), a.length);
    Tolerances.requireSameBits(actual, expected, "greatest difference");
  }

  /** An envelope and a column, all of the sample's length. */
  private record Envelope(double[] least, double[] greatest, double[] column) {
    static Envelope of(LoopSample sample) {
      Source source = sample.source();
      double[] a = source.next(sample.count());
      double[] b = source.next(sample.count());
      double[] least = new double[a.length];
      double[] greatest = new double[a.length];
      Arrays.setAll(least, t -> Math.min(a[t], b[t]));
      Arrays.setAll(greatest, t -> Math.max(a[t], b[t]));
      return new Envelope(least, greatest, source.next(sample.count()));
    }

    double span(int t) {
      return Math.max(greatest[t], column[t]) - Math.min(least[t], column[t]);
    }
  }

  @Property
  void aSpanExceedsAWidthExactlyWhereItIsGreater(
      @ForAll(supplier = LoopSample.Any.class) LoopSample sample) {
    Envelope envelope = Envelope.of(sample);
    double[] least = GuardedRange.of(envelope.least(), 0).array();
    double[] greatest = GuardedRange.of(envelope.greatest(), 0).array();
    double[] column = GuardedRange.of(envelope.column(), 0).array();
    double widest = 0;
    for (int t = 0; t < sample.count(); t++) {
      widest = Math.max(widest, envelope.span(t));
    }
    for (double width : new double[] {0, Math.nextDown(widest), widest, Math.nextUp(widest)}) {
      if (width >= 0) {
        boolean exceeds = loops().spanExceeds(least, greatest, column, sample.count(), width);
        assertEquals(widest > width, exceeds, "width " + width);
      }
    }
  }

  @Property
  void aSpanIsFoundWhereverItIs(@ForAll(supplier = LoopSample.Any.class) LoopSample sample) {
    int count = sample.count() + 1;
    double[] zeros = new double[count];
    double[] column = new double[count];
    int at = Math.floorMod((int) sample.seed(), count);
    column[at] = sample.seed() > 0 ? 1 : -1;
    assertTrue(loops().spanExceeds(zeros, zeros, column, count, 0.5), "at " + at);
    assertFalse(loops().spanExceeds(zeros, zeros, column, at, 0.5), "beyond " + at);
  }

  @Property
  void wideningTakesTheLeastAndTheGreatest(
      @ForAll(supplier = LoopSample.Any.class) LoopSample sample) {
    Envelope envelope = Envelope.of(sample);
    double[] column = envelope.column();
    GuardedRange least = GuardedRange.of(envelope.least(), 0);
    GuardedRange greatest = GuardedRange.of(envelope.greatest(), 0);
    loops()
        .widen(least.array(), greatest.array(), GuardedRange.of(column, 0).array(), sample.count());
    double[] expected = new double[sample.count()];
    Arrays.setAll(expected, t -> Math.min(envelope.least()[t], column[t]));
    least.requireHolds(expected, "least");
    Arrays.setAll(expected, t -> Math.max(envelope.greatest()[t], column[t]));
    greatest.requireHolds(expected, "greatest");
  }

  @Property
  void midpointsLieBetween(@ForAll(supplier = LoopSample.Any.class) LoopSample sample) {
    Envelope envelope = Envelope.of(sample);
    double[] low = envelope.least();
    double[] high = envelope.greatest();
    GuardedRange middle = GuardedRange.of(envelope.column(), 0);
    loops()
        .midpoints(
            GuardedRange.of(low, 0).array(),
            GuardedRange.of(high, 0).array(),
            middle.array(),
            sample.count());
    double[] expected = new double[sample.count()];
    Arrays.setAll(expected, t -> low[t] + (high[t] - low[t]) / 2);
    middle.requireHolds(expected, "midpoints");
  }

  @Property
  void valuesAreAdded(@ForAll(supplier = LoopSample.Any.class) LoopSample sample) {
    Source source = sample.source();
    double[] values = source.next(sample.count());
    double[] before = source.next(sample.count());
    GuardedRange sums = GuardedRange.of(before, sample.offset());
    loops().add(GuardedRange.of(values, 0).array(), sums.array(), sample.offset(), sample.count());
    double[] expected = new double[sample.count()];
    Arrays.setAll(expected, j -> before[j] + values[j]);
    sums.requireHolds(expected, "sums");
  }

  @Property
  void weightedResidualsAreAdded(
      @ForAll(supplier = LoopSample.InRange.class) LoopSample sample,
      @ForAll(supplier = LoopSample.InRange.class) LoopSample other) {
    Source source = sample.source();
    double[] weights = source.weights(sample.count());
    double[] logits = source.next(sample.count());
    double[] model = source.next(sample.count());
    double[] before = source.next(sample.count());
    double offset = source.next(1)[0];
    GuardedRange sums = GuardedRange.of(before, sample.offset());
    loops()
        .addWeightedResiduals(
            GuardedRange.of(weights, 0).array(),
            GuardedRange.of(logits, 0).array(),
            GuardedRange.of(model, other.offset()).array(),
            other.offset(),
            offset,
            sums.array(),
            sample.offset(),
            sample.count());
    double[] expected = new double[sample.count()];
    Arrays.setAll(expected, j -> before[j] + weights[j] * (logits[j] - model[j] - offset));
    sums.requireHolds(expected, "sums");
  }

  @Property
  void weightedResidualIsASum(@ForAll(supplier = LoopSample.InRange.class) LoopSample sample) {
    Source source = sample.source();
    double[] weights = source.weights(sample.count());
    double[] logits = source.next(sample.count());
    double[] lags = source.next(sample.count());
    double[] columns = source.next(sample.count());
    double actual =
        loops()
            .weightedResidual(
                GuardedRange.of(weights, 0).array(),
                GuardedRange.of(logits, 0).array(),
                GuardedRange.of(lags, sample.offset()).array(),
                sample.offset(),
                GuardedRange.of(columns, 0).array(),
                sample.count());
    Reference.Accumulator expected = new Reference.Accumulator();
    double size = Double.MIN_NORMAL;
    for (int j = 0; j < sample.count(); j++) {
      expected.addProduct(weights[j], logits[j]);
      expected.addProduct(-weights[j], lags[j]);
      expected.addProduct(-weights[j], columns[j]);
      size += weights[j] * (Math.abs(logits[j]) + Math.abs(lags[j]) + Math.abs(columns[j]));
    }
    double unit = Tolerances.sum(Tolerances.DOUBLE, sample.count(), size);
    Tolerances.WEIGHTED_RESIDUAL.require(actual - expected.value(), unit, "sum");
  }

  @Property
  void weightedSquaresAreSummed(@ForAll(supplier = LoopSample.InRange.class) LoopSample sample) {
    Source source = sample.source();
    double[] weights = source.weights(sample.count());
    double[] logits = source.next(sample.count());
    double[] lags = source.next(sample.count());
    double[] columns = source.next(sample.count());
    double offset = source.next(1)[0];
    double actual =
        loops()
            .weightedSquares(
                GuardedRange.of(weights, 0).array(),
                GuardedRange.of(logits, 0).array(),
                GuardedRange.of(lags, sample.offset()).array(),
                sample.offset(),
                GuardedRange.of(columns, 0).array(),
                offset,
                sample.count());
    Reference.Accumulator expected = new Reference.Accumulator();
    double size = Double.MIN_NORMAL;
    for (int j = 0; j < sample.count(); j++) {
      Reference.Accumulator residual = new Reference.Accumulator();
      double parts = 0;
      for (double part : new double[] {logits[j], -lags[j], -columns[j], -offset}) {
        residual.add(part);
        parts += Math.abs(part);
      }
      expected.addProduct(weights[j], residual.value() * residual.value());
      size += weights[j] * parts * parts;
    }
    double unit = Tolerances.sum(Tolerances.DOUBLE, sample.count(), size);
    Tolerances.WEIGHTED_SQUARES.require(actual - expected.value(), unit, "sum");
  }

  @Property
  void meansAreZeroWhereTheWeightIs(@ForAll(supplier = LoopSample.Any.class) LoopSample sample) {
    Source source = sample.source();
    double[] weights = source.weights(sample.count());
    double[] sums = source.next(sample.count());
    Arrays.setAll(sums, t -> weights[t] == 0 ? 0 : sums[t]);
    GuardedRange means = GuardedRange.of(source.next(sample.count()), 0);
    loops()
        .means(
            GuardedRange.of(sums, 0).array(),
            GuardedRange.of(weights, 0).array(),
            means.array(),
            sample.count());
    double[] expected = new double[sample.count()];
    Arrays.setAll(expected, t -> weights[t] == 0 ? 0 : sums[t] / weights[t]);
    means.requireHolds(expected, "means");
  }
}
