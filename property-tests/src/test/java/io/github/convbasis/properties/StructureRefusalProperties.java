package io.github.convbasis.properties;

import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.conv.CausalConvolution;
import io.github.convbasis.conv.ConvBasis;
import io.github.convbasis.decompose.ConvBasisDecomposer;
import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.fft.ComplexFft;
import io.github.convbasis.fft.RealFft;
import io.github.convbasis.matrix.LowerTriangularMatrix;
import io.github.convbasis.matrix.SegmentedToeplitz;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;

/** Bad structures and settings are refused with the argument and both values. */
class StructureRefusalProperties {

  @Property
  void aBasisWithSupportsThatDoNotDecreaseIsRefused(
      @ForAll @IntRange(min = 2, max = 50) int n, @ForAll @IntRange(min = 0, max = 9) int more) {
    int second = n - 1 + more;
    Refusal.mustSay(
        () ->
            ConvBasis.of(
                n,
                new int[] {n - 1, second},
                new double[][] {new double[n - 1], new double[second]}),
        "supports[1] must be between 1 and " + (n - 2),
        "was " + second);
    Refusal.mustSay(
        () -> ConvBasis.of(n, new int[] {n + 1 + more}, new double[][] {new double[n + 1 + more]}),
        "supports[0] must be between 1 and " + n,
        "was " + (n + 1 + more));
    Refusal.mustSay(
        () -> ConvBasis.of(n, new int[] {0}, new double[][] {{}}), "supports[0]", "was 0");
  }

  @Property
  void aBasisWithOtherLengthsIsRefused(
      @ForAll @IntRange(min = 1, max = 50) int n, @ForAll @IntRange(min = 1, max = 9) int more) {
    Refusal.mustSay(
        () -> ConvBasis.of(n, new int[] {n}, new double[][] {new double[n + more]}),
        "coefficients[0] must have " + n + " entries",
        "was " + (n + more));
    Refusal.mustSay(
        () -> ConvBasis.of(n, new int[] {n}, new double[1 + more][n]),
        "coefficients must be 1 rows",
        "was " + (1 + more));
    Refusal.mustSay(
        () -> ConvBasis.of(-more, new int[0], new double[0][]), "size", "1", "was " + -more);
  }

  @Property
  void numbersThatAreNotFiniteAreRefusedWithTheirPlace(
      @ForAll @IntRange(min = 1, max = 50) int n, @ForAll @IntRange(min = 0, max = 49) int place) {
    double[] bad = new double[n];
    bad[place % n] = Double.NEGATIVE_INFINITY;
    Refusal.mustSay(
        () -> ConvBasis.of(n, new int[] {n}, new double[][] {bad}),
        "coefficients must be finite, was -Infinity",
        "term 0 at " + place % n);
    Refusal.mustSay(
        () -> SegmentedToeplitz.of(n, new int[] {0}, new double[][] {bad}),
        "kernels must be finite, was -Infinity",
        "segment 0 at lag " + place % n);
    double[][] rows = new double[n][n];
    rows[n - 1] = bad;
    Refusal.mustSay(
        () -> LowerTriangularMatrix.of(rows),
        "matrix must be finite",
        "was -Infinity at row " + (n - 1) + ", column " + place % n);
  }

  @Property
  void segmentsThatDoNotIncreaseOrFitAreRefused(
      @ForAll @IntRange(min = 2, max = 50) int n, @ForAll @IntRange(min = 1, max = 9) int more) {
    Refusal.mustSay(
        () ->
            SegmentedToeplitz.of(
                n, new int[] {1, 1}, new double[][] {new double[n - 1], new double[n - 1]}),
        "starts[1] must be between 2 and " + (n - 1),
        "was 1");
    Refusal.mustSay(
        () -> SegmentedToeplitz.of(n, new int[] {n}, new double[][] {{}}),
        "starts[0] must be between 0 and " + (n - 1),
        "was " + n);
    Refusal.mustSay(
        () -> SegmentedToeplitz.of(n, new int[] {0}, new double[][] {new double[n + more]}),
        "kernels[0] must have " + n + " entries",
        "was " + (n + more));
    Refusal.mustSay(
        () -> SegmentedToeplitz.of(n, new int[] {0}, new double[1 + more][n]),
        "kernels must be 1",
        "was " + (1 + more));
    Refusal.mustSay(
        () -> SegmentedToeplitz.of(-more, new int[0], new double[0][]), "size", "was " + -more);
  }

  @Property
  void aMatrixThatIsNotSquareOrNotLowerTriangularIsRefused(
      @ForAll @IntRange(min = 2, max = 20) int n, @ForAll @IntRange(min = 0, max = 18) int where) {
    double[][] ragged = new double[n][n];
    int row = where % n;
    ragged[row] = new double[n + 1];
    Refusal.mustSay(
        () -> LowerTriangularMatrix.of(ragged),
        "rows must have " + n + " entries",
        "row " + row + " has " + (n + 1));
    double[][] upper = new double[n][n];
    int above = where % (n - 1);
    upper[above][n - 1] = 2.5;
    Refusal.mustSay(
        () -> LowerTriangularMatrix.of(upper),
        "zero above its diagonal",
        "was 2.5 at row " + above + ", column " + (n - 1));
  }

