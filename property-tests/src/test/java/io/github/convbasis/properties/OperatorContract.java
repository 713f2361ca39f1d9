package io.github.convbasis.properties;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.conv.ConvBasisOperator;
import io.github.convbasis.decompose.ConvBasisDecomposer;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.LowerTriangularMatrix;
import io.github.convbasis.matrix.SegmentedToeplitz;
import java.util.Arrays;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Tuple;

/** Any lower-triangular matrix, decomposed, multiplies as the dense one does. */
abstract class OperatorContract extends ProductContract {

  /** A matrix and columns by their recipe. */
  record Sample(LowerTriangularSample matrix, ColumnsSample columns) implements Product.Sample {
    @Override
    public DecomposedProduct plan(Backend backend) {
      double[][] dense = matrix.dense();
      SegmentedToeplitz segments =
          ConvBasisDecomposer.of(backend)
              .decompose(LowerTriangularMatrix.of(dense))
              .basis()
              .toSegments();
      return new DecomposedProduct(dense, segments, ConvBasisOperator.of(backend, segments));
    }
  }

  /** The operator of a decomposition beside the dense matrix that was decomposed. */
  record DecomposedProduct(double[][] dense, SegmentedToeplitz segments, ConvBasisOperator operator)
      implements Product {
    @Override
    public int size() {
      return dense.length;
    }

    @Override
    public void multiply(
        boolean transpose,
        HeadTensor input,
        HeadTensor output,
        Workspace workspace,
        Parallelism parallelism) {
      if (transpose) {
        operator.applyTranspose(input, output, workspace, parallelism);
      } else {
        operator.apply(input, output, workspace, parallelism);
      }
    }

    @Override
    public double[] multiply(boolean transpose, double[] input, int columns) {
      return transpose ? operator.applyTranspose(input, columns) : operator.apply(input, columns);
    }

    @Override
    public double[] expected(boolean transpose, int column, double[] input) {
      return Reference.product(transpose ? Reference.transpose(dense) : dense, input);
    }

    /**
     * Norms of kernels and of what they meet. Decompositions keep differences of neighbouring
     * kernels, so an entry is rounded like the greatest of its lag in kernels before it.
     */
    @Override
    public double norms(boolean transpose, int column, double[] input) {
      double norms = 0;
      double[] greatest = new double[input.length];
      for (int r = 0; r < segments.terms(); r++) {
        double[] kernel = segments.kernel(r);
        for (int lag = 0; lag < kernel.length; lag++) {
          greatest[lag] = Math.max(greatest[lag], Math.abs(kernel[lag]));
        }
        // A transposed product correlates every kernel with the whole column.
        int from = transpose ? 0 : segments.start(r);
        int to = transpose ? input.length : segments.end(r);
        norms += Reference.norm2(greatest, 0, kernel.length) * Reference.norm2(input, from, to);
      }
      return norms;
    }

    @Override
    public boolean columnsShareRounding() {
      return true;
    }

    /** First column of the first segment, n if there is none. */
    int firstStart() {
      return segments.terms() == 0 ? size() : segments.start(0);
    }
  }

  @Override
  Arbitrary<Product.Sample> samples() {
    return operators().map(sample -> sample);
  }

  /** Sizes up to 65 with any number of columns; in one of sixteen larger ones and few columns. */
  private static Arbitrary<Sample> operators() {
    return Arbitraries.frequencyOf(
        Tuple.of(
            15,
            Combinators.combine(new LowerTriangularSample.Medium().get(), ColumnsSample.any())
                .as(Sample::new)),
        Tuple.of(
            1,
            Combinators.combine(new LowerTriangularSample.FewTerms().get(), ColumnsSample.of(3))
                .as(Sample::new)));
  }

  @Override
  Tolerances tolerance() {
    return Tolerances.OPERATOR;
  }

  /**
   * EXACT: what meets columns that are zero enters no transform. Its size may choose the scale of
   * all, so only signs are changed.
   */
  @Property
  void columnsBeforeTheFirstStartMeetNothing(@ForAll("products") Product.Sample sample) {
    DecomposedProduct product = ((Sample) sample).plan(backend());
    int n = product.size();
    HeadTensor input = sample.columns().input(n);
    HeadTensor before = sample.columns().blankOutput(n);
    product.multiply(false, input, before, backend().newWorkspace(), Parallelism.sequential());
    double[] row = new double[input.width()];
    for (int head = 0; head < input.heads(); head++) {
      for (int i = 0; i < product.firstStart(); i++) {
        input.copyRow(head, i, row);
        Arrays.setAll(row, c -> -row[c]);
        input.setRow(head, i, row);
      }
    }
    HeadTensor after = sample.columns().blankOutput(n);
    product.multiply(false, input, after, backend().newWorkspace(), Parallelism.sequential());
    Tolerances.requireSameBits(Layout.elements(after), Layout.elements(before), "product");
  }
}
