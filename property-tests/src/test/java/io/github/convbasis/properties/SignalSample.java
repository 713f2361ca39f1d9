package io.github.convbasis.properties;

import java.util.Arrays;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ArbitrarySupplier;
import net.jqwik.api.Combinators;

/** A vector by its recipe, for transforms and convolutions. */
record SignalSample(int n, long seed, double scale, Kind kind) {

  /** Shapes of vectors. */
  enum Kind {
    UNIFORM,
    GAUSSIAN,
    IMPULSE,
    CONSTANT,
    ALTERNATING,
    WIDE_RANGE,
    TINY,
    ZERO
  }

  /** Returns the vector of a lane; different lanes hold different numbers of the same kind. */
  double[] lane(int lane) {
    SplittableRandom random = new SplittableRandom(seed + lane);
    double[] x = new double[n];
    switch (kind) {
      case UNIFORM:
        return Draw.uniform(random, n, scale);
      case GAUSSIAN:
        return Draw.gaussian(random, n, scale);
      case WIDE_RANGE:
        return Draw.wide(random, n, scale, 20);
      case TINY:
        return Draw.tiny(random, n);
      case IMPULSE:
        x[random.nextInt(n)] = scale;
        return x;
      case CONSTANT:
        Arrays.fill(x, scale * random.nextDouble());
        return x;
      case ALTERNATING:
        Arrays.setAll(x, t -> t % 2 == 0 ? scale : -scale);
        return x;
      default:
        return x;
    }
  }

  private static Arbitrary<SignalSample> of(Arbitrary<Integer> sizes) {
    return Combinators.combine(
            sizes,
            Sizes.seeds(),
            Arbitraries.of(1.0, 1e-5, 1e5),
            Arbitraries.of(SignalSample.Kind.class))
        .as(SignalSample::new);
  }

  /** Powers of two to 64, for comparison with O(N²) sums. */
  static final class ShortTransform implements ArbitrarySupplier<SignalSample> {
    @Override
    public Arbitrary<SignalSample> get() {
      return of(Sizes.powersOfTwo(6));
    }
  }

  /** Powers of two to 4,096. */
  static final class LongTransform implements ArbitrarySupplier<SignalSample> {
    @Override
    public Arbitrary<SignalSample> get() {
      return of(Sizes.powersOfTwo(12));
    }
  }

  /** Any length to 130, for comparison with O(n²) sums. */
  static final class ShortConvolution implements ArbitrarySupplier<SignalSample> {
    @Override
    public Arbitrary<SignalSample> get() {
      return of(Sizes.upTo(130));
    }
  }

  /** Any length to 1,500. */
  static final class LongConvolution implements ArbitrarySupplier<SignalSample> {
    @Override
    public Arbitrary<SignalSample> get() {
      return of(Sizes.upTo(1500));
    }
  }
}
