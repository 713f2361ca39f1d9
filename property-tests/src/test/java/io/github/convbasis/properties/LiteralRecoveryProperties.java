package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.decompose.Recovery;
import io.github.convbasis.decompose.SegmentSearch.Outcome;
import io.github.convbasis.decompose.SegmentSearch.Strategy;
import io.github.convbasis.matrix.SegmentedToeplitz;
import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** The paper's Recover and Search as written. */
class LiteralRecoveryProperties {

  @Property
  void startsOfNonDegenerateMatricesAreExact(
      @ForAll(supplier = NonDegenerateSample.Any.class) NonDegenerateSample sample) {
    NoisySegments source = sample.matrix();
    Recovery found = sample.recovery().withStrategy(Strategy.LITERAL).recover(source);
    int zeroColumns = zeroColumns(source.segments());
    assertEquals(sample.count(), found.search().columns(), "columns read");
    assertEquals(sample.count() + zeroColumns, found.matrix().terms(), "terms");
    assertEquals(0, found.matrix().start(0), "first start");
    for (int r = 0; r < sample.count(); r++) {
      int start = source.segments().start(r);
      assertEquals(start, found.matrix().start(r + zeroColumns), "start " + r);
      double[] column = new double[sample.n() - start];
      source.copyColumn(start, start, sample.n(), column);
      Tolerances.requireSameBits(found.matrix().kernel(r + zeroColumns), column, "kernel " + r);
    }
    // Search never probes the last possible start, so a segment there is found unconfirmed.
    boolean atTheEnd = source.segments().start(sample.count() - 1) == sample.lastStart();
    assertEquals(atTheEnd ? 1 : 0, found.search().unconfirmedTerms(), "unconfirmed terms");
    assertEquals(Outcome.TERM_LIMIT, found.search().outcome());
  }

  /** One term more when the columns before the first start must be modelled as zero. */
  private static int zeroColumns(SegmentedToeplitz segments) {
    return segments.start(0) > 0 ? 1 : 0;
  }

  @Property
  void probesGrowWithTheLogarithmOfTheLength(
      @ForAll(supplier = NonDegenerateSample.Any.class) NonDegenerateSample sample) {
    Recovery found = sample.recovery().withStrategy(Strategy.LITERAL).recover(sample.matrix());
    int bits = 32 - Integer.numberOfLeadingZeros(sample.n());
    assertTrue(
        found.search().probes() <= sample.count() * bits, found.search().probes() + " probes");
  }

  @Property
  void termsThatDoNotExistAreReportedAsUnconfirmed(
      @ForAll(supplier = NonDegenerateSample.Any.class) NonDegenerateSample sample,
      @ForAll @IntRange(min = 1, max = 500) int tooMany) {
    NoisySegments source = sample.matrix();
    Recovery found =
        ConvBasisRecovery.ofTerms(sample.count() + tooMany)
            .withStrategy(Strategy.LITERAL)
            .withWindow(sample.window())
            .withDelta(sample.delta())
            .withEpsilon(sample.epsilon())
            .recover(source);
    boolean atTheEnd = source.segments().start(sample.count() - 1) == sample.lastStart();
    int invented = atTheEnd ? 0 : 1;
    assertEquals(sample.count() + invented, found.search().columns(), "columns read");
    assertEquals(1, found.search().unconfirmedTerms(), "unconfirmed terms");
    boolean limit = invented == tooMany;
    assertEquals(limit ? Outcome.TERM_LIMIT : Outcome.OUT_OF_COLUMNS, found.search().outcome());
    for (int r = 0; r < sample.count(); r++) {
      int actual = found.matrix().start(r + zeroColumns(source.segments()));
      assertEquals(source.segments().start(r), actual, "start " + r);
    }
  }

  @Property
  void anythingGoesInAndARecoveryWithAFirstSegmentAtZeroComesOut(
      @ForAll(supplier = LowerTriangularSample.Medium.class) LowerTriangularSample sample,
      @ForAll @IntRange(min = 1, max = 65) int window,
      @ForAll @IntRange(min = 1, max = 200) int terms,
      @ForAll @IntRange(min = 0, max = 3) int deltas) {
    int t = Math.min(window, sample.n());
    Recovery found =
        ConvBasisRecovery.ofTerms(terms)
            .withStrategy(Strategy.LITERAL)
            .withWindow(t)
            .withDelta(deltas * sample.scale())
            .recover(sample.matrix());
    assertEquals(0, found.matrix().start(0), "first start");
    int possible = sample.n() - t + 1;
    assertTrue(
        found.search().columns() <= Math.min(terms, possible),
        found.search().columns() + " columns");
    Outcome expected =
        found.search().columns() < terms ? Outcome.OUT_OF_COLUMNS : Outcome.TERM_LIMIT;
    assertEquals(expected, found.search().outcome());
  }

  /** Why T and δ must fit the data: with δ = 0 every column counts as different. */
  @Property
  void deltaZeroDegeneratesToTheFirstColumns(
      @ForAll(supplier = LowerTriangularSample.Medium.class) LowerTriangularSample sample,
      @ForAll @IntRange(min = 1, max = 70) int terms) {
    Recovery found =
        ConvBasisRecovery.ofTerms(terms)
            .withStrategy(Strategy.LITERAL)
            .withWindow(1)
            .withDelta(0)
            .recover(sample.matrix());
    int[] starts = new int[found.matrix().terms()];
    Arrays.setAll(starts, found.matrix()::start);
    int[] expected = new int[Math.min(terms, sample.n())];
    Arrays.setAll(expected, r -> r);
    assertEquals(Arrays.toString(expected), Arrays.toString(starts), "starts");
  }
}
