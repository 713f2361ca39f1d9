package io.github.convbasis.conv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.matrix.LowerTriangularMatrix;
import io.github.convbasis.matrix.SegmentedToeplitz;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** A basis small enough to write its matrix down. */
class ConvBasisTest {
  /** conv((1,2,3,4), 4) + conv((10,20), 2). */
  private static final ConvBasis BASIS =
      ConvBasis.of(4, new int[] {4, 2}, new double[][] {{1, 2, 3, 4}, {10, 20}});

  private static final double[][] MATRIX = {
    {1, 0, 0, 0},
    {2, 1, 0, 0},
    {3, 2, 11, 0},
    {4, 3, 22, 11}
  };

  /** Products of whole numbers below 2¹⁰ through transforms of size 8. */
  private static final double ROUNDING = 1e-12;

  @Test
  void subConvolutionsActOnTheBottomRightBlock() {
    LowerTriangularMatrix matrix = BASIS.toMatrix();
    for (int i = 0; i < 4; i++) {
      for (int j = 0; j < 4; j++) {
        assertEquals(MATRIX[i][j], matrix.get(i, j));
      }
    }
  }

  @Test
  void segmentsHoldRunningSums() {
    SegmentedToeplitz segments = BASIS.toSegments();
    assertEquals(2, segments.terms());
    assertEquals(0, segments.start(0));
    assertEquals(2, segments.end(0));
    assertEquals(2, segments.start(1));
    assertEquals(4, segments.end(1));
    assertArrayEquals(new double[] {11, 22}, segments.kernel(1));
    assertEquals(
        -1, ConvBasis.of(3, new int[] {2}, new double[][] {{5, 5}}).toSegments().segmentOf(0));
  }

  @Test
  void bothFormsMultiply() {
    double[] x = {1, -1, 2, 5};
    double[] expected = new double[4];
    double[] expectedTranspose = new double[4];
    for (int i = 0; i < 4; i++) {
      for (int j = 0; j < 4; j++) {
        expected[i] += MATRIX[i][j] * x[j];
        expectedTranspose[j] += MATRIX[i][j] * x[i];
      }
    }
    for (ConvBasisOperator.Form form : ConvBasisOperator.Form.values()) {
      ConvBasisOperator operator = ConvBasisOperator.of(BASIS, form);
      assertArrayEquals(expected, operator.apply(x), ROUNDING);
      assertArrayEquals(expectedTranspose, operator.applyTranspose(x), ROUNDING);
    }
  }

  @Test
  void theZeroMatrixHasNoTerm() {
    ConvBasis zero = ConvBasis.of(3, new int[0], new double[0][]);
    assertEquals(0, zero.terms());
    assertArrayEquals(new double[3], ConvBasisOperator.of(zero).apply(new double[] {1, 2, 3}));
    assertEquals(0, zero.toMatrix().get(2, 0));
  }

  @Test
  void theExponentialLemmaNeedsTheFirstSupportToBeWhole() {
    ConvBasis exponential = BASIS.exponential();
    for (int i = 0; i < 4; i++) {
      for (int j = 0; j <= i; j++) {
        assertEquals(Math.exp(MATRIX[i][j]), exponential.toMatrix().get(i, j), 1e-6);
      }
    }
    ConvBasis partial = ConvBasis.of(4, new int[] {3}, new double[][] {{1, 2, 3}});
    String message =
        assertThrows(IllegalArgumentException.class, partial::exponential).getMessage();
    assertEquals("the first support must be n = 4 for the exponential lemma, was 3", message);
  }

  @Test
  void exponentialsThatOverflowAreRefused() {
    ConvBasis huge = ConvBasis.of(2, new int[] {2}, new double[][] {{0, 800}});
    String message = assertThrows(ArithmeticException.class, huge::exponential).getMessage();
    assertEquals("exp(800.0) overflows in term 0 at lag 1", message);
  }

  @Test
  void refusalsNameArgumentAndValues() {
    double[][] one = {{1, 2}};
    assertRefused("size must be at least 1, was 0", 0, new int[0], new double[0][]);
    assertRefused("supports[0] must be between 1 and 1, was 2", 1, new int[] {2}, one);
    assertRefused(
        "supports[1] must be between 1 and 1, was 2",
        3,
        new int[] {2, 2},
        new double[][] {{1, 2}, {1, 2}});
    assertRefused(
        "coefficients[0] must have 3 entries like its support, was 2", 3, new int[] {3}, one);
    assertRefused("coefficients must be 2 rows like supports, was 1", 3, new int[] {2, 1}, one);
    assertRefused(
        "coefficients must be finite, was NaN in term 0 at 1",
        2,
        new int[] {2},
        new double[][] {{1, Double.NaN}});
  }

  private static void assertRefused(
      String reason, int size, int[] supports, double[][] coefficients) {
    String message =
        assertThrows(
                IllegalArgumentException.class, () -> ConvBasis.of(size, supports, coefficients))
            .getMessage();
    assertTrue(message.contains(reason), message + " should contain " + reason);
  }

  @Test
  void copiesItsArrays() {
    int[] supports = {2};
    double[][] coefficients = {{1, 2}};
    ConvBasis basis = ConvBasis.of(2, supports, coefficients);
    supports[0] = 1;
    Arrays.fill(coefficients[0], 9);
    basis.coefficients(0)[0] = 9;
    assertEquals(2, basis.support(0));
    assertArrayEquals(new double[] {1, 2}, basis.coefficients(0));
  }
}