  @Property
  void vectorsOfAnotherLengthAreRefused(
      @ForAll @IntRange(min = 1, max = 50) int n,
      @ForAll @IntRange(min = 1, max = 4) int columns,
      @ForAll @IntRange(min = 1, max = 9) int more) {
    CausalConvolution convolution = CausalConvolution.of(Backends.scalar(), new double[n]);
    double[] x = new double[n * columns + more];
    String expected = n + " × " + columns + " = " + n * columns + " elements";
    Refusal.mustSay(() -> convolution.apply(x, columns), expected, "was " + x.length);
    Refusal.mustSay(() -> convolution.applyTranspose(x, columns), expected, "was " + x.length);
  }

  @Property
  void transformsOfOtherSizesAreRefused(@ForAll @IntRange(min = -9, max = 9999) int n) {
    int size = Integer.bitCount(n) == 1 && n > 0 ? 3 * n : n;
    Refusal.mustSay(() -> new ComplexFft(size), "size must be a power of two", "was " + size);
    Refusal.mustSay(() -> new RealFft(size), "size must be a power of two", "was " + size);
  }

  @Property
  void workSpaceThatIsTooShortOrSharedIsRefused(
      @ForAll(supplier = SignalSample.ShortTransform.class) SignalSample sample) {
    int n = sample.n();
    double[] enough = new double[n];
    double[] lacking = new double[n - 1];
    ComplexFft complex = new ComplexFft(n);
    Refusal.mustSay(() -> complex.forward(enough, lacking), "at least " + n, n + " and " + (n - 1));
    Refusal.mustSay(() -> complex.inverse(enough, enough), "re and im must be two arrays");
    RealFft real = new RealFft(n);
    double[] bins = new double[real.spectrumSize()];
    double[] others = new double[real.spectrumSize()];
    Refusal.mustSay(
        () -> real.forward(lacking, bins, others), "samples must hold " + n, "were " + (n - 1));
    Refusal.mustSay(() -> real.inverse(bins, bins, enough), "re and im two arrays");
  }

  @Property
  void settingsOfARecoveryThatMakeNoSenseAreRefused(
      @ForAll @IntRange(min = -9, max = 0) int count,
      @ForAll @DoubleRange(min = -9, max = -0.01) double negative) {
    ConvBasisRecovery recovery = ConvBasisRecovery.ofTerms(1);
    Refusal.mustSay(() -> ConvBasisRecovery.ofTerms(count), "terms", "1", "was " + count);
    Refusal.mustSay(() -> recovery.withWindow(count), "window", "1", "was " + count);
    Refusal.mustSay(() -> recovery.withDelta(negative), "delta", "0", "was " + negative);
    Refusal.mustSay(() -> recovery.withEpsilon(negative), "epsilon", "0", "was " + negative);
    Refusal.mustSay(() -> recovery.withDelta(Double.NaN), "delta", "was NaN");
    Refusal.mustSay(() -> recovery.withEpsilon(Double.POSITIVE_INFINITY), "epsilon", "Infinity");
  }

  @Property
  void settingsOfARecoveryThatDoNotFitTheMatrixAreRefused(
      @ForAll(supplier = LowerTriangularSample.Medium.class) LowerTriangularSample sample,
      @ForAll @IntRange(min = 1, max = 9) int more) {
    LowerTriangularMatrix matrix = sample.matrix();
    int window = sample.n() + more;
    Refusal.mustSay(
        () -> ConvBasisRecovery.ofTerms(1).withWindow(window).recover(matrix),
        "window must be at most n = " + sample.n(),
        "was " + window);
    Refusal.mustSay(
        () ->
            ConvBasisRecovery.ofTerms(1)
                .withWindow(1)
                .withDelta(1)
                .withEpsilon(more)
                .recover(matrix),
        "delta must be at least 2·T·epsilon = " + 2.0 * more,
        "was 1.0");
  }

  @Property
  void aToleranceThatIsNegativeIsRefused(
      @ForAll @DoubleRange(min = -9, max = -0.01) double negative) {
    LowerTriangularMatrix matrix = LowerTriangularMatrix.of(new double[][] {{1}});
    Refusal.mustSay(
        () -> ConvBasisDecomposer.of(Backends.scalar()).decompose(matrix, negative),
        "tolerance",
        "was " + negative);
    Refusal.mustSay(
        () -> ConvBasisDecomposer.of(Backends.scalar()).decompose(matrix, Double.NaN),
        "tolerance",
        "was NaN");
  }

  @Example
  void tasksAndBackendsThatDoNotExistAreRefused() {
    Refusal.mustSay(() -> Parallelism.of(Runnable::run, 0), "tasks", "1", "was 0");
    Refusal.mustSay(() -> Backends.select("quantum"), "backend", "scalar", "was quantum");
  }
}
