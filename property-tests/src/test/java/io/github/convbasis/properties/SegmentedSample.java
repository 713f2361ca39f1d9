package io.github.convbasis.properties;

import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.TreeSet;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ArbitrarySupplier;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;

/**
 * Inputs whose true causal logits are Toeplitz on segments of columns, exactly, in any arithmetic:
 * {@code factor_s·F[(i-j) mod period] + offset_s} in segment s. So rows from the basis and rows
 * from queries and keys agree up to rounding, and it does not matter which were computed how.
 *
 * <p>Key j is a unit vector times the segment's factor, and the offset; query i is a row of the
 * circulant matrix of F, and 1. F holds multiples of 1/64 below 8, factors are powers of two.
 *
 * @param segments of the keys, at most
 */
record SegmentedSample(
    int n,
    AttentionSample.Heads heads,
    int period,
    int width,
    int segments,
    Layout layout,
    boolean single,
    long seed) {

  int depth() {
    return period + 1;
  }

  /** First key of each segment of a key head. */
  private int[] keyStarts(int keyHead) {
    SplittableRandom random = new SplittableRandom(seed + 31L * keyHead);
    int[] later = Draw.subset(random, Math.min(segments - 1, n - 1), n - 1);
    int[] starts = new int[later.length + 1];
    for (int r = 0; r < later.length; r++) {
      starts[r + 1] = later[r] + 1;
    }
    return starts;
  }

  /** For each query head the starts of its keys' segments, and one more that changes nothing. */
  int[][] starts() {
    int[][] starts = new int[heads.queries][];
    for (int head = 0; head < starts.length; head++) {
      TreeSet<Integer> all = new TreeSet<>();
      Arrays.stream(keyStarts(head / (heads.queries / heads.keys))).forEach(all::add);
      all.add((int) Math.floorMod(seed + head, (long) n));
      starts[head] = all.stream().mapToInt(Integer::intValue).toArray();
    }
    return starts;
  }

  double[] queries() {
    double[] queries = new double[heads.queries * n * depth()];
    for (int head = 0; head < heads.queries; head++) {
      double[] kernel = Draw.integers(new SplittableRandom(seed + head), period, 511);
      for (int i = 0; i < n; i++) {
        int at = (head * n + i) * depth();
        for (int c = 0; c < period; c++) {
          queries[at + c] = kernel[Math.floorMod(i - c, period)] / 64;
        }
        queries[at + period] = 1;
      }
    }
    return queries;
  }

  double[] keys() {
    double[] keys = new double[heads.keys * n * depth()];
    for (int head = 0; head < heads.keys; head++) {
      SplittableRandom random = new SplittableRandom(seed - head);
      int[] starts = keyStarts(head);
      double factor = 1;
      double offset = 0;
      for (int j = 0; j < n; j++) {
        if (Arrays.binarySearch(starts, j) >= 0) {
          factor = Math.scalb(1.0, -random.nextInt(4));
          offset = random.nextInt(9) - 4;
        }
        int at = (head * n + j) * depth();
        keys[at + j % period] = factor;
        keys[at + period] = offset;
      }
    }
    return keys;
  }

  double[] values() {
    double[] values = Draw.gaussian(new SplittableRandom(~seed), heads.keys * n * width, 1);
    return Arrays.stream(values).map(value -> (float) value).toArray();
  }

  AttentionInputs inputs() {
    return inputs(queries(), keys(), values());
  }

  AttentionInputs inputs(double[] queries, double[] keys, double[] values) {
    return new AttentionInputs(
        layout.store(queries, single, heads.queries, n, depth()),
        layout.store(keys, single, heads.keys, n, depth()),
        layout.store(values, single, heads.keys, n, width),
        1,
        AttentionMask.CAUSAL);
  }

  HeadTensor blankOutput(int rows) {
    return layout.blank(single, heads.queries, rows, width);
  }

  /**
   * What exact attention of these inputs may round where values are at most 1: logits are exact, so
   * only weights and their sums, and storing.
   */
  double rounding(double unitRoundoff) {
    double storing = single ? Tolerances.FLOAT : unitRoundoff;
    return Tolerances.EXACT_ATTENTION.of(Tolerances.sum(unitRoundoff, n, 1))
        + Tolerances.STORED_FLOAT.of(Tolerances.ulps(storing, 1));
  }

  /** Cuts of {@code 0 … n} into at most {@code most + 1} chunks, at multiples of a grid. */
  int[] cuts(int most, int grid) {
    int places = (n - 1) / grid;
    SplittableRandom random = new SplittableRandom(seed ^ most);
    int[] inner = Draw.subset(random, Math.min(most, places), places);
    int[] cuts = new int[inner.length + 2];
    for (int i = 0; i < inner.length; i++) {
      cuts[i + 1] = grid * (inner[i] + 1);
    }
    cuts[cuts.length - 1] = n;
    return cuts;
  }

  private static Arbitrary<SegmentedSample> of(
      Arbitrary<Integer> sizes,
      Arbitrary<AttentionSample.Heads> heads,
      Arbitrary<Integer> periods) {
    return Combinators.combine(
            sizes,
            heads,
            periods,
            Sizes.upTo(9),
            Arbitraries.integers().between(1, 4),
            Arbitraries.of(Layout.class),
            Arbitraries.of(false, true),
            Sizes.seeds())
        .as(SegmentedSample::new);
  }

  /** Any size up to 130, where vector backends compute everything from queries and keys. */
  static final class Small implements ArbitrarySupplier<SegmentedSample> {
    @Override
    public Arbitrary<SegmentedSample> get() {
      return of(Sizes.upTo(130), Arbitraries.of(AttentionSample.Heads.class), Sizes.upTo(17));
    }
  }

  /** Long enough for blocks and transforms to pay, which the depth makes sure of. */
  static final class Blocked implements ArbitrarySupplier<SegmentedSample> {
    @Override
    public Arbitrary<SegmentedSample> get() {
      return of(
          Arbitraries.integers().between(600, 1500).withoutEdgeCases(),
          Arbitraries.just(AttentionSample.Heads.ONE),
          Arbitraries.of(33, 48));
    }
  }

  /** Both, one in sixteen long. */
  static final class Any implements ArbitrarySupplier<SegmentedSample> {
    @Override
    public Arbitrary<SegmentedSample> get() {
      return Arbitraries.frequencyOf(
          Tuple.of(15, new Small().get()), Tuple.of(1, new Blocked().get()));
    }
  }
}
