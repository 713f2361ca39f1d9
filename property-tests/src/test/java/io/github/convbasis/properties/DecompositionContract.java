package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.convbasis.backend.Backends;
import io.github.convbasis.conv.ConvBasis;
import io.github.convbasis.decompose.ConvBasisDecomposer;
import io.github.convbasis.decompose.Decomposition;
import io.github.convbasis.matrix.LowerTriangularMatrix;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** The exact decomposition. */
abstract class DecompositionContract implements BackendContract {

  @Property
  void decomposingAComposedIntegerBasisGivesItBackExactly(
      @ForAll(supplier = IntegerBasisSample.Any.class) IntegerBasisSample sample) {
    ConvBasis basis = sample.basis();
    Decomposition found = ConvBasisDecomposer.of(backend()).decompose(basis.toMatrix());
    assertEquals(basis.terms(), found.basis().terms(), "terms");
    for (int r = 0; r < basis.terms(); r++) {
      assertEquals(basis.support(r), found.basis().support(r), "support of term " + r);
      Tolerances.requireSameBits(
          found.basis().coefficients(r), basis.coefficients(r), "coefficients of term " + r);
    }
    Tolerances.requireSameBits(found.supError(), 0.0, "supError");
  }

  @Property
  void composingAnIntegerBasisAddsUpItsTerms(
      @ForAll(supplier = IntegerBasisSample.Any.class) IntegerBasisSample sample) {
    ConvBasis basis = sample.basis();
    double[][] expected = Reference.dense(basis);
    LowerTriangularMatrix actual = basis.toMatrix();
    for (int i = 0; i < sample.n(); i++) {
      for (int j = 0; j < sample.n(); j++) {
        Tolerances.requireSameBits(actual.get(i, j), expected[i][j], "entry " + i + ", " + j);
      }
    }
  }

  @Property
  void everyLowerTriangularMatrixIsRebuilt(
      @ForAll(supplier = LowerTriangularSample.Large.class) LowerTriangularSample sample) {
    double[][] dense = sample.dense();
    ConvBasis basis =
        ConvBasisDecomposer.of(backend()).decompose(LowerTriangularMatrix.of(dense)).basis();
    LowerTriangularMatrix rebuilt = basis.toMatrix();
    for (int j = 0; j < sample.n(); j++) {
      int term = termOf(basis, j);
      for (int i = j; i < sample.n(); i++) {
        double magnitude = Math.abs(dense[i][j]);
        if (term > 0) {
          // A coefficient is rounded at the size of both kernels that it is the difference of.
          int before = sample.n() - basis.support(term - 1);
          magnitude += Math.abs(dense[before + i - j][before]);
        }
        Tolerances.REBUILT_ENTRY.require(
            rebuilt.get(i, j) - dense[i][j],
            Tolerances.ulps(Tolerances.DOUBLE, magnitude),
            "entry " + i + ", " + j);
      }
    }
  }

  private static int termOf(ConvBasis basis, int column) {
    int term = -1;
    while (term + 1 < basis.terms() && basis.size() - basis.support(term + 1) <= column) {
      term++;
    }
    return term;
  }

  @Property
  void supErrorIsTheGreatestErrorOfAnyEntry(
      @ForAll(supplier = LowerTriangularSample.Large.class) LowerTriangularSample sample) {
    double[][] dense = sample.dense();
    Decomposition found =
        ConvBasisDecomposer.of(backend()).decompose(LowerTriangularMatrix.of(dense));
    double expected = supError(dense, found.basis().toMatrix());
    Tolerances.requireSameBits(found.supError(), expected, "supError");
  }

  static double supError(double[][] dense, LowerTriangularMatrix rebuilt) {
    double greatest = 0;
    for (int i = 0; i < dense.length; i++) {
      for (int j = 0; j <= i; j++) {
        greatest = Math.max(greatest, Math.abs(dense[i][j] - rebuilt.get(i, j)));
      }
    }
    return greatest;
  }

  @Property
  void noSmallerExactBasisExists(
      @ForAll(supplier = LowerTriangularSample.Small.class) LowerTriangularSample sample) {
    double[][] dense = sample.dense();
    int terms =
        ConvBasisDecomposer.of(backend())
            .decompose(LowerTriangularMatrix.of(dense))
            .basis()
            .terms();
    assertEquals(FewestTerms.within(dense, 0), terms, "terms");
  }

  @Property
  void theBasisHasTheBitsOfTheScalarOne(
      @ForAll(supplier = LowerTriangularSample.Large.class) LowerTriangularSample sample) {
    LowerTriangularMatrix matrix = sample.matrix();
    requireSameBits(
        ConvBasisDecomposer.of(backend()).decompose(matrix),
        ConvBasisDecomposer.of(Backends.scalar()).decompose(matrix));
  }

  static void requireSameBits(Decomposition actual, Decomposition expected) {
    assertEquals(expected.basis().terms(), actual.basis().terms(), "terms");
    for (int r = 0; r < expected.basis().terms(); r++) {
      assertEquals(expected.basis().support(r), actual.basis().support(r), "support of term " + r);
      Tolerances.requireSameBits(
          actual.basis().coefficients(r), expected.basis().coefficients(r), "coefficients");
    }
    Tolerances.requireSameBits(actual.supError(), expected.supError(), "supError");
  }
}
