package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.backend.Backends;
import io.github.convbasis.conv.ConvBasis;
import io.github.convbasis.decompose.ConvBasisDecomposer;
import io.github.convbasis.decompose.Decomposition;
import io.github.convbasis.matrix.LowerTriangularMatrix;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** The decomposition to a tolerance. */
abstract class ToleranceDecompositionContract implements BackendContract {

  /** Tolerances as shares of the sample's scale: from below its noise to above all entries. */
  @Provide
  Arbitrary<Double> shares() {
    return Arbitraries.of(1e-300, 1e-9, 1e-6, 1e-2, 0.1, 0.3, 0.5, 0.9, 1.5, 3.0);
  }

  @Property
  void supErrorStaysWithinTheTolerance(
      @ForAll(supplier = LowerTriangularSample.Large.class) LowerTriangularSample sample,
      @ForAll("shares") double share) {
    double[][] dense = sample.dense();
    double tolerance = share * sample.scale();
    Decomposition found =
        ConvBasisDecomposer.of(backend()).decompose(LowerTriangularMatrix.of(dense), tolerance);
    double sup = 0;
    for (double[] row : dense) {
      sup = Math.max(sup, Reference.normSup(row));
    }
    // What is above the tolerance is rounding of midpoints and of sums of coefficients.
    Tolerances.MIDPOINT.require(
        Math.max(0, found.supError() - tolerance),
        Tolerances.ulps(Tolerances.DOUBLE, sup + tolerance),
        "supError above the tolerance");
    Tolerances.requireSameBits(found.tolerance(), tolerance, "tolerance");
    double expected = DecompositionContract.supError(dense, found.basis().toMatrix());
    Tolerances.requireSameBits(found.supError(), expected, "supError");
  }

  @Property
  void aToleranceNeverCostsTerms(
      @ForAll(supplier = LowerTriangularSample.Large.class) LowerTriangularSample sample,
      @ForAll("shares") double share) {
    LowerTriangularMatrix matrix = sample.matrix();
    int exact = ConvBasisDecomposer.of(backend()).decompose(matrix).basis().terms();
    int tight = terms(matrix, share * sample.scale());
    int loose = terms(matrix, 2 * share * sample.scale());
    assertTrue(tight <= exact, tight + " terms with a tolerance, " + exact + " without");
    assertTrue(loose <= tight, loose + " terms with twice the tolerance, " + tight + " with it");
  }

  private int terms(LowerTriangularMatrix matrix, double tolerance) {
    return ConvBasisDecomposer.of(backend()).decompose(matrix, tolerance).basis().terms();
  }

  @Property
  void noSmallerBasisIsWithinTheTolerance(
      @ForAll(supplier = LowerTriangularSample.Small.class) LowerTriangularSample sample,
      @ForAll("shares") double share) {
    double tolerance = share * sample.scale();
    double[][] dense = sample.dense();
    assertEquals(
        FewestTerms.within(dense, tolerance),
        terms(LowerTriangularMatrix.of(dense), tolerance),
        "terms");
  }

  @Property
  void toleranceZeroIsTheExactBasis(
      @ForAll(supplier = LowerTriangularSample.Medium.class) LowerTriangularSample sample) {
    ConvBasis exact = ConvBasisDecomposer.of(backend()).decompose(sample.matrix()).basis();
    ConvBasis found = ConvBasisDecomposer.of(backend()).decompose(sample.matrix(), 0).basis();
    assertEquals(exact.terms(), found.terms(), "terms");
    for (int r = 0; r < exact.terms(); r++) {
      Tolerances.requireSameBits(found.coefficients(r), exact.coefficients(r), "coefficients");
    }
  }

  @Property
  void theBasisHasTheBitsOfTheScalarOne(
      @ForAll(supplier = LowerTriangularSample.Large.class) LowerTriangularSample sample,
      @ForAll("shares") double share) {
    LowerTriangularMatrix matrix = sample.matrix();
    double tolerance = share * sample.scale();
    DecompositionContract.requireSameBits(
        ConvBasisDecomposer.of(backend()).decompose(matrix, tolerance),
        ConvBasisDecomposer.of(Backends.scalar()).decompose(matrix, tolerance));
  }
}
