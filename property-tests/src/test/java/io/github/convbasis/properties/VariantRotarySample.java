package io.github.convbasis.properties;

import io.github.convbasis.attention.RotaryEmbedding;
import io.github.convbasis.attention.RotaryEmbedding.Pairing;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.variants.AlibiBias;
import io.github.convbasis.variants.VariantInputs;
import io.github.convbasis.variants.Visibility;
import java.util.Arrays;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ArbitrarySupplier;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;

/**
 * One query content and one key content for each stretch of keys, rotated by position: logits that
 * are exactly one segment for each stretch, on either side of the diagonal. Documents and hidden
 * keys consist of whole stretches, so that every segment has room for a window.
 *
 * @param stretch keys of a stretch
 * @param rows query rows, in stretches
 * @param keys key rows, in stretches
 */
record VariantRotarySample(
    int stretch, int rows, int keys, VariantSample.Kind kind, boolean biased, long seed) {
  static final int D = 64;

  /** T of the search: a segment shorter than it cannot be found. */
  static final int WINDOW = 8;

  private int keyStretches() {
    return kind.isCross() ? keys : rows;
  }

  /** First stretch of each document. */
  int[] documents() {
    if (!kind.documents) {
      return new int[] {0};
    }
    SplittableRandom random = new SplittableRandom(seed + 1);
    int[] later = Draw.subset(random, random.nextInt(rows), rows - 1);
    int[] starts = new int[later.length + 1];
    for (int r = 0; r < later.length; r++) {
      starts[r + 1] = later[r] + 1;
    }
    return starts;
  }

  /** Which stretches are hidden: never the first of a document. */
  boolean[] hiddenStretches() {
    SplittableRandom random = new SplittableRandom(seed + 2);
    boolean[] hidden = new boolean[keyStretches()];
    int[] documents = documents();
    for (int s = 0; s < hidden.length; s++) {
      hidden[s] = kind.hidden && Arrays.binarySearch(documents, s) < 0 && random.nextBoolean();
    }
    return hidden;
  }

  /** Segments of all keys that are not hidden: each stretch is one. */
  int shownStretches() {
    int shown = 0;
    for (boolean hidden : hiddenStretches()) {
      shown += hidden ? 0 : 1;
    }
    return shown;
  }

  private int band() {
    // Hidden keys must not fill it.
    int least = Math.max(rows, keyStretches()) * stretch;
    return kind.hidden ? least : 1 + new SplittableRandom(seed + 3).nextInt(least / 2);
  }

  Visibility visibility() {
    int queryRows = rows * stretch;
    int keyRows = keyStretches() * stretch;
    Visibility visibility =
        kind.causal ? Visibility.causal(queryRows) : Visibility.full(queryRows, keyRows);
    if (kind.hidden) {
      boolean[] stretches = hiddenStretches();
      boolean[] hidden = new boolean[keyRows];
      for (int key = 0; key < keyRows; key++) {
        hidden[key] = stretches[key / stretch];
      }
      visibility = visibility.withHiddenKeys(hidden);
    }
    if (kind.documents) {
      visibility =
          visibility.withDocuments(Arrays.stream(documents()).map(s -> s * stretch).toArray());
    }
    return kind.banded ? visibility.withBand(band()) : visibility;
  }

  VariantInputs inputs(int width) {
    SplittableRandom random = new SplittableRandom(seed);
    int queryRows = rows * stretch;
    int keyRows = keyStretches() * stretch;
    double[] query = Draw.gaussian(random, D, 1);
    double[] queries = new double[queryRows * D];
    for (int row = 0; row < queryRows; row++) {
      System.arraycopy(query, 0, queries, row * D, D);
    }
    double[] keyData = new double[keyRows * D];
    for (int s = 0; s < keyStretches(); s++) {
      double[] key = Draw.gaussian(random, D, 1);
      for (int row = s * stretch; row < (s + 1) * stretch; row++) {
        System.arraycopy(key, 0, keyData, row * D, D);
      }
    }
    RotaryEmbedding rope = new RotaryEmbedding(10_000, Pairing.INTERLEAVED);
    HeadTensor queryTensor = HeadTensor.of(queries, 1, queryRows, D);
    HeadTensor keyTensor = HeadTensor.of(keyData, 1, keyRows, D);
    rope.rotate(queryTensor, 0);
    rope.rotate(keyTensor, 0);
    double[] values = Draw.gaussian(random, keyRows * width, 1);
    VariantInputs inputs =
        VariantInputs.of(
            queryTensor, keyTensor, HeadTensor.of(values, 1, keyRows, width), visibility());
    return biased ? inputs.withBias(AlibiBias.ofHeads(1)) : inputs;
  }

  /** The most segments that one basis may need. */
  int mostSegments() {
    return keyStretches();
  }

  private static Arbitrary<VariantRotarySample> of(
      Arbitrary<Integer> stretches, Arbitrary<Integer> counts) {
    return Combinators.combine(
            stretches,
            counts,
            counts,
            Arbitraries.of(VariantSample.Kind.class)
                // A band that leaves out keys may leave rows of cross attention without any.
                .filter(kind -> kind != VariantSample.Kind.CROSS_BANDED),
            Arbitraries.of(false, true),
            Sizes.seeds())
        .as(VariantRotarySample::new);
  }

  /** A few stretches, in one of sixteen so long that rows are cut into chunks and blocks. */
  static final class Any implements ArbitrarySupplier<VariantRotarySample> {
    @Override
    public Arbitrary<VariantRotarySample> get() {
      Arbitrary<VariantRotarySample> small =
          of(Arbitraries.integers().between(WINDOW, 17), Arbitraries.integers().between(1, 6));
      Arbitrary<VariantRotarySample> large =
          of(
              Arbitraries.integers().between(100, 140).withoutEdgeCases(),
              Arbitraries.integers().between(6, 11).withoutEdgeCases());
      return Arbitraries.frequencyOf(Tuple.of(15, small), Tuple.of(1, large));
    }
  }
}
