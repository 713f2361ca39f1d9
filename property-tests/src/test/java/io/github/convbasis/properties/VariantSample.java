package io.github.convbasis.properties;

import io.github.convbasis.backend.SeenKeys;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.variants.AlibiBias;
import io.github.convbasis.variants.PositionBias;
import io.github.convbasis.variants.T5Bias;
import io.github.convbasis.variants.VariantInputs;
import io.github.convbasis.variants.Visibility;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ArbitrarySupplier;
import net.jqwik.api.Combinators;

/**
 * Inputs of attention with any visibility and bias by their recipe. Which key a row sees is also
 * said here by definition, entry by entry.
 *
 * @param rows query rows
 * @param keyRows key rows; those of queries where the kind is not cross attention
 * @param kind which keys are seen
 * @param bias what is added to logits
 */
record VariantSample(
    int rows,
    int keyRows,
    int d,
    int width,
    AttentionSample.Heads heads,
    Layout layout,
    boolean single,
    double scale,
    long seed,
    Kind kind,
    Bias bias,
    AttentionKind content) {

  /** Which keys are seen. */
  enum Kind {
    CAUSAL(true, false, false, false),
    BANDED(true, true, false, false),
    DOCUMENTS(true, false, true, false),
    HIDDEN(true, false, false, true),
    BANDED_DOCUMENTS_HIDDEN(true, true, true, true),
    BIDIRECTIONAL(false, false, false, false),
    BIDIRECTIONAL_BANDED(false, true, false, false),
    BIDIRECTIONAL_DOCUMENTS(false, false, true, false),
    BIDIRECTIONAL_ALL(false, true, true, true),
    CROSS(false, false, false, false),
    CROSS_HIDDEN(false, false, false, true),
    CROSS_BANDED(false, true, false, true);

    final boolean causal;
    final boolean banded;
    final boolean documents;
    final boolean hidden;

    Kind(boolean causal, boolean banded, boolean documents, boolean hidden) {
      this.causal = causal;
      this.banded = banded;
      this.documents = documents;
      this.hidden = hidden;
    }

    boolean isCross() {
      return this == CROSS || this == CROSS_HIDDEN || this == CROSS_BANDED;
    }
  }

  /** What is added to logits. */
  enum Bias {
    NONE,
    ALIBI,
    T5,
    /** Of either sign and up to 40. */
    ROUGH
  }

  /** First row of each document. */
  int[] starts() {
    if (!kind.documents) {
      return new int[] {0};
    }
    SplittableRandom random = new SplittableRandom(seed + 11);
    int[] later = Draw.subset(random, random.nextInt(Math.min(rows, 5)), rows - 1);
    int[] starts = new int[later.length + 1];
    for (int r = 0; r < later.length; r++) {
      starts[r + 1] = later[r] + 1;
    }
    return starts;
  }

  int band() {
    SplittableRandom random = new SplittableRandom(seed + 12);
    // The last row must reach a key.
    int least = Math.max(0, rows - keyRows) + 1;
    return kind.banded ? least + random.nextInt(rows) : Integer.MAX_VALUE;
  }

  /** Two thirds of the keys at most, so that every row sees one. */
  boolean[] hidden() {
    boolean[] hidden = new boolean[keyRows];
    if (!kind.hidden) {
      return hidden;
    }
    SplittableRandom random = new SplittableRandom(seed + 13);
    double share = random.nextDouble() * 0.7;
    boolean stretches = random.nextBoolean();
    for (int key = 0; key < keyRows; key++) {
      boolean same = stretches && key > 0 && random.nextInt(4) > 0;
      hidden[key] = same ? hidden[key - 1] : random.nextDouble() < share;
    }
    for (int row = 0; row < rows; row++) {
      show(hidden, row);
    }
    return hidden;
  }

  /** Unhides the nearest key of a row that sees none. */
  private void show(boolean[] hidden, int row) {
    for (int key = 0; key < keyRows; key++) {
      if (reaches(row, key) && !hidden[key]) {
        return;
      }
    }
    hidden[Math.min(row, keyRows - 1)] = false;
  }

  /** Tells by definition whether a row sees a key that is not hidden. */
  boolean reaches(int row, int key) {
    boolean sameDocument = true;
    for (int start : starts()) {
      sameDocument &= (row >= start) == (key >= start);
    }
    return sameDocument && !(kind.causal && key > row) && Math.abs(row - key) < band();
  }

  /** Which keys each row sees. */
  boolean[][] seen() {
    boolean[] hidden = hidden();
    boolean[][] seen = new boolean[rows][keyRows];
    for (int row = 0; row < rows; row++) {
      for (int key = 0; key < keyRows; key++) {
        seen[row][key] = reaches(row, key) && !hidden[key];
      }
    }
    return seen;
  }

  Visibility visibility() {
    Visibility visibility = kind.causal ? Visibility.causal(rows) : Visibility.full(rows, keyRows);
    if (kind.hidden) {
      visibility = visibility.withHiddenKeys(hidden());
    }
    if (kind.documents) {
      visibility = visibility.withDocuments(starts());
    }
    return kind.banded ? visibility.withBand(band()) : visibility;
  }

  /** Which keys the rows of a row's document see, by definition, and the bias of a head. */
  SeenKeys seenKeys(int head, int row) {
    int from = 0;
    int to = keyRows;
    for (int start : starts()) {
      from = start <= row ? start : from;
      to = start > row ? Math.min(start, to) : to;
    }
    boolean[] hidden = hidden();
    int fromLag = kind.causal ? 0 : 1 - band();
    SeenKeys seen =
        SeenKeys.ofRange(from, to, fromLag, band())
            .withKeys(IntStream.range(from, to).filter(key -> !hidden[key]).toArray());
    if (bias == Bias.NONE) {
      return seen;
    }
    PositionBias numbers = positionBias();
    return seen.withBias(lag -> numbers.at(head, lag));
  }

  PositionBias positionBias() {
    SplittableRandom random = new SplittableRandom(seed + 14);
    int queryHeads = heads.queries;
    return switch (bias) {
      case NONE -> throw new IllegalStateException("no bias");
      case ALIBI -> AlibiBias.ofHeads(queryHeads);
      case T5 -> {
        double[][] table = new double[8][];
        Arrays.setAll(table, bucket -> Draw.gaussian(random, queryHeads, 2));
        yield kind.causal ? T5Bias.causal(table, 20) : T5Bias.bidirectional(table, 20);
      }
      case ROUGH -> rough(Draw.uniform(random, queryHeads * (rows + keyRows), 40), queryHeads);
    };
  }

  private PositionBias rough(double[] numbers, int queryHeads) {
    int lags = rows + keyRows;
    return new PositionBias() {
      @Override
      public int heads() {
        return queryHeads;
      }

      @Override
      public double at(int head, int lag) {
        return numbers[head * lags + lag + keyRows];
      }
    };
  }

  double biasAt(int head, int lag) {
    return bias == Bias.NONE ? 0 : positionBias().at(head, lag);
  }

  double[] queries() {
    return asFloats(content.queries(new SplittableRandom(seed), heads.queries, rows, d));
  }

  double[] keys() {
    return asFloats(content.keys(new SplittableRandom(seed + 1), heads.keys, keyRows, d));
  }

  double[] values() {
    return asFloats(content.values(new SplittableRandom(seed + 2), heads.keys, keyRows, width));
  }

  private static double[] asFloats(double[] x) {
    return Arrays.stream(x).map(value -> (float) value).toArray();
  }

  VariantInputs inputs() {
    return inputs(layout, single, queries(), keys(), values());
  }

  VariantInputs inputs(
      Layout layout, boolean single, double[] queries, double[] keys, double[] values) {
    VariantInputs inputs =
        VariantInputs.of(
                layout.store(queries, single, heads.queries, rows, d),
                layout.store(keys, single, heads.keys, keyRows, d),
                layout.store(values, single, heads.keys, keyRows, width),
                visibility())
            .withScale(scale / Math.sqrt(d));
    return bias == Bias.NONE ? inputs : inputs.withBias(positionBias());
  }

  HeadTensor blankOutput() {
    return blankOutput(layout, single);
  }

  HeadTensor blankOutput(Layout layout, boolean single) {
    return layout.blank(single, heads.queries, rows, width);
  }

  private static Arbitrary<VariantSample> of(int most, Arbitrary<Double> scales) {
    Arbitrary<List<Integer>> sizes =
        Combinators.combine(Sizes.upTo(most), Sizes.upTo(most), Sizes.upTo(9), Sizes.upTo(5))
            .as(List::of);
    return Combinators.combine(
            sizes,
            Arbitraries.of(AttentionSample.Heads.class),
            Arbitraries.of(Layout.class),
            Arbitraries.of(false, true),
            scales,
            Sizes.seeds(),
            Arbitraries.of(Kind.class),
            Arbitraries.of(Bias.class))
        .flatAs(
            (size, heads, layout, single, scale, seed, kind, bias) ->
                Arbitraries.of(AttentionKind.class)
                    .map(
                        content ->
                            new VariantSample(
                                size.get(0),
                                kind.isCross() ? size.get(1) : size.get(0),
                                size.get(2),
                                size.get(3),
                                heads,
                                layout,
                                single,
                                scale,
                                seed,
                                kind,
                                bias,
                                content)));
  }

  /** Any variant of up to 40 rows and keys. */
  static final class Any implements ArbitrarySupplier<VariantSample> {
    @Override
    public Arbitrary<VariantSample> get() {
      return of(40, Arbitraries.of(1.0, 0.1, 4.0));
    }
  }

  /** More rows and keys than a tile, a group of lanes and a work item of any backend have. */
  static final class Long implements ArbitrarySupplier<VariantSample> {
    @Override
    public Arbitrary<VariantSample> get() {
      return of(300, Arbitraries.of(1.0, 0.1, 4.0));
    }
  }

  /** Logits of about a thousand. */
  static final class Extreme implements ArbitrarySupplier<VariantSample> {
    @Override
    public Arbitrary<VariantSample> get() {
      return of(40, Arbitraries.of(1000.0, -1000.0, 300.0));
    }
  }
}
