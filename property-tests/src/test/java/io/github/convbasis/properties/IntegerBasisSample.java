package io.github.convbasis.properties;

import io.github.convbasis.conv.ConvBasis;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ArbitrarySupplier;
import net.jqwik.api.Combinators;

/**
 * A basis of whole numbers by its recipe. Sums of them are exact in double, so what is computed
 * from them is compared bit for bit.
 *
 * @param sparse each term but for one random coefficient zero: columns differ in one entry only
 * @param full the first support is n
 */
record IntegerBasisSample(int n, int terms, long seed, boolean sparse, boolean full) {
  private static final int GREATEST = 1000;

  ConvBasis basis() {
    SplittableRandom random = new SplittableRandom(seed);
    int count = Math.min(terms, n);
    int[] starts = Draw.subset(random, count, n);
    if (full && count > 0) {
      starts[0] = 0;
    }
    int[] supports = new int[count];
    double[][] coefficients = new double[count][];
    for (int r = 0; r < count; r++) {
      supports[r] = n - starts[r];
      coefficients[r] = Draw.integers(random, supports[r], sparse ? 0 : GREATEST);
      // A zero term would not be a term.
      coefficients[r][random.nextInt(supports[r])] = 1 + random.nextInt(GREATEST);
    }
    return ConvBasis.of(n, supports, coefficients);
  }

  /** More numbers from the same seed, independent of the basis. */
  SplittableRandom more() {
    return new SplittableRandom(~seed);
  }

  private static Arbitrary<IntegerBasisSample> of(int leastTerms, Arbitrary<Boolean> full) {
    return Combinators.combine(
            Sizes.upTo(130),
            Arbitraries.integers().between(leastTerms, 12),
            Sizes.seeds(),
            Arbitraries.of(true, false),
            full)
        .as(IntegerBasisSample::new);
  }

  /** Any supports, perhaps no term at all. */
  static final class Any implements ArbitrarySupplier<IntegerBasisSample> {
    @Override
    public Arbitrary<IntegerBasisSample> get() {
      return of(0, Arbitraries.of(true, false));
    }
  }
}
