package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.decompose.Recovery;
import io.github.convbasis.decompose.SegmentSearch.Outcome;
import io.github.convbasis.matrix.ColumnSource;
import io.github.convbasis.matrix.LowerTriangularMatrix;
import io.github.convbasis.matrix.SegmentedToeplitz;
import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** The repaired search: returning patterns, no invented terms, T and δ from the data. */
class RepairedRecoveryProperties {
  private static final int READS_ALLOWED = 1_000_000;

  @Property
  void returningPatternsAreFound(
      @ForAll(supplier = PatternSample.Any.class) PatternSample sample,
      @ForAll @IntRange(min = 0, max = 5) int moreTerms) {
    NoisySegments source = sample.matrix();
    int terms = source.segments().terms();
    Recovery found = sample.recovery(terms + moreTerms).recover(source);
    requireSegmentsOf(source, found);
    assertEquals(Outcome.COVERED, found.search().outcome());
  }

  private static void requireSegmentsOf(NoisySegments source, Recovery found) {
    assertEquals(
        Arrays.toString(starts(source.segments())),
        Arrays.toString(starts(found.matrix())),
        "starts");
    for (int r = 0; r < found.matrix().terms(); r++) {
      int start = found.matrix().start(r);
      double[] column = new double[source.size() - start];
      source.copyColumn(start, start, source.size(), column);
      Tolerances.requireSameBits(found.matrix().kernel(r), column, "kernel " + r);
    }
    assertEquals(0, found.search().unconfirmedTerms(), "unconfirmed terms");
  }

  private static int[] starts(SegmentedToeplitz segments) {
    int[] starts = new int[segments.terms()];
    Arrays.setAll(starts, segments::start);
    return starts;
  }

  @Property
  void fewerTermsThanExistAreTheFirstOnes(
      @ForAll(supplier = PatternSample.Any.class) PatternSample sample,
      @ForAll @IntRange(min = 1, max = 8) int wanted) {
    NoisySegments source = sample.matrix();
    int[] all = starts(source.segments());
    Recovery found = sample.recovery(wanted).recover(source);
    int[] expected = Arrays.copyOf(all, Math.min(wanted, all.length));
    assertEquals(Arrays.toString(expected), Arrays.toString(starts(found.matrix())), "starts");
    assertEquals(
        wanted < all.length ? Outcome.TERM_LIMIT : Outcome.COVERED,
        found.search().outcome(),
        "outcome");
  }

  /** Asked for more than exist, with nothing else given. */
  @Property
  void noTermIsInventedWhenWindowAndDeltaComeFromTheData(
      @ForAll(supplier = PatternSample.Automatic.class) PatternSample sample,
      @ForAll @IntRange(min = 0, max = 20) int tooMany) {
    NoisySegments source = sample.matrix();
    Recovery found = ConvBasisRecovery.ofTerms(source.segments().terms() + tooMany).recover(source);
    requireSegmentsOf(source, found);
    assertEquals(Outcome.COVERED, found.search().outcome());
  }

  @Property
  void everyColumnIsATermWhenAsManyAreAllowed(
      @ForAll(supplier = LowerTriangularSample.Medium.class) LowerTriangularSample sample,
      @ForAll @IntRange(min = 0, max = 5) int more) {
    double[][] dense = sample.dense();
    Recovery found = ConvBasisRecovery.ofTerms(sample.n() + more).recover(sample.matrix());
    double[][] rebuilt = Reference.dense(found.matrix());
    for (int i = 0; i < sample.n(); i++) {
      Tolerances.requireSameBits(rebuilt[i], dense[i], "row " + i);
    }
  }

  @Property
  void anyMatrixGivesAtMostTheAllowedTermsAndNoneUnconfirmed(
      @ForAll(supplier = LowerTriangularSample.Large.class) LowerTriangularSample sample,
      @ForAll @IntRange(min = 1, max = 200) int terms) {
    Recovery found = ConvBasisRecovery.ofTerms(terms).recover(sample.matrix());
    SegmentedToeplitz matrix = found.matrix();
    assertEquals(0, matrix.start(0), "first start");
    assertTrue(matrix.terms() <= Math.min(terms, sample.n()), matrix.terms() + " terms");
    assertEquals(matrix.terms(), found.search().columns(), "columns read");
    assertEquals(0, found.search().unconfirmedTerms(), "unconfirmed terms");
    double[][] dense = sample.dense();
    for (int r = 0; r < matrix.terms(); r++) {
      int start = matrix.start(r);
      for (int lag = 0; start + lag < sample.n(); lag++) {
        Tolerances.requireSameBits(matrix.kernel(r, lag), dense[start + lag][start], "kernel");
      }
    }
  }

  /** δ was raised until the allowed terms reach the last column: none ends the search early. */
  @Property
  void automaticDeltaLetsTheAllowedTermsReachTheLastColumn(
      @ForAll(supplier = LowerTriangularSample.Large.class) LowerTriangularSample sample,
      @ForAll @IntRange(min = 1, max = 20) int terms) {
    Recovery found = ConvBasisRecovery.ofTerms(terms).recover(sample.matrix());
    assertEquals(Outcome.COVERED, found.search().outcome());
  }

  /** Distances overflow, so no δ could be compared with them: that ends in an error, not a loop. */
  @Property
  void entriesWhoseDistancesOverflowAreAnError(
      @ForAll @IntRange(min = 18, max = 60) int n, @ForAll @IntRange(min = 1, max = 4) int terms) {
    double[][] dense = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j <= i; j++) {
        dense[i][j] = j % 2 == 0 ? Double.MAX_VALUE : -Double.MAX_VALUE;
      }
    }
    Budget budget = new Budget(LowerTriangularMatrix.of(dense), READS_ALLOWED);
    ConvBasisRecovery recovery = ConvBasisRecovery.ofTerms(terms);
    String message =
        assertThrows(ArithmeticException.class, () -> recovery.recover(budget)).getMessage();
    assertTrue(message.contains("too large") && message.contains("column"), message);
  }

  /** Fails the search that reads more columns than any sensible one. */
  private static final class Budget implements ColumnSource {
    private final ColumnSource source;
    private int reads;

    Budget(ColumnSource source, int reads) {
      this.source = source;
      this.reads = reads;
    }

    @Override
    public int size() {
      return source.size();
    }

    @Override
    public void copyColumn(int column, int fromRow, int toRow, double[] target) {
      assertTrue(reads-- > 0, "the search does not end");
      source.copyColumn(column, fromRow, toRow, target);
    }
  }
}
