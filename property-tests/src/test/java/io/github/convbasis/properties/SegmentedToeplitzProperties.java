package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.convbasis.conv.ConvBasis;
import io.github.convbasis.matrix.SegmentedToeplitz;
import java.util.Arrays;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** The segment view: its sums, its rows and columns, and that it is the same matrix. */
class SegmentedToeplitzProperties {

  /** Exponentials of logits over hundreds of powers of e: relative accuracy in every row. */
  @Property
  void rowSumsOfPositiveKernelsHaveFullRelativeAccuracy(
      @ForAll(supplier = SignalSample.ShortConvolution.class) SignalSample sample,
      @ForAll @IntRange(min = 1, max = 12) int terms,
      @ForAll @IntRange(min = 0, max = 300) int spread) {
    int n = sample.n();
    SplittableRandom random = new SplittableRandom(sample.seed());
    int[] starts = Draw.subset(random, Math.min(terms, n), n);
    double[][] kernels = new double[starts.length][];
    for (int r = 0; r < starts.length; r++) {
      double[] logits = Draw.uniform(random, n - starts[r], spread);
      kernels[r] = Arrays.stream(logits).map(Math::exp).toArray();
    }
    double[] sums = SegmentedToeplitz.of(n, starts, kernels).rowSums();
    double[][] dense = dense(n, starts, kernels);
    for (int i = 0; i < n; i++) {
      Reference.Accumulator expected = new Reference.Accumulator();
      for (double entry : dense[i]) {
        expected.add(entry);
      }
      double unit = Tolerances.sum(Tolerances.DOUBLE, i + 1, expected.value());
      Tolerances.ROW_SUM.require(sums[i] - expected.value(), unit, "row " + i);
    }
  }

  private static double[][] dense(int n, int[] starts, double[][] kernels) {
    double[][] padded = new double[kernels.length][];
    Arrays.setAll(padded, r -> Arrays.copyOf(kernels[r], n));
    return MatrixKind.segments(starts, padded);
  }

  @Property
  void rowsColumnsAndSegmentsAreThoseOfTheDenseMatrix(
      @ForAll(supplier = IntegerBasisSample.Any.class) IntegerBasisSample sample) {
    ConvBasis basis = sample.basis();
    double[][] dense = Reference.dense(basis);
    SegmentedToeplitz segments = basis.toSegments();
    int n = sample.n();
    double[] target = new double[n];
    for (int i = 0; i < n; i++) {
      Arrays.fill(target, Double.NaN);
      segments.copyRow(i, target);
      double[] row = Arrays.copyOf(target, i + 1);
      Tolerances.requireSameBits(row, Arrays.copyOf(dense[i], i + 1), "row " + i);
    }
    double[][] transposed = Reference.transpose(dense);
    for (int j = 0; j < n; j++) {
      int from = j + Math.floorMod(sample.seed() + j, n - j);
      segments.copyColumn(j, from, n, target);
      double[] column = Arrays.copyOf(target, n - from);
      Tolerances.requireSameBits(column, Arrays.copyOfRange(transposed[j], from, n), "column " + j);
    }
  }

  @Property
  void everyColumnLiesInTheLastSegmentThatStartedBeforeIt(
      @ForAll(supplier = IntegerBasisSample.Any.class) IntegerBasisSample sample) {
    ConvBasis basis = sample.basis();
    SegmentedToeplitz segments = basis.toSegments();
    assertEquals(basis.terms(), segments.terms(), "terms");
    int expected = -1;
    for (int j = 0; j < sample.n(); j++) {
      for (int r = 0; r < basis.terms(); r++) {
        expected = sample.n() - basis.support(r) == j ? r : expected;
      }
      assertEquals(expected, segments.segmentOf(j), "segment of column " + j);
    }
    for (int r = 0; r < segments.terms(); r++) {
      assertEquals(sample.n() - basis.support(r), segments.start(r), "start of segment " + r);
      int end = r + 1 < segments.terms() ? segments.start(r + 1) : sample.n();
      assertEquals(end, segments.end(r), "end of segment " + r);
    }
  }

  @Property
  void basisAndSegmentsOfIntegersAreInverseViews(
      @ForAll(supplier = IntegerBasisSample.Any.class) IntegerBasisSample sample) {
    ConvBasis basis = sample.basis();
    ConvBasis back = ConvBasis.of(basis.toSegments());
    assertEquals(basis.terms(), back.terms(), "terms");
    for (int r = 0; r < basis.terms(); r++) {
      assertEquals(basis.support(r), back.support(r), "support of term " + r);
      Tolerances.requireSameBits(back.coefficients(r), basis.coefficients(r), "coefficients");
    }
  }
}
