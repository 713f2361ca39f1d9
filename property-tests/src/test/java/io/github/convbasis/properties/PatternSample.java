package io.github.convbasis.properties;

import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.matrix.SegmentedToeplitz;
import java.util.Arrays;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ArbitrarySupplier;
import net.jqwik.api.Combinators;

/**
 * Segments whose kernels come from a small alphabet and may return, such as A,B,A,C, with noise, by
 * recipe. Neighbouring segments always differ. Only neighbours must be apart: binary search over
 * all columns is lost here.
 *
 * @param n rows and columns
 * @param pattern kernels in order of the segments
 * @param window T
 * @param share noise as a share of δ/(5T), δ the least distance of two kernels' prefixes
 * @param seed of starts, kernels and noise
 */
record PatternSample(int n, String pattern, int window, double share, long seed) {
  /** The search promises to see segments of at least n divided by this. */
  private static final int SEGMENTS_SEEN = 256;

  private static final int LETTERS = 3;

  /** Vectors add distances up in another order; theirs must not fall below δ by that. */
  private static final double MARGIN = 1 + 0x1p-40;

  /** Starts at column 0, then anywhere as far apart as the search promises to see. */
  private int[] starts(SplittableRandom random) {
    int apart = Math.max(1, n / SEGMENTS_SEEN);
    int room = (n - window) / apart;
    int[] chosen = Draw.subset(random, Math.min(pattern.length() - 1, room), room);
    int[] starts = new int[chosen.length + 1];
    for (int r = 0; r < chosen.length; r++) {
      starts[r + 1] = apart * (chosen[r] + 1);
    }
    return starts;
  }

  private double[][] alphabet() {
    SplittableRandom random = new SplittableRandom(~seed);
    double[][] alphabet = new double[LETTERS][];
    Arrays.setAll(alphabet, letter -> Draw.uniform(random, n, 1));
    return alphabet;
  }

  /** δ: prefixes of different letters are this far apart at least. */
  double delta() {
    return NonDegenerateSample.leastDistance(alphabet(), window) / MARGIN;
  }

  double epsilon() {
    return share * delta() / (5 * window);
  }

  NoisySegments matrix() {
    double[][] alphabet = alphabet();
    int[] starts = starts(new SplittableRandom(seed));
    double[][] kernels = new double[starts.length][];
    Arrays.setAll(kernels, r -> Arrays.copyOf(alphabet[pattern.charAt(r) - 'A'], n - starts[r]));
    return new NoisySegments(SegmentedToeplitz.of(n, starts, kernels), epsilon(), seed);
  }

  ConvBasisRecovery recovery(int terms) {
    return ConvBasisRecovery.ofTerms(terms)
        .withWindow(window)
        .withDelta(delta())
        .withEpsilon(epsilon());
  }

  /** Returns a letter that is not the one before: 1 or 2 steps on in the alphabet. */
  private static String patternOf(long seed, int length) {
    SplittableRandom random = new SplittableRandom(seed);
    StringBuilder pattern = new StringBuilder("A");
    while (pattern.length() < length) {
      int before = pattern.charAt(pattern.length() - 1) - 'A';
      pattern.append((char) ('A' + (before + 1 + random.nextInt(LETTERS - 1)) % LETTERS));
    }
    return pattern.toString();
  }

  private static Arbitrary<PatternSample> of(
      Arbitrary<Integer> sizes, Arbitrary<Integer> windows, Arbitrary<Double> shares) {
    Arbitrary<String> patterns =
        Arbitraries.oneOf(
            Arbitraries.of("A", "AB", "ABA", "ABAC"),
            Combinators.combine(Sizes.seeds(), Arbitraries.integers().between(1, 8))
                .as(PatternSample::patternOf));
    return Combinators.combine(sizes, patterns, windows, shares, Sizes.seeds())
        .as(
            (n, pattern, window, share, seed) ->
                new PatternSample(n, pattern, Math.min(window, n), share, seed));
  }

  /** Lengths from 1 to several doubling steps, noise up to what the theory bears. */
  static final class Any implements ArbitrarySupplier<PatternSample> {
    @Override
    public Arbitrary<PatternSample> get() {
      return of(
          Arbitraries.oneOf(
              Sizes.upTo(130), Arbitraries.integers().between(200, 3000).withoutEdgeCases()),
          Arbitraries.integers().between(1, 16),
          Arbitraries.of(0.0, 0.5, 1.0));
    }
  }

  /** For attention with as many channels as rows. */
  static final class Small implements ArbitrarySupplier<PatternSample> {
    @Override
    public Arbitrary<PatternSample> get() {
      return of(
          Sizes.upTo(40), Arbitraries.integers().between(1, 8), Arbitraries.of(0.0, 0.5, 1.0));
    }
  }

  /**
   * For T and δ chosen by the library: long enough that most neighbouring columns agree, noise at
   * most a fiftieth of an entry.
   */
  static final class Automatic implements ArbitrarySupplier<PatternSample> {
    @Override
    public Arbitrary<PatternSample> get() {
      return of(
          Arbitraries.integers().between(80, 600).withoutEdgeCases(),
          Arbitraries.just(ConvBasisRecovery.DEFAULT_WINDOW),
          Arbitraries.of(0.0, 1e-9, 1e-3, 0.1));
    }
  }
}
