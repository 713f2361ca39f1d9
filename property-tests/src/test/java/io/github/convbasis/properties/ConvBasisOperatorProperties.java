package io.github.convbasis.properties;

import io.github.convbasis.backend.Backends;
import io.github.convbasis.conv.ConvBasis;
import io.github.convbasis.conv.ConvBasisOperator;
import io.github.convbasis.conv.ConvBasisOperator.Form;
import io.github.convbasis.decompose.ConvBasisDecomposer;
import io.github.convbasis.matrix.LowerTriangularMatrix;
import io.github.convbasis.matrix.SegmentedToeplitz;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Products in the difference form, and what both forms share. */
class ConvBasisOperatorProperties {

  @Property
  void differencesApplyTheDenseProduct(
      @ForAll(supplier = LowerTriangularSample.Medium.class) LowerTriangularSample sample) {
    double[][] dense = sample.dense();
    ConvBasis basis =
        ConvBasisDecomposer.of(Backends.scalar())
            .decompose(LowerTriangularMatrix.of(dense))
            .basis();
    double[] x = Draw.gaussian(sample.more(), sample.n(), 1);
    double[] actual = ConvBasisOperator.of(basis, Form.DIFFERENCE).apply(x);
    Tolerances.OPERATOR.requireClose(
        actual, Reference.product(dense, x), unit(basis, Form.DIFFERENCE, x, false));
  }

  @Property
  void differencesApplyTheDenseProductWithTheTranspose(
      @ForAll(supplier = LowerTriangularSample.Medium.class) LowerTriangularSample sample) {
    double[][] dense = sample.dense();
    ConvBasis basis =
        ConvBasisDecomposer.of(Backends.scalar())
            .decompose(LowerTriangularMatrix.of(dense))
            .basis();
    double[] y = Draw.gaussian(sample.more(), sample.n(), 1);
    double[] actual = ConvBasisOperator.of(basis, Form.DIFFERENCE).applyTranspose(y);
    Tolerances.OPERATOR.requireClose(
        actual,
        Reference.product(Reference.transpose(dense), y),
        unit(basis, Form.DIFFERENCE, y, true));
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
