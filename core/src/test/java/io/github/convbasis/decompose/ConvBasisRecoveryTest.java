package io.github.convbasis.decompose;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.decompose.SegmentSearch.Outcome;
import io.github.convbasis.decompose.SegmentSearch.Strategy;
import io.github.convbasis.matrix.SegmentedToeplitz;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Both searches on matrices of constant kernels, where it is plain what must be found. */
class ConvBasisRecoveryTest {
  private static final int N = 400;
  private static final double LEVEL_A = 1;
  private static final double LEVEL_B = 3;
  private static final double LEVEL_C = -2;

  /** Segments at the given starts, each with a constant kernel. */
  private static SegmentedToeplitz steps(int[] starts, double... levels) {
    double[][] kernels = new double[starts.length][];
    for (int r = 0; r < starts.length; r++) {
      kernels[r] = new double[N - starts[r]];
      Arrays.fill(kernels[r], levels[r]);
    }
    return SegmentedToeplitz.of(N, starts, kernels);
  }

  private static int[] starts(Recovery recovery) {
    int[] starts = new int[recovery.matrix().terms()];
    Arrays.setAll(starts, recovery.matrix()::start);
    return starts;
  }

  @Test
  void literalFindsWhatTheTheoremPromises() {
    int[] expected = {0, 90, 250};
    Recovery recovery = literal(3, 4, 4).recover(steps(expected, LEVEL_A, LEVEL_B, LEVEL_C));
    assertArrayEquals(expected, starts(recovery));
    assertEquals(0, recovery.search().unconfirmedTerms());
    assertEquals(Outcome.TERM_LIMIT, recovery.search().outcome());
  }

  @Test
  void searchingFindsWhatRecoveringDoes() {
    SegmentedToeplitz matrix = steps(new int[] {0, 50, 100}, LEVEL_A, LEVEL_B, LEVEL_C);
    for (ConvBasisRecovery recovery :
        new ConvBasisRecovery[] {
          literal(3, 4, 4), ConvBasisRecovery.ofTerms(9), ConvBasisRecovery.ofStarts(0, 7)
        }) {
      assertEquals(recovery.recover(matrix).search(), recovery.search(matrix));
    }
    assertEquals(1, ConvBasisRecovery.ofTerms(9).leastColumns());
    assertEquals(1, ConvBasisRecovery.ofStarts(0, 7).leastColumns());
    ConvBasisRecovery windowed = ConvBasisRecovery.ofTerms(9).withWindow(N + 1);
    assertEquals(N + 1, windowed.leastColumns());
    assertThrows(IllegalArgumentException.class, () -> windowed.search(matrix));
  }

  @Test
  void literalMissesAReturningPatternAndRepairedFindsIt() {
    int[] expected = {0, 50, 100, 380};
    SegmentedToeplitz returning = steps(expected, LEVEL_A, LEVEL_B, LEVEL_A, LEVEL_C);
    Recovery literal = literal(4, 4, 4).recover(returning);
    assertEquals(380, starts(literal)[1], "the first probe lands in the second A");
    Recovery repaired = ConvBasisRecovery.ofTerms(10).recover(returning);
    assertArrayEquals(expected, starts(repaired));
    assertEquals(Outcome.COVERED, repaired.search().outcome());
  }

  @Test
  void literalInventsTermsAndSaysSoAndRepairedStops() {
    SegmentedToeplitz one = steps(new int[] {0}, LEVEL_A);
    Recovery literal = literal(5, 4, 4).recover(one);
    assertArrayEquals(new int[] {0, N - 4}, starts(literal));
    assertEquals(1, literal.search().unconfirmedTerms());
    assertEquals(Outcome.OUT_OF_COLUMNS, literal.search().outcome());
    Recovery repaired = ConvBasisRecovery.ofTerms(5).recover(one);
    assertArrayEquals(new int[] {0}, starts(repaired));
  }

  @Test
  void literalTakesColumnsBeforeItsFirstFindForZero() {
    // A first segment closer to zero than delta is lost: its columns are modelled as zero.
    Recovery literal = literal(1, 4, 8).recover(steps(new int[] {0, 60}, LEVEL_A, LEVEL_B));
    assertArrayEquals(new int[] {0, 60}, starts(literal));
    assertEquals(0, literal.matrix().kernel(0, 0));
    Recovery repaired =
        ConvBasisRecovery.ofTerms(2)
            .withWindow(4)
            .withDelta(8)
            .recover(steps(new int[] {0, 60}, LEVEL_A, LEVEL_B));
    assertEquals(LEVEL_A, repaired.matrix().kernel(0, 0));
  }

  @Test
  void probesGrowWithTheLogarithmOfTheGap() {
    int[] expected = {0, 390};
    Recovery repaired =
        ConvBasisRecovery.ofTerms(2).withDelta(1).recover(steps(expected, LEVEL_A, LEVEL_B));
    // 400/256 rounds down to steps of one: every column is looked at here, but no more than that.
    assertTrue(repaired.search().probes() <= N, "probes " + repaired.search().probes());
    assertEquals(1, repaired.search().columns());
  }

