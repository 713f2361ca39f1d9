package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.attention.ErrorBounds;
import java.util.Arrays;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.DoubleRange;

/** The two bounds on the output error of attention. */
class ErrorBoundsProperties {

  /**
   * One row of attention by recipe.
   *
   * @param eta greatest change of a logit
   * @param extreme every logit changes by ±η, else by anything between
   */
  record Perturbation(int n, double sigma, double eta, boolean extreme, long seed) {}

  @Provide
  Arbitrary<Perturbation> perturbations() {
    return Combinators.combine(
            Sizes.upTo(65),
            Arbitraries.of(0.0, 1.0, 5.0),
            Arbitraries.of(0.0, 1e-9, 1e-3, 0.1, 1.0, 3.0, 30.0),
            Arbitraries.of(true, false),
            Sizes.seeds())
        .as(Perturbation::new);
  }

  @Property
  void tightBoundHoldsForAnyChangeOfTheLogits(@ForAll("perturbations") Perturbation sample) {
    SplittableRandom random = new SplittableRandom(sample.seed());
    double[] logits = Draw.gaussian(random, sample.n(), sample.sigma());
    double[] changed = logits.clone();
    for (int j = 0; j < sample.n(); j++) {
      double share =
          sample.extreme() ? (random.nextBoolean() ? 1 : -1) : 2 * random.nextDouble() - 1;
      changed[j] += share * sample.eta();
    }
    double[][] values = new double[sample.n()][];
    Arrays.setAll(values, j -> Draw.uniform(random, 1, 3));
    double valueSup = 0;
    for (double[] value : values) {
      valueSup = Math.max(valueSup, Math.abs(value[0]));
    }
    double before = Reference.attend(logits, sample.n(), values)[0];
    double after = Reference.attend(changed, sample.n(), values)[0];
    double logitSup = Reference.normSup(changed) + sample.eta();
    // Adding η to a logit rounds at the size of the logit; the rest is a few roundings of values.
    double unit = Tolerances.ulps(Tolerances.DOUBLE, (1 + logitSup) * valueSup);
    Tolerances.requireBounded(
        after - before,
        ErrorBounds.tight(sample.eta(), valueSup),
        Tolerances.BOUND_VALUE.of(unit),
        "change of the output");
  }

  /** A mass of 1/(1 + e^η) moves up by η, the rest down, and their values are opposite. */
  @Property
  void tightBoundIsAttained(
      @ForAll @DoubleRange(min = 0, max = 30) double eta,
      @ForAll @DoubleRange(min = 0.01, max = 1000) double valueSup) {
    double[][] values = {{valueSup}, {-valueSup}};
    double before = Reference.attend(new double[] {-eta, 0}, 2, values)[0];
    double after = Reference.attend(new double[] {0, -eta}, 2, values)[0];
    Tolerances.BOUND_VALUE.require(
        after - before - ErrorBounds.tight(eta, valueSup),
        Tolerances.ulps(Tolerances.DOUBLE, valueSup),
        "change of the output");
  }

  @Property
  void tightBoundIsNeverAboveThePapers(
      @ForAll @DoubleRange(min = 0, max = 100) double epsilon,
      @ForAll @DoubleRange(min = 0, max = 1e6) double valueSup) {
    double tight = ErrorBounds.tight(2 * epsilon, valueSup);
    double paper = ErrorBounds.paper(epsilon, valueSup);
    assertTrue(tight <= paper, () -> tight + " is above " + paper);
    assertTrue(tight <= 2 * valueSup, () -> tight + " is above twice " + valueSup);
  }

  @Property
  void boundsGrowWithTheLogitErrorAndVanishWithIt(
      @ForAll @DoubleRange(min = 0, max = 15) double less,
      @ForAll @DoubleRange(min = 0, max = 15) double more) {
    double low = Math.min(less, more);
    double high = Math.max(less, more);
    assertTrue(ErrorBounds.tight(low, 1) <= ErrorBounds.tight(high, 1), "tight bound falls");
    assertTrue(ErrorBounds.paper(low, 1) <= ErrorBounds.paper(high, 1), "paper's bound falls");
    Tolerances.requireSameBits(ErrorBounds.tight(0, high), 0.0, "tight bound without error");
    Tolerances.requireSameBits(ErrorBounds.paper(0, high), 0.0, "paper's bound without error");
  }

  @Property
  void negativeArgumentsAreRefused(@ForAll @DoubleRange(min = -9, max = -0.01) double negative) {
    String was = "was " + negative;
    Refusal.mustSay(() -> ErrorBounds.tight(negative, 1), "eta must be at least 0", was);
    Refusal.mustSay(() -> ErrorBounds.paper(negative, 1), "epsilon must be at least 0", was);
    Refusal.mustSay(() -> ErrorBounds.tight(1, negative), "valueSup must be at least 0", was);
    Refusal.mustSay(() -> ErrorBounds.paper(1, negative), "valueSup must be at least 0", was);
    Refusal.mustSay(() -> ErrorBounds.tight(Double.NaN, 1), "eta must be at least 0", "was NaN");
  }
}
