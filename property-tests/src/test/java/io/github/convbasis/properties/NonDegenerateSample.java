package io.github.convbasis.properties;

import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.matrix.SegmentedToeplitz;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ArbitrarySupplier;
import net.jqwik.api.Combinators;

/**
 * A (T, δ)-non-degenerate matrix with noise, by its recipe: the T-prefixes of zero and of all
 * kernels are at least δ apart in pairs, the last support is at least T, and the noise is a share
 * of what Recover bears, {@code ε = share·δ/(5T)}.
 */
record NonDegenerateSample(int n, int terms, int window, double delta, double share, long seed) {
  /** A backend may round logits to float; distances must not fall below δ by that. */
  private static final double MARGIN = 1 + 0x1p-16;

  int lastStart() {
    return n - window;
  }

  int count() {
    return Math.min(terms, lastStart() + 1);
  }

  double epsilon() {
    return share * delta / (5 * window);
  }

  NoisySegments matrix() {
    SplittableRandom random = new SplittableRandom(seed);
    int[] starts = Draw.subset(random, count(), lastStart() + 1);
    double[][] kernels = new double[starts.length][];
    for (int r = 0; r < starts.length; r++) {
      kernels[r] = Draw.uniform(random, n - starts[r], 1);
    }
    double factor = delta / leastDistance(kernels, window) * MARGIN;
    for (double[] kernel : kernels) {
      for (int lag = 0; lag < kernel.length; lag++) {
        kernel[lag] *= factor;
      }
    }
    return new NoisySegments(SegmentedToeplitz.of(n, starts, kernels), epsilon(), ~seed);
  }

  /** Least ‖·‖₁ distance of prefixes in pairs, zero among them. */
  static double leastDistance(double[][] kernels, int window) {
    double least = Double.POSITIVE_INFINITY;
    for (int r = 0; r < kernels.length; r++) {
      for (int other = -1; other < r; other++) {
        double distance = 0;
        for (int t = 0; t < window; t++) {
          distance += Math.abs(kernels[r][t] - (other < 0 ? 0 : kernels[other][t]));
        }
        least = Math.min(least, distance);
      }
    }
    return least;
  }

  ConvBasisRecovery recovery() {
    return ConvBasisRecovery.ofTerms(count())
        .withWindow(window)
        .withDelta(delta)
        .withEpsilon(epsilon());
  }

  private static Arbitrary<NonDegenerateSample> upTo(int most, double greatestDelta) {
    return Sizes.upTo(most)
        .flatMap(
            n ->
                Combinators.combine(
                        Arbitraries.integers().between(1, 8),
                        Arbitraries.integers().between(1, Math.min(n, 16)),
                        Arbitraries.of(greatestDelta, greatestDelta / 10, greatestDelta / 1000),
                        Arbitraries.of(0.0, 0.3, 1.0),
                        Sizes.seeds())
                    .as(
                        (terms, window, delta, share, seed) ->
                            new NonDegenerateSample(n, terms, window, delta, share, seed)));
  }

  /** For searches alone. */
  static final class Any implements ArbitrarySupplier<NonDegenerateSample> {
    @Override
    public Arbitrary<NonDegenerateSample> get() {
      return upTo(300, 100);
    }
  }

  /** For attention with as many channels as rows. */
  static final class Small implements ArbitrarySupplier<NonDegenerateSample> {
    @Override
    public Arbitrary<NonDegenerateSample> get() {
      return upTo(40, 5);
    }
  }
}
