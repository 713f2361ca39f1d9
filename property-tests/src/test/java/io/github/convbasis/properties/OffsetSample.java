package io.github.convbasis.properties;

import io.github.convbasis.decompose.SampledTile;
import java.util.Arrays;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ArbitrarySupplier;
import net.jqwik.api.Combinators;

/**
 * A tile of logits {@code w(i - j) + g(i) + c(j)} plus noise, by its recipe.
 *
 * @param rows rows of the tile
 * @param sampled share of the rows that are sampled, the first one always
 * @param below first row less first column: where it is less than the number of columns, the
 *     diagonal runs through the tile
 * @param present share of the entries whose weight is not zero
 */
record OffsetSample(
    int rows,
    int columns,
    double sampled,
    int below,
    double present,
    double noise,
    double scale,
    long seed) {
  private static final int FIRST_COLUMN = 7;

  int firstRow() {
    return FIRST_COLUMN + below;
  }

  int column(int index) {
    return FIRST_COLUMN + index;
  }

  /** The unit of errors of sums of fitted numbers. */
  double unit() {
    return Tolerances.sum(Tolerances.DOUBLE, rows + columns, scale * (3 + noise));
  }

  /** Sampled rows, their logits and weights; at least one weight is positive. */
  record Entries(int[] rows, double[][] logits, double[][] weights) {}

  Entries entries() {
    SplittableRandom random = new SplittableRandom(seed);
    double[] w = Draw.uniform(random, firstRow() + rows + 1, scale);
    double[] g = Draw.uniform(random, rows, scale);
    double[] c = Draw.uniform(random, columns, scale);
    int count = Math.max(1, (int) (sampled * rows));
    int[] later = Draw.subset(random, count, rows);
    int[] samples = new int[count];
    Arrays.setAll(samples, s -> firstRow() + later[s]);
    double[][] logits = new double[count][columns];
    double[][] weights = new double[count][columns];
    for (int s = 0; s < count; s++) {
      for (int j = 0; j < columns; j++) {
        int lag = samples[s] - FIRST_COLUMN - j;
        boolean here = lag >= 0 && random.nextDouble() < present;
        weights[s][j] = here ? 0.1 + random.nextDouble() : 0;
        double exact = lag < 0 ? 0 : w[lag] + g[samples[s] - firstRow()] + c[j];
        logits[s][j] = exact + scale * noise * random.nextGaussian();
      }
    }
    weights[count - 1][0] += 0.5;
    return new Entries(samples, logits, weights);
  }

  SampledTile tile(Entries entries) {
    return SampledTile.of(
        firstRow(),
        firstRow() + rows,
        FIRST_COLUMN,
        entries.rows(),
        entries.logits(),
        entries.weights());
  }

  private static Arbitrary<OffsetSample> of(
      int most, Arbitrary<Double> sampled, Arbitrary<Double> present, Arbitrary<Double> noise) {
    return Combinators.combine(
            Sizes.upTo(most),
            Sizes.upTo(most),
            sampled,
            Arbitraries.integers().between(0, 50),
            present,
            noise,
            Arbitraries.of(1.0, 1e-6, 1e6),
            Sizes.seeds())
        .as(OffsetSample::new);
  }

  /** Some rows sampled, entries missing, with noise or none. */
  static final class Any implements ArbitrarySupplier<OffsetSample> {
    @Override
    public Arbitrary<OffsetSample> get() {
      return of(
          40,
          Arbitraries.of(0.1, 0.5, 1.0),
          Arbitraries.of(0.3, 0.9, 1.0),
          Arbitraries.of(0.0, 0.1, 1.0));
    }
  }

  /**
   * Exactly of the form that is fitted, every row sampled. Small, since narrow tiles take sweeps in
   * proportion to the square of their length.
   */
  static final class Exact implements ArbitrarySupplier<OffsetSample> {
    @Override
    public Arbitrary<OffsetSample> get() {
      return of(20, Arbitraries.just(1.0), Arbitraries.just(1.0), Arbitraries.just(0.0));
    }
  }
}
