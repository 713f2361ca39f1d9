package io.github.convbasis.properties;

import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.training.RegressionProblem;
import java.util.Arrays;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ArbitrarySupplier;
import net.jqwik.api.Combinators;

/**
 * An attention regression by its recipe. Elements are float numbers, so that float and double
 * storage hold the same.
 *
 * @param n rows
 * @param d width of A₁, A₂ and A₃
 * @param m width of E
 * @param sigma standard deviation of the logits
 * @param spread rows of A₃ are e^±spread in size
 */
record RegressionSample(
    int n, int d, int m, double sigma, double spread, Layout layout, boolean single, long seed) {

  private HeadTensor store(double[] elements, int rows, int width) {
    double[] floats = Arrays.stream(elements).map(value -> (float) value).toArray();
    return layout.store(floats, single, 1, rows, width);
  }

  RegressionProblem problem() {
    SplittableRandom random = new SplittableRandom(seed);
    double[] a1 = Draw.gaussian(random, n * d, 1);
    double[] a2 = Draw.gaussian(random, n * d, 1);
    double[] a3 = Draw.gaussian(random, n * d, 1);
    for (int row = 0; row < n; row++) {
      double size = Math.exp(spread * (2 * random.nextDouble() - 1));
      for (int c = 0; c < d; c++) {
        a3[row * d + c] *= size;
      }
    }
    return new RegressionProblem(
        store(a1, n, d),
        store(a2, n, d),
        store(a3, n, d),
        store(Draw.gaussian(random, n * m, 1), n, m));
  }

  HeadTensor x() {
    return store(Draw.gaussian(new SplittableRandom(~seed), d * d, sigma / d), d, d);
  }

  HeadTensor w() {
    return store(Draw.gaussian(new SplittableRandom(seed + 1), d * m, 1 / Math.sqrt(d)), d, m);
  }

  /** First columns of up to four segments. */
  int[] starts() {
    SplittableRandom random = new SplittableRandom(seed + 2);
    int[] later = Draw.subset(random, random.nextInt(Math.min(4, n)), n - 1);
    int[] starts = new int[later.length + 1];
    for (int r = 0; r < later.length; r++) {
      starts[r + 1] = later[r] + 1;
    }
    return starts;
  }

  private static Arbitrary<RegressionSample> of(int most, Double... sigmas) {
    return Combinators.combine(
            Sizes.upTo(most),
            Sizes.upTo(9),
            Sizes.upTo(9),
            Arbitraries.of(sigmas),
            Arbitraries.of(0.0, 3.0),
            Arbitraries.of(Layout.class),
            Arbitraries.of(false, true),
            Sizes.seeds())
        .as(RegressionSample::new);
  }

  /** Logits of any size. */
  static final class Any implements ArbitrarySupplier<RegressionSample> {
    @Override
    public Arbitrary<RegressionSample> get() {
      return of(66, 0.3, 1.0, 5.0, 30.0);
    }
  }

  /** Logits whose weights transforms can tell apart. */
  static final class Mild implements ArbitrarySupplier<RegressionSample> {
    @Override
    public Arbitrary<RegressionSample> get() {
      return of(66, 0.1, 1.0);
    }
  }
}
