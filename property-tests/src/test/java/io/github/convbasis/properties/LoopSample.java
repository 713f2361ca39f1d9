package io.github.convbasis.properties;

import java.util.SplittableRandom;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ArbitrarySupplier;
import net.jqwik.api.Combinators;

/**
 * Operands of element loops by their recipe.
 *
 * @param offset where a range starts that need not start at 0
 */
record LoopSample(int count, int offset, Numbers kind, long seed) {
  /** What the operands are made of. */
  enum Numbers {
    UNIFORM,
    WIDE,
    /** Zeros of both signs and subnormal numbers. */
    TINY,
    /** So large that differences overflow. */
    HUGE,
    /** From few values, so that many are equal. */
    REPEATED,
    MIXED;

    double[] draw(SplittableRandom random, int length) {
      switch (this) {
        case WIDE:
          return Draw.wide(random, length, 1, 300);
        case TINY:
          return Draw.tiny(random, length);
        case HUGE:
          return Draw.uniform(random, length, Double.MAX_VALUE);
        case REPEATED:
          return Draw.integers(random, length, 1);
        case MIXED:
          double[] mixed = new double[length];
          for (int i = 0; i < length; i++) {
            mixed[i] = values()[random.nextInt(MIXED.ordinal())].draw(random, 1)[0];
          }
          return mixed;
        default:
          return Draw.uniform(random, length, 1);
      }
    }
  }

  /** Operands, the same ones in the same order from every new source. */
  final class Source {
    private final SplittableRandom random = new SplittableRandom(seed);

    double[] next(int length) {
      return kind.draw(random, length);
    }

    /** Numbers from 0 to 1, some of them 0 of either sign. */
    double[] weights(int length) {
      double[] weights = Draw.uniform(random, length, 1);
      for (int i = 0; i < length; i++) {
        weights[i] = Math.max(weights[i], random.nextBoolean() ? 0.0 : -0.0);
      }
      return weights;
    }
  }

  Source source() {
    return new Source();
  }

  private static Arbitrary<LoopSample> of(Numbers... kinds) {
    return Combinators.combine(
            Arbitraries.oneOf(Sizes.upTo(130), Arbitraries.just(0)),
            Arbitraries.integers().between(0, 9),
            Arbitraries.of(kinds),
            Sizes.seeds())
        .as(LoopSample::new);
  }

  /** Every kind. */
  static final class Any implements ArbitrarySupplier<LoopSample> {
    @Override
    public Arbitrary<LoopSample> get() {
      return of(Numbers.values());
    }
  }

  /** Kinds whose sums and squares stay in range. */
  static final class InRange implements ArbitrarySupplier<LoopSample> {
    @Override
    public Arbitrary<LoopSample> get() {
      return of(Numbers.UNIFORM, Numbers.WIDE, Numbers.TINY, Numbers.REPEATED);
    }
  }
}
