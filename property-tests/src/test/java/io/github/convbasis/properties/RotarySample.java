package io.github.convbasis.properties;

import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import java.util.Arrays;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ArbitrarySupplier;
import net.jqwik.api.Combinators;

/**
 * Rotary position embedding on one query content and on one key content per segment, by recipe: the
 * logit is {@code qᵀR_{i-j}k}, a function of lag and segment, so the basis has exactly as many
 * terms as segments while d stays far below n.
 */
record RotarySample(int n, int terms, int width, long seed) {
  static final int D = 64;
  private static final double BASE = 10_000;

  int[] starts() {
    // A segment that starts in the last window cannot be told from the one before.
    int room = n - ConvBasisRecovery.DEFAULT_WINDOW;
    int[] later = Draw.subset(new SplittableRandom(seed), terms - 1, room);
    int[] starts = new int[terms];
    Arrays.setAll(starts, r -> r == 0 ? 0 : later[r - 1] + 1);
    return starts;
  }

  AttentionInputs inputs() {
    SplittableRandom random = new SplittableRandom(~seed);
    double[] query = Draw.gaussian(random, D, 1);
    int[] starts = starts();
    double[] queries = new double[n * D];
    double[] keys = new double[n * D];
    double[] key = query;
    for (int row = 0, segment = 0; row < n; row++) {
      if (segment < terms && starts[segment] == row) {
        key = Draw.gaussian(random, D, 1);
        segment++;
      }
      rotate(query, row, queries);
      rotate(key, row, keys);
    }
    double[] values = Draw.gaussian(random, n * width, 1);
    return AttentionInputs.causal(
        HeadTensor.of(queries, 1, n, D),
        HeadTensor.of(keys, 1, n, D),
        HeadTensor.of(values, 1, n, width));
  }

  /** Turns channel pairs (c, c + d/2), the half-split convention, by row·base^(-2c/d). */
  private static void rotate(double[] content, int row, double[] rows) {
    int half = D / 2;
    for (int c = 0; c < half; c++) {
      double angle = row * Math.pow(BASE, -(double) c / half);
      double cos = Math.cos(angle);
      double sin = Math.sin(angle);
      rows[row * D + c] = content[c] * cos - content[c + half] * sin;
      rows[row * D + c + half] = content[c + half] * cos + content[c] * sin;
    }
  }

  /** Long enough that most neighbouring columns agree. */
  static final class Any implements ArbitrarySupplier<RotarySample> {
    @Override
    public Arbitrary<RotarySample> get() {
      return Combinators.combine(
              Arbitraries.integers().between(50, 140).withoutEdgeCases(),
              Arbitraries.integers().between(1, 6),
              Arbitraries.integers().between(1, 3),
              Sizes.seeds())
          .as(RotarySample::new);
    }
  }
}
