package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.plan.Certificate;
import io.github.convbasis.plan.RowSample;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;

/** What sampled rows certify, against populations that are known. */
class CertificateProperties {
  private static final double CONFIDENCE = 0.95;
  private static final int[] NONE = {};

  private static double[] at(double[] population, RowSample sample) {
    return Arrays.stream(sample.drawn()).mapToDouble(row -> population[row]).toArray();
  }

  private static double[] constant(int rows, double value) {
    double[] values = new double[rows];
    Arrays.fill(values, value);
    return values;
  }

  private static double[] draws(int rows, long seed, ToDoubleFunction<SplittableRandom> of) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] values = new double[rows];
    for (int row = 0; row < rows; row++) {
      values[row] = of.applyAsDouble(random);
    }
    return values;
  }

  private static double error(double[] errors, double[] norms) {
    return Math.sqrt(Arrays.stream(errors).sum() / Arrays.stream(norms).sum());
  }

  @Property
  void allRowsGiveTheErrorItself(
      @ForAll @IntRange(min = 1, max = 500) int rows, @ForAll long seed) {
    double[] errors = draws(rows, seed, random -> random.nextDouble());
    double[] norms = draws(rows, ~seed, random -> 1 + random.nextDouble());
    RowSample sample = RowSample.draw(rows, rows, NONE, seed);
    Certificate certificate = Certificate.of(sample, errors, norms, 0.7, CONFIDENCE);
    double expected = error(errors, norms);
    double unit = Tolerances.sum(Tolerances.DOUBLE, rows, expected);
    Tolerances.ERROR_ESTIMATE.require(certificate.relativeError() - expected, unit, "error");
    Tolerances.requireSameBits(certificate.low(), certificate.relativeError(), "low");
    Tolerances.requireSameBits(certificate.high(), certificate.relativeError(), "high");
    int beyond = 0;
    int worst = 0;
    for (int row = 0; row < rows; row++) {
      beyond += Math.sqrt(errors[row] / norms[row]) > 0.7 ? 1 : 0;
      worst = errors[row] / norms[row] > errors[worst] / norms[worst] ? row : worst;
    }
    assertEquals(beyond, certificate.rowsBeyond(), "rows beyond");
    Tolerances.requireSameBits(
        certificate.rowsWithin(), (double) (rows - beyond) / rows, "rows within");
    assertEquals(worst, certificate.worstRow(), "worst row");
    Tolerances.requireSameBits(
        certificate.worstRowError(), Math.sqrt(errors[worst] / norms[worst]), "worst error");
    assertEquals(expected <= 0.7, certificate.holds(), "holds");
    assertTrue(certificate.statement().startsWith("Every one of " + rows + " rows"), "statement");
  }

  /** Fixed seeds; with norms of one the ratio's mean over all samples is the square itself. */
  @Example
  void theSquaredErrorIsUnbiased() {
    int rows = 700;
    int samples = 4000;
    double[] errors = draws(rows, 1, random -> Math.exp(random.nextGaussian()));
    double[] norms = constant(rows, 1);
    double sum = 0;
    double squares = 0;
    for (int seed = 0; seed < samples; seed++) {
      RowSample sample = RowSample.draw(rows, 40, NONE, seed);
      double error =
          Certificate.of(sample, at(errors, sample), at(norms, sample), 1, CONFIDENCE)
              .relativeError();
      sum += error * error;
      squares += error * error * error * error;
    }
    double mean = sum / samples;
    double deviation = Math.sqrt((squares / samples - mean * mean) / samples);
    double truth = error(errors, norms);
    assertEquals(truth * truth, mean, 4 * deviation, "mean of the squared error");
  }

  /** Fixed seeds: 1,000 samples of about 50 of 2,048 rows from each kind of population. */
  @Example
  void theIntervalCoversNineteenSamplesOfTwenty() {
    int n = 2048;
    requireCovered("normal", draws(n, 1, r -> square(r.nextGaussian())));
    requireCovered("log-normal 1", draws(n, 2, r -> Math.exp(r.nextGaussian())));
    requireCovered("log-normal 2", draws(n, 3, r -> Math.exp(2 * r.nextGaussian())));
    requireCovered("Pareto 3/2", draws(n, 4, r -> Math.pow(1 - r.nextDouble(), -1 / 1.5)));
    requireCovered(
        "a tenth of the rows a hundred times worse",
        draws(n, 5, r -> Math.exp(r.nextGaussian()) * (r.nextDouble() < 0.1 ? 1e4 : 1)));
    double[] late = new double[n];
    Arrays.fill(late, n - 200, n, 1);
    requireCovered("only late rows", late);
    double[] early = constant(n, 1e-4);
    Arrays.fill(early, 63, 127, 1);
    requireCovered("mostly early rows", early);
    double[] blocks = new double[n];
    SplittableRandom random = new SplittableRandom(6);
    for (int row = 0; row < n; row++) {
      blocks[row] = row % 64 == 0 ? Math.exp(2 * random.nextGaussian()) : blocks[row - 1];
    }
    requireCovered("blocks of rows", blocks);
  }

  private static double square(double value) {
    return value * value;
  }

  private static void requireCovered(String name, double[] relative) {
    int n = relative.length;
    // Norms fall with the row, as those of averages over more and more values do.
    double[] norms = new double[n];
    double[] errors = new double[n];
    for (int row = 0; row < n; row++) {
      norms[row] = 1 + 9.0 / (1 + row);
      errors[row] = relative[row] * norms[row];
    }
    double truth = error(errors, norms);
    int samples = 1000;
    int covered = 0;
    for (int seed = 0; seed < samples; seed++) {
      RowSample sample = RowSample.draw(n, 40, NONE, seed);
      Certificate certificate =
          Certificate.of(sample, at(errors, sample), at(norms, sample), 1, CONFIDENCE);
      covered += certificate.low() <= truth && truth <= certificate.high() ? 1 : 0;
    }
    int seen = covered;
    assertTrue(
        covered >= samples * CONFIDENCE, () -> name + ": " + seen + " of " + samples + " covered");
  }

  /**
   * The probability that the share claimed is too great is computed, not simulated: it depends on
   * the numbers of bad rows drawn alone, whose distribution is a product of hypergeometric ones.
   */
  @Property(tries = 300)
  void theShareClaimedIsRightAsOftenAsStatedWhereverTheBadRowsAre(
      @ForAll @IntRange(min = 1, max = 2100) int rows,
      @ForAll @IntRange(min = 1, max = 120) int count,
      @ForAll @DoubleRange(min = 0, max = 1) double badShare,
      @ForAll @IntRange(min = 0, max = 11) int cluster,
      @ForAll @DoubleRange(min = 0.5, max = 0.99) double confidence,
      @ForAll long seed) {
    RowSample sample = RowSample.draw(rows, count, RowSampleProperties.some(rows, 0.1, seed), seed);
    SplittableRandom random = new SplittableRandom(seed);
    int bad = 0;
    int wholeBad = 0;
    int draws = 0;
    double[] distribution = {1};
    for (int s = 0; s < sample.strata(); s++) {
      // Bad rows in one stratum, or spread unevenly over all.
      boolean here = cluster >= sample.strata() || cluster == s;
      double share = here ? badShare : cluster % 2 * badShare * random.nextDouble();
      int inStratum = (int) Math.round(share * sample.population(s));
      bad += inStratum;
      if (sample.draws(s) == sample.population(s)) {
        wholeBad += inStratum;
      } else {
        draws += sample.draws(s);
        distribution =
            sum(distribution, hypergeometric(sample.population(s), inStratum, sample.draws(s)));
      }
    }
    double truth = (double) (sample.population() - bad) / sample.population();
    double wrong = 0;
    for (int x = 0; x <= draws; x++) {
      wrong += claim(sample, wholeBad, x, confidence) > truth ? distribution[x] : 0;
    }
    double probability = wrong;
    assertTrue(
        wrong <= (1 - confidence) * (1 + 1e-9), () -> "wrong with probability " + probability);
  }

  /** The share claimed after x bad draws from strata not drawn whole, and others from the whole. */
  private static double claim(RowSample sample, int wholeBad, int x, double confidence) {
    double[] errors = new double[sample.size()];
    int[] left = {x, wholeBad};
    for (int s = 0; s < sample.strata(); s++) {
      int kind = sample.draws(s) == sample.population(s) ? 1 : 0;
      for (int i = 0; i < sample.draws(s) && left[kind] > 0; i++, left[kind]--) {
        errors[sample.firstDraw(s) + i] = 1;
      }
    }
    Certificate certificate =
        Certificate.of(sample, errors, constant(sample.size(), 1), 0.5, confidence);
    assertEquals(x + wholeBad, certificate.rowsBeyond(), "rows beyond");
    return certificate.rowsWithin();
  }

  private static double[] sum(double[] left, double[] right) {
    double[] sum = new double[left.length + right.length - 1];
    for (int i = 0; i < left.length; i++) {
      for (int j = 0; j < right.length; j++) {
        sum[i + j] += left[i] * right[j];
      }
    }
    return sum;
  }

  /** Drawing one by one: from i draws with x bad, the next is bad with (bad-x)/(size-i). */
  private static double[] hypergeometric(int size, int bad, int draws) {
    double[] distribution = new double[draws + 1];
    distribution[0] = 1;
    for (int i = 0; i < draws; i++) {
      for (int x = i + 1; x >= 0; x--) {
        double stay = x <= i ? distribution[x] * (size - i - (bad - x)) / (size - i) : 0;
        double come = x > 0 ? distribution[x - 1] * (bad - x + 1) / (size - i) : 0;
        distribution[x] = stay + come;
      }
    }
    return distribution;
  }

  /** With no bad row in 59 draws of equal rate at most 5 % are bad: 0.95⁵⁹ is just below 0.05. */
  @Example
  void noBadRowsInTheSampleGiveTheKnownShare() {
    RowSample sample = RowSample.draw(1 << 20, 59, NONE, 1);
    double[] none = new double[sample.size()];
    Certificate certificate =
        Certificate.of(sample, none, constant(none.length, 1), 1e-3, CONFIDENCE);
    assertTrue(
        certificate.rowsWithin() >= 0.94 && certificate.rowsWithin() <= 0.96,
        certificate::toString);
  }

  @Property
  void anExactOutputHoldsButAZeroIsNotClaimed(
      @ForAll @IntRange(min = 1, max = 5000) int rows,
      @ForAll @IntRange(min = 1, max = 60) int count,
      @ForAll @DoubleRange(min = 0, max = 2) double norm,
      @ForAll long seed) {
    RowSample sample = RowSample.draw(rows, count, NONE, seed);
    double[] none = new double[sample.size()];
    double[] norms = constant(none.length, norm);
    Certificate certificate = Certificate.of(sample, none, norms, 1e-12, CONFIDENCE);
    Tolerances.requireSameBits(certificate.relativeError(), 0.0, "relativeError");
    Tolerances.requireSameBits(certificate.low(), 0.0, "low");
    assertEquals(sample.size() < rows, certificate.high() > 0, certificate::toString);
    assertTrue(certificate.holds(), certificate::toString);
    assertEquals(0, certificate.rowsBeyond(), "rows beyond");
    assertEquals(sample.size() < rows, certificate.rowsWithin() < 1, certificate::toString);
  }

  @Property
  void zeroNormsGiveAnOrderedInterval(
      @ForAll @IntRange(min = 1, max = 300) int rows,
      @ForAll @DoubleRange(min = 0, max = 1) double zeroShare,
      @ForAll long seed) {
    RowSample sample = RowSample.draw(rows, 20, NONE, seed);
    int draws = sample.size();
    double[] errors = draws(draws, seed, random -> random.nextDouble());
    double[] norms = draws(draws, ~seed, random -> random.nextDouble() < zeroShare ? 0 : 1);
    Certificate certificate = Certificate.of(sample, errors, norms, 0.1, CONFIDENCE);
    assertTrue(0 <= certificate.low(), certificate::toString);
    assertTrue(certificate.low() <= certificate.relativeError(), certificate::toString);
    assertTrue(certificate.relativeError() <= certificate.high(), certificate::toString);
  }

  /** Squares near either end of the range of double neither vanish nor overflow in the totals. */
  @Property
  void aPowerOfTwoAsUnitChangesNothing(
      @ForAll @IntRange(min = 1, max = 3000) int rows,
      @ForAll @IntRange(min = -900, max = 1020) int exponent,
      @ForAll long seed) {
    RowSample sample = RowSample.draw(rows, 30, NONE, seed);
    double[] errors = draws(sample.size(), seed, random -> random.nextDouble());
    double[] norms = draws(sample.size(), ~seed, random -> 1 + random.nextDouble());
    double unit = Math.scalb(1.0, exponent);
    Certificate scaled =
        Certificate.of(
            sample,
            Arrays.stream(errors).map(value -> value * unit).toArray(),
            Arrays.stream(norms).map(value -> value * unit).toArray(),
            0.1,
            CONFIDENCE);
    assertEquals(Certificate.of(sample, errors, norms, 0.1, CONFIDENCE), scaled);
  }

  @Example
  void theStatementSaysThatItIsASampleAndOfWhat() {
    RowSample sample = RowSample.draw(1000, 30, new int[] {5, 500}, 7);
    double[] errors = constant(sample.size(), 1e-6);
    double[] norms = constant(sample.size(), 1);
    Certificate certificate = Certificate.of(sample, errors, norms, 1e-2, CONFIDENCE);
    String statement = certificate.statement();
    assertTrue(
        statement.startsWith(
            "A sample of "
                + sample.size()
                + " of the 998 of 1000 rows not avoided, drawn at random from 10 log-spaced strata"
                + " (seed 7), was recomputed exactly; errors in few other rows are not seen."),
        statement);
    assertTrue(statement.contains("about 1.00e-03, with 95 % confidence (measured"), statement);
    assertTrue(statement.contains("the tolerance 1.00e-02 holds."), statement);
    assertFalse(Certificate.of(sample, errors, norms, 1e-3, CONFIDENCE).holds(), "bare tolerance");
  }

  @Example
  void badSquaresTolerancesAndConfidencesAreRefused() {
    RowSample sample = RowSample.draw(1, 1, NONE, 0);
    double[] one = {1};
    for (double bad : new double[] {-1, Double.NaN, Double.POSITIVE_INFINITY}) {
      String was = "was " + bad;
      Refusal.mustSay(
          () -> Certificate.of(sample, new double[] {bad}, one, 1, 0.9), "squaredErrors", was);
      Refusal.mustSay(
          () -> Certificate.of(sample, one, new double[] {bad}, 1, 0.9), "squaredNorms", was);
      Refusal.mustSay(() -> Certificate.of(sample, one, one, bad, 0.9), "tolerance", was);
      Refusal.mustSay(() -> Certificate.of(sample, one, one, 1, bad), "confidence", was);
    }
    Refusal.mustSay(
        () -> Certificate.of(sample, new double[2], one, 1, 0.9), "per drawn row, 1", "was 2");
    Refusal.mustSay(
        () -> Certificate.of(sample, one, new double[0], 1, 0.9), "per drawn row, 1", "was 0");
    Refusal.mustSay(() -> Certificate.of(sample, one, one, 0, 0.9), "tolerance", "was 0.0");
    Refusal.mustSay(() -> Certificate.of(sample, one, one, 1, 1), "confidence", "was 1.0");
  }
}
