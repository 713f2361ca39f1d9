package io.github.convbasis.decompose;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.convbasis.backend.Backends;
import io.github.convbasis.conv.ConvBasis;
import io.github.convbasis.matrix.LowerTriangularMatrix;
import org.junit.jupiter.api.Test;

/** Decompositions that can be checked by eye. */
class ConvBasisDecomposerTest {
  private static final ConvBasisDecomposer DECOMPOSER = ConvBasisDecomposer.of(Backends.scalar());

  @Test
  void findsTheUniqueBasis() {
    LowerTriangularMatrix matrix =
        LowerTriangularMatrix.of(
            new double[][] {{1, 0, 0, 0}, {2, 1, 0, 0}, {3, 2, 11, 0}, {4, 3, 22, 11}});
    Decomposition found = DECOMPOSER.decompose(matrix);
    ConvBasis basis = found.basis();
    assertEquals(2, basis.terms());
    assertEquals(4, basis.support(0));
    assertEquals(2, basis.support(1));
    assertArrayEquals(new double[] {1, 2, 3, 4}, basis.coefficients(0));
    assertArrayEquals(new double[] {10, 20}, basis.coefficients(1));
    assertEquals(0, found.supError());
  }

  @Test
  void leadingZeroColumnsNeedNoTerm() {
    LowerTriangularMatrix matrix =
        LowerTriangularMatrix.of(new double[][] {{0, 0, 0}, {0, 0, 0}, {0, 0, 5}});
    ConvBasis basis = DECOMPOSER.decompose(matrix).basis();
    assertEquals(1, basis.terms());
    assertEquals(1, basis.support(0));
    assertEquals(0, DECOMPOSER.decompose(zero()).basis().terms());
    assertEquals(0, DECOMPOSER.decompose(zero(), 0.5).basis().terms());
  }

  private static LowerTriangularMatrix zero() {
    return LowerTriangularMatrix.of(new double[3][3]);
  }

  @Test
  void signsOfZeroMakeNoTermAndSubnormalsDo() {
    LowerTriangularMatrix matrix =
        LowerTriangularMatrix.of(
            new double[][] {{0, 0, 0}, {-0.0, -0.0, 0}, {0, 0, Double.MIN_VALUE}});
    ConvBasis basis = DECOMPOSER.decompose(matrix).basis();
    assertEquals(1, basis.terms());
    assertEquals(1, basis.support(0));
  }

  @Test
  void aDifferenceThatOverflowsIsATermThatCannotBeWritten() {
    double huge = Double.MAX_VALUE;
    LowerTriangularMatrix matrix = LowerTriangularMatrix.of(new double[][] {{huge, 0}, {0, -huge}});
    IllegalArgumentException refusal =
        assertThrows(IllegalArgumentException.class, () -> DECOMPOSER.decompose(matrix));
    assertEquals("coefficients must be finite, was -Infinity in term 1 at 0", refusal.getMessage());
  }

  @Test
  void aToleranceMergesNeighboursAtTheirMidpoint() {
    LowerTriangularMatrix matrix =
        LowerTriangularMatrix.of(
            new double[][] {{4, 0, 0, 0}, {4, 5, 0, 0}, {4, 5, 9, 0}, {4, 5, 9, 9.5}});
    Decomposition found = DECOMPOSER.decompose(matrix, 0.5);
    assertEquals(2, found.basis().terms());
    assertEquals(4.5, found.basis().coefficients(0)[0]);
    assertEquals(0.5, found.supError());
    assertEquals(4, DECOMPOSER.decompose(matrix).basis().terms());
  }

  @Test
  void refusesAToleranceThatIsNoNumber() {
    for (double tolerance : new double[] {-1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThrows(IllegalArgumentException.class, () -> DECOMPOSER.decompose(zero(), tolerance));
    }
  }
}
