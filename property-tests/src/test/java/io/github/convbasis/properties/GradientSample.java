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
 * Causal inputs, an upstream gradient, and what of the logits is modelled how. Elements are at most
 * 1.2 and logits about 1, so that transforms can be trusted with all rows.
 */
record GradientSample(
    int n,
    int d,
    int width,
    AttentionSample.Heads heads,
    Layout layout,
    boolean single,
    Parts parts,
    long seed) {

  /** How many segments, lags of the band and exact columns there are, at most. */
  record Parts(int segments, int band, int exactColumns) {}

  private double[] floats(int number, int length) {
    double[] x = Draw.uniform(new SplittableRandom(seed + number), length, 1.2);
    return Arrays.stream(x).map(value -> (float) value).toArray();
  }

  double[] queries() {
    return floats(0, heads.queries * n * d);
  }

  double[] keys() {
    return floats(1, heads.keys * n * d);
  }

  double[] values() {
    return floats(2, heads.keys * n * width);
  }

  AttentionInputs inputs() {
    return inputs(single, queries(), keys(), values());
  }

  AttentionInputs inputs(boolean single, double[] queries, double[] keys, double[] values) {
    return new AttentionInputs(
        layout.store(queries, single, heads.queries, n, d),
        layout.store(keys, single, heads.keys, n, d),
        layout.store(values, single, heads.keys, n, width),
        1 / Math.sqrt(d),
        AttentionMask.CAUSAL);
  }

  HeadTensor upstream() {
    return layout.store(floats(3, heads.queries * n * width), single, heads.queries, n, width);
  }

  HeadTensor blankOutput() {
    return layout.blank(single, heads.queries, n, width);
  }

  /** First columns of segments: for all heads the same. */
  int[] starts() {
    SplittableRandom random = new SplittableRandom(seed + 4);
    int[] later = Draw.subset(random, Math.min(parts.segments - 1, n - 1), n - 1);
    int[] starts = new int[later.length + 1];
    for (int r = 0; r < later.length; r++) {
      starts[r + 1] = later[r] + 1;
    }
    return starts;
  }

  /** Exact columns, sinks among them or not. */
  int[] exactColumns() {
    SplittableRandom random = new SplittableRandom(seed + 5);
    return Draw.subset(random, Math.min(parts.exactColumns, n), n);
  }

  /** Small problems of every shape. */
  static final class Any implements ArbitrarySupplier<GradientSample> {
    @Override
    public Arbitrary<GradientSample> get() {
      Arbitrary<Parts> parts =
          Combinators.combine(
                  Arbitraries.integers().between(1, 6).withoutEdgeCases(),
                  Arbitraries.of(0, 0, 1, 3, 16, 100),
                  Arbitraries.of(0, 0, 1, 2, 5))
              .as(Parts::new);
      return Combinators.combine(
              Sizes.upTo(70),
              Sizes.upTo(17),
              Sizes.upTo(9),
              Arbitraries.of(AttentionSample.Heads.class),
              Arbitraries.of(Layout.class),
              Arbitraries.of(false, true),
              parts,
              Sizes.seeds())
          .as(GradientSample::new);
    }
  }
}
