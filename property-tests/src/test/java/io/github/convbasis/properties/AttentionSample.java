package io.github.convbasis.properties;

import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import java.util.Arrays;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ArbitrarySupplier;
import net.jqwik.api.Combinators;

/**
 * Inputs of attention by their recipe. Elements are float numbers, so that float and double storage
 * hold the same.
 *
 * @param n query rows and key rows
 * @param d width of queries and keys
 * @param width width of values
 * @param shape heads
 * @param layout where the elements lie
 * @param scale times 1/√d is the logit scale
 */
record AttentionSample(
    int n,
    int d,
    int width,
    Heads shape,
    Layout layout,
    boolean single,
    double scale,
    long seed,
    AttentionKind kind) {

  /** Query heads and key heads. */
  enum Heads {
    ONE(1, 1),
    TWO(2, 2),
    GROUPED(4, 2),
    SHARED(3, 1);

    final int queries;
    final int keys;

    Heads(int queries, int keys) {
      this.queries = queries;
      this.keys = keys;
    }
  }

  private static double[] asFloats(double[] x) {
    return Arrays.stream(x).map(value -> (float) value).toArray();
  }

  double[] queries() {
    return asFloats(kind.queries(new SplittableRandom(seed), shape.queries, n, d));
  }

  double[] keys() {
    return asFloats(kind.keys(new SplittableRandom(seed + 1), shape.keys, n, d));
  }

  double[] values() {
    return asFloats(kind.values(new SplittableRandom(seed + 2), shape.keys, n, width));
  }

  double logitScale() {
    return scale / Math.sqrt(d);
  }

  AttentionInputs inputs() {
    return inputs(layout, single);
  }

  AttentionInputs inputs(Layout layout, boolean single) {
    return inputs(layout, single, queries(), keys(), values());
  }

  AttentionInputs inputs(
      Layout layout, boolean single, double[] queries, double[] keys, double[] values) {
    return new AttentionInputs(
        layout.store(queries, single, shape.queries, n, d),
        layout.store(keys, single, shape.keys, n, d),
        layout.store(values, single, shape.keys, n, width),
        logitScale(),
        AttentionMask.CAUSAL);
  }

  HeadTensor blankOutput() {
    return blankOutput(layout, single);
  }

  HeadTensor blankOutput(Layout layout, boolean single) {
    return layout.blank(single, shape.queries, n, width);
  }

  private static Arbitrary<AttentionSample> of(int most, Arbitrary<Double> scales) {
    return Combinators.combine(
            Sizes.upTo(most),
            Sizes.upTo(17),
            Sizes.upTo(9),
            Arbitraries.of(Heads.class),
            Arbitraries.of(Layout.class),
            Arbitraries.of(false, true),
            scales,
            Sizes.seeds())
        .flatAs(
            (n, d, width, heads, layout, single, scale, seed) ->
                Arbitraries.of(AttentionKind.class)
                    .map(
                        kind ->
                            new AttentionSample(
                                n, d, width, heads, layout, single, scale, seed, kind)));
  }

  /** For exact attention. */
  static final class Any implements ArbitrarySupplier<AttentionSample> {
    @Override
    public Arbitrary<AttentionSample> get() {
      return of(130, Arbitraries.of(1.0, 0.1, 4.0));
    }
  }

  /** For attention with a transform per column and term. */
  static final class Medium implements ArbitrarySupplier<AttentionSample> {
    @Override
    public Arbitrary<AttentionSample> get() {
      return of(40, Arbitraries.of(1.0, 0.1, 4.0));
    }
  }

  /** More rows than one work item has, or several heads. */
  static final class SeveralItems implements ArbitrarySupplier<AttentionSample> {
    @Override
    public Arbitrary<AttentionSample> get() {
      Arbitrary<AttentionSample> rows =
          Combinators.combine(
                  Arbitraries.integers().between(250, 520).withoutEdgeCases(),
                  Arbitraries.of(Layout.class),
                  Sizes.seeds())
              .as(
                  (n, layout, seed) ->
                      new AttentionSample(
                          n, 2, 2, Heads.ONE, layout, false, 1, seed, AttentionKind.GAUSSIAN));
      return Arbitraries.oneOf(rows, new Any().get());
    }
  }

  /** Logits of about a thousand and more. */
  static final class Extreme implements ArbitrarySupplier<AttentionSample> {
    @Override
    public Arbitrary<AttentionSample> get() {
      return of(40, Arbitraries.of(1000.0, -1000.0, 300.0));
    }
  }
}