  @Test
  void termsOfNOrMoreTakeEveryColumn() {
    SegmentedToeplitz matrix = steps(new int[] {0, 7}, LEVEL_A, LEVEL_B);
    for (int terms : new int[] {N, N + 1, Integer.MAX_VALUE}) {
      Recovery recovery = ConvBasisRecovery.ofTerms(terms).recover(matrix);
      assertEquals(N, recovery.matrix().terms());
      assertEquals(Outcome.COVERED, recovery.search().outcome());
    }
  }

  @Test
  void aBudgetBelowTheNumberOfSegmentsStillReachesTheEnd() {
    int[] starts = new int[40];
    double[] levels = new double[40];
    for (int r = 0; r < 40; r++) {
      starts[r] = 10 * r;
      levels[r] = r % 8 == 0 ? 100 + r : r % 2;
    }
    Recovery recovery = ConvBasisRecovery.ofTerms(12).recover(steps(starts, levels));
    assertTrue(recovery.matrix().terms() <= 12);
    assertEquals(Outcome.COVERED, recovery.search().outcome());
    assertTrue(
        starts(recovery)[recovery.matrix().terms() - 1] >= 320, "the last great step is seen");
  }

  @Test
  void givenStartsAreReadAndNothingIsSearched() {
    SegmentedToeplitz matrix = steps(new int[] {0, 60}, LEVEL_A, LEVEL_B);
    KernelStore store = new KernelStore();
    Recovery first = ConvBasisRecovery.ofStarts(0, 30, 60).recover(matrix, store);
    assertArrayEquals(new int[] {0, 30, 60}, starts(first));
    assertEquals(Outcome.GIVEN, first.search().outcome());
    assertEquals(0, first.search().probes());
    assertEquals(LEVEL_A, first.matrix().kernel(1, 5));
    // A store may hold longer kernels of an earlier matrix.
    SegmentedToeplitz small = SegmentedToeplitz.of(1, new int[] {0}, new double[][] {{7}});
    Recovery second = ConvBasisRecovery.ofStarts(0).recover(small, store);
    assertArrayEquals(new double[] {7}, second.matrix().kernel(0));
    assertArrayEquals(new double[] {7}, second.matrix().rowSums());
  }

  @Test
  void givenStartsExcludeASearch() {
    ConvBasisRecovery given = ConvBasisRecovery.ofStarts(0, 5);
    assertRefused("window must not be set where starts are given", () -> given.withWindow(3));
    assertRefused("delta must not be set where starts are given", () -> given.withDelta(3));
    assertRefused("epsilon must not be set where starts are given", () -> given.withEpsilon(3));
    assertRefused(
        "strategy must not be set where starts are given",
        () -> given.withStrategy(Strategy.REPAIRED));
    assertRefused("starts must begin with 0, was 1", () -> ConvBasisRecovery.ofStarts(1, 2));
    assertRefused(
        "starts[2] must be greater than 4, was 4", () -> ConvBasisRecovery.ofStarts(0, 4, 4));
    assertRefused(
        "starts must be below n = 400, was 400",
        () -> ConvBasisRecovery.ofStarts(0, 400).recover(steps(new int[] {0}, LEVEL_A)));
  }

  @Test
  void wrappedKernelsAreChecked() {
    double[][] kernels = {new double[3], new double[1]};
    assertRefused(
        "kernels[1] must have at least 2 entries, was 1",
        () -> SegmentedToeplitz.wrap(3, new int[] {0, 1}, kernels));
    assertRefused(
        "kernels must be at least 3 like starts, was 2",
        () -> SegmentedToeplitz.wrap(3, new int[] {0, 1, 2}, kernels));
    assertRefused(
        "size must be at least 1, was 0", () -> SegmentedToeplitz.wrap(0, new int[0], kernels));
  }

  @Test
  void refusalsNameArgumentAndValues() {
    SegmentedToeplitz matrix = steps(new int[] {0}, LEVEL_A);
    assertRefused("terms must be at least 1, was 0", () -> ConvBasisRecovery.ofTerms(0));
    assertRefused(
        "window must be at most n = 400, was 401",
        () -> ConvBasisRecovery.ofTerms(2).withWindow(401).recover(matrix));
    assertRefused(
        "delta must be finite and at least 0, was NaN",
        () -> ConvBasisRecovery.ofTerms(2).withDelta(Double.NaN));
    assertRefused(
        "delta must be at least 2·T·epsilon = 8.0, was 1.0",
        () ->
            ConvBasisRecovery.ofTerms(2).withWindow(4).withDelta(1).withEpsilon(1).recover(matrix));
  }

  private static void assertRefused(String message, Runnable call) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call::run).getMessage());
  }

  private static ConvBasisRecovery literal(int terms, int window, double delta) {
    return ConvBasisRecovery.ofTerms(terms)
        .withStrategy(Strategy.LITERAL)
        .withWindow(window)
        .withDelta(delta);
  }
}
