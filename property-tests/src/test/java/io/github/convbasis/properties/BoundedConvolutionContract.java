package io.github.convbasis.properties;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.SegmentPlan;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;
import java.util.Arrays;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;

/** The rounding of a product with a segmented matrix is within the bound that comes with it. */
abstract class BoundedConvolutionContract implements BackendContract {

  /** What kernels and inputs are like. */
  enum Shape {
    GAUSSIAN,
    /** Nearly constant positive numbers, whose sums round most. */
    LEVEL,
    /** Weights of logits up to ±20. */
    WEIGHTS,
    /** From e⁻³⁰ to e³⁰, of either sign. */
    WIDE;

    double[] draw(SplittableRandom random, int length) {
      return switch (this) {
        case GAUSSIAN -> Draw.gaussian(random, length, 1);
        case LEVEL ->
            Arrays.stream(Draw.uniform(random, length, 0x1p-10)).map(x -> 1 + x).toArray();
        case WEIGHTS -> Arrays.stream(Draw.uniform(random, length, 20)).map(Math::exp).toArray();
        case WIDE -> Draw.wide(random, length, 1, 30);
      };
    }
  }

  /** A matrix and an input by their recipe. */
  record Sample(int n, int terms, int columns, Shape kernels, Shape inputs, long seed) {
    SegmentedToeplitz matrix() {
      SplittableRandom random = new SplittableRandom(seed);
      int[] starts = Draw.subset(random, Math.min(terms, n), n);
      double[][] drawn = new double[starts.length][];
      for (int r = 0; r < starts.length; r++) {
        drawn[r] = kernels.draw(random, n - starts[r]);
      }
      return SegmentedToeplitz.of(n, starts, drawn);
    }

    double[] input() {
      double[] drawn = inputs.draw(new SplittableRandom(~seed), n * columns);
      return Arrays.stream(drawn).map(x -> (float) x).toArray();
    }
  }

  @Provide
  Arbitrary<Sample> samples() {
    return Combinators.combine(
            Arbitraries.frequencyOf(
                Tuple.of(15, Sizes.upTo(200)),
                Tuple.of(1, Arbitraries.integers().between(500, 2000).withoutEdgeCases())),
            Arbitraries.integers().between(1, 8),
            Arbitraries.of(1, 2, 3, 17, 33),
            Arbitraries.of(Shape.class),
            Arbitraries.of(Shape.class),
            Sizes.seeds())
        .as(Sample::new);
  }

  @Property
  void roundingIsWithinTheBound(@ForAll("samples") Sample sample) {
    SegmentedToeplitz matrix = sample.matrix();
    int n = sample.n();
    SegmentPlan plan = backend().segmentConvolution(matrix);
    double[] elements = sample.input();
    HeadTensor x = HeadTensor.of(elements, 1, n, sample.columns());
    HeadTensor y = Layout.PADDED.blank(false, 1, n, sample.columns());
    HeadTensor alone = Layout.PADDED.blank(false, 1, n, sample.columns());
    double[] noise = new double[n];
    Arrays.fill(noise, Double.NaN);
    Parallelism parallelism = Parallelism.sequential();
    plan.apply(x, y, 0, noise, backend().newWorkspace(), parallelism);
    plan.apply(x, alone, 0, backend().newWorkspace(), parallelism);
    Tolerances.requireSameBits(Layout.elements(y), Layout.elements(alone), "product");
    double[][] dense = Reference.dense(matrix);
    double[] column = new double[n];
    // Dense products of all columns would take long.
    for (int c = 0; c < sample.columns(); c += 1 + sample.columns() / 3) {
      for (int i = 0; i < n; i++) {
        column[i] = elements[i * sample.columns() + c];
      }
      double[] expected = Reference.product(dense, column);
      for (int i = 0; i < n; i++) {
        double error = y.get(0, i, c) - expected[i];
        Tolerances.requireBounded(error, noise[i], 0, "row " + i + ", column " + c);
      }
    }
  }
}
