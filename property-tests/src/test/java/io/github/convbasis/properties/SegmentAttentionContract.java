package io.github.convbasis.properties;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;
import java.util.Arrays;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/**
 * What attention from given segments must satisfy: rows it trusts are within the guard tolerance,
 * so its own estimate of rounding is a bound. The scalar backend's worst row in 6,000 tries used
 * 0.37 of the tolerance.
 */
abstract class SegmentAttentionContract implements BackendContract {

  /**
   * Modelled logits and values by their recipe.
   *
   * @param trend added to the logits from lag 0 to the greatest, so normalisers spread
   * @param guardDigits the guard tolerance is 10 to minus this
   */
  record Segments(
      int n, int terms, int width, double sigma, double trend, double guardDigits, long seed) {
    SegmentedToeplitz logits() {
      SplittableRandom random = new SplittableRandom(seed);
      int[] later = Draw.subset(random, Math.min(terms - 1, n - 1), n - 1);
      int[] starts = new int[later.length + 1];
      double[][] kernels = new double[starts.length][];
      for (int r = 0; r < starts.length; r++) {
        starts[r] = r == 0 ? 0 : later[r - 1] + 1;
        kernels[r] = Draw.gaussian(random, n - starts[r], sigma);
        for (int lag = 0; lag < kernels[r].length; lag++) {
          kernels[r][lag] += trend * lag / n;
        }
      }
      return SegmentedToeplitz.of(n, starts, kernels);
    }

    AttentionInputs inputs() {
      double[] values = Draw.gaussian(new SplittableRandom(~seed), n * width, 1);
      HeadTensor zeros = HeadTensor.allocate(false, 1, n, 1);
      HeadTensor tensor = HeadTensor.of(values, 1, n, width);
      return new AttentionInputs(zeros, zeros, tensor, 1, AttentionMask.CAUSAL);
    }
  }

  /** Guards from far above rounding to where most rows drown. */
  @Provide
  Arbitrary<Segments> segments() {
    return Combinators.combine(
            Arbitraries.oneOf(Sizes.upTo(130), Sizes.upTo(600)),
            Arbitraries.integers().between(1, 8),
            Arbitraries.integers().between(1, 2),
            Arbitraries.of(0.5, 2.0, 5.0),
            Arbitraries.of(0.0, 20.0, -40.0),
            Arbitraries.doubles().between(0, 6).withoutEdgeCases(),
            Sizes.seeds())
        .as(Segments::new);
  }

  @Property
  void rowsThatAreTrustedAreWithinTheGuardTolerance(@ForAll("segments") Segments sample) {
    AttentionInputs inputs = sample.inputs();
    SegmentedToeplitz logits = sample.logits();
    HeadTensor output = Layout.PADDED.blank(false, 1, sample.n(), sample.width());
    boolean[] untrusted = new boolean[sample.n()];
    // Every row must be judged, whatever the array held.
    Arrays.fill(untrusted, sample.seed() % 2 == 0);
    double guard = backend().defaultGuardTolerance() * Math.pow(10, 1 - sample.guardDigits());
    backend()
        .attendSegments(
            inputs,
            0,
            logits,
            guard,
            output,
            untrusted,
            backend().newWorkspace(),
            Parallelism.sequential());
    double[] sups = AttentionErrors.visibleSups(inputs, 0);
    double[][] values = AttentionErrors.values(inputs, 0);
    double[] row = new double[sample.n()];
    for (int i = 0; i < sample.n(); i++) {
      if (!untrusted[i]) {
        logits.copyRow(i, row);
        double[] expected = Reference.attend(row, i + 1, values);
        double rounding =
            Tolerances.EXACT_ATTENTION.of(Tolerances.sum(unitRoundoff(), i + 1, sups[i]));
        for (int c = 0; c < sample.width(); c++) {
          double error = output.get(0, i, c) - expected[c];
          Tolerances.requireBounded(error, guard * sups[i], rounding, "row " + i);
        }
      }
    }
  }
}
