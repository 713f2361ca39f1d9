package io.github.convbasis.properties;

import io.github.convbasis.backend.Backends;
import io.github.convbasis.conv.ConvBasis;
import io.github.convbasis.conv.ConvBasisOperator;
import io.github.convbasis.conv.ConvBasisOperator.Form;
import io.github.convbasis.decompose.ConvBasisDecomposer;
import io.github.convbasis.matrix.LowerTriangularMatrix;
import io.github.convbasis.matrix.SegmentedToeplitz;
import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Products with a basis and its transpose, in both forms, against the dense product. */
class ConvBasisOperatorProperties {

  @Property
  void applyIsTheDenseProduct(
      @ForAll(supplier = LowerTriangularSample.Medium.class) LowerTriangularSample sample,
      @ForAll Form form) {
    double[][] dense = sample.dense();
    ConvBasis basis =
        ConvBasisDecomposer.of(Backends.scalar())
            .decompose(LowerTriangularMatrix.of(dense))
            .basis();
    double[] x = Draw.gaussian(sample.more(), sample.n(), 1);
    double[] actual = ConvBasisOperator.of(basis, form).apply(x);
    Tolerances.OPERATOR.requireClose(
        actual, Reference.product(dense, x), unit(basis, form, x, false));
  }

  @Property
  void applyTransposeIsTheDenseProductWithTheTranspose(
      @ForAll(supplier = LowerTriangularSample.Medium.class) LowerTriangularSample sample,
      @ForAll Form form) {
    double[][] dense = sample.dense();
    ConvBasis basis =
        ConvBasisDecomposer.of(Backends.scalar())
            .decompose(LowerTriangularMatrix.of(dense))
            .basis();
    double[] y = Draw.gaussian(sample.more(), sample.n(), 1);
    double[] actual = ConvBasisOperator.of(basis, form).applyTranspose(y);
    Tolerances.OPERATOR.requireClose(
        actual, Reference.product(Reference.transpose(dense), y), unit(basis, form, y, true));
  }

  @Property
  void bothFormsAgree(
      @ForAll(supplier = LowerTriangularSample.Medium.class) LowerTriangularSample sample) {
    ConvBasis basis = ConvBasisDecomposer.of(Backends.scalar()).decompose(sample.matrix()).basis();
    double[] x = Draw.gaussian(sample.more(), sample.n(), 1);
    double[] segment = ConvBasisOperator.of(basis, Form.SEGMENT).apply(x);
    double[] difference = ConvBasisOperator.of(basis, Form.DIFFERENCE).apply(x);
    double unit = unit(basis, Form.SEGMENT, x, false) + unit(basis, Form.DIFFERENCE, x, false);
    Tolerances.OPERATOR_FORMS.requireClose(segment, difference, unit);
  }

  @Property
  void transposeIsTheAdjoint(
      @ForAll(supplier = LowerTriangularSample.Medium.class) LowerTriangularSample sample,
      @ForAll Form form) {
    ConvBasis basis = ConvBasisDecomposer.of(Backends.scalar()).decompose(sample.matrix()).basis();
    ConvBasisOperator operator = ConvBasisOperator.of(basis, form);
    double[] both = Draw.gaussian(sample.more(), 2 * sample.n(), 1);
    double[] x = Arrays.copyOfRange(both, 0, sample.n());
    double[] y = Arrays.copyOfRange(both, sample.n(), 2 * sample.n());
    double left = Reference.dot(operator.apply(x), y);
    double right = Reference.dot(x, operator.applyTranspose(y));
    double unit =
        unit(basis, form, x, false) * Reference.norm1(y)
            + unit(basis, form, y, true) * Reference.norm1(x);
    Tolerances.ADJOINT.require(left - right, unit, "⟨Hx,y⟩ - ⟨x,Hᵀy⟩");
  }

  @Property
  void severalColumnsAreMultipliedOneByOne(
      @ForAll(supplier = LowerTriangularSample.Medium.class) LowerTriangularSample sample,
      @ForAll @IntRange(min = 1, max = 4) int columns,
      @ForAll Form form,
      @ForAll boolean transpose) {
    int n = sample.n();
    ConvBasis basis = ConvBasisDecomposer.of(Backends.scalar()).decompose(sample.matrix()).basis();
    ConvBasisOperator operator = ConvBasisOperator.of(basis, form);
    double[] x = Draw.gaussian(sample.more(), n * columns, 1);
    double[] actual = transpose ? operator.applyTranspose(x, columns) : operator.apply(x, columns);
    for (int c = 0; c < columns; c++) {
      double[] column = column(x, columns, c);
      double[] alone = transpose ? operator.applyTranspose(column) : operator.apply(column);
      Tolerances.requireSameBits(column(actual, columns, c), alone, "column " + c);
    }
  }

  private static double[] column(double[] rows, int columns, int column) {
    double[] result = new double[rows.length / columns];
    for (int i = 0; i < result.length; i++) {
      result[i] = rows[i * columns + column];
    }
    return result;
  }

  @Property
  void productOfIntegerMatricesFromEitherViewIsTheSame(
      @ForAll(supplier = IntegerBasisSample.Any.class) IntegerBasisSample sample) {
    ConvBasis basis = sample.basis();
    double[] x = Draw.gaussian(sample.more(), sample.n(), 1);
    Tolerances.requireSameBits(
        ConvBasisOperator.of(basis.toSegments()).apply(x),
        ConvBasisOperator.of(basis).apply(x),
        "product");
  }

  /**
   * The unit of error of one product: in the segment form, kernels by the part of x in their
   * segment; in the difference form, coefficients by the part of x from their start. A transposed
   * product correlates every kernel with the whole vector.
   */
  static double unit(ConvBasis basis, Form form, double[] x, boolean transpose) {
    SegmentedToeplitz segments = basis.toSegments();
    double norms = 0;
    for (int r = 0; r < basis.terms(); r++) {
      boolean bySegment = form == Form.SEGMENT;
      double[] kernel = bySegment ? segments.kernel(r) : basis.coefficients(r);
      int from = transpose ? 0 : segments.start(r);
      int to = transpose || !bySegment ? x.length : segments.end(r);
      norms += Reference.norm2(kernel) * Reference.norm2(x, from, to);
    }
    return Tolerances.fft(Tolerances.DOUBLE, 2 * x.length, norms);
  }
}
