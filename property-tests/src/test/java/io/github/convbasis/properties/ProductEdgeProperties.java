package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.matrix.HeadTensor;
import java.util.Arrays;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/**
 * What products check before a backend sees the arguments, and their form for arrays: the same code
 * for every backend.
 */
class ProductEdgeProperties {
  @Provide
  Arbitrary<Product.Sample> products() {
    Arbitrary<ColumnsSample> columns = ColumnsSample.of(9);
    Arbitrary<SignalSample> kernels = new SignalSample.ShortConvolution().get();
    return Arbitraries.oneOf(
        Combinators.combine(LowerTriangularSample.upTo(9), columns)
            .as(OperatorContract.Sample::new),
        Combinators.combine(kernels, columns).as(CausalConvolutionContract.Sample::new),
        Combinators.combine(kernels, columns).as(DepthwiseConvolutionContract.Sample::new));
  }

  @Property
  void arraysGiveTheSameBitsAsTensors(
      @ForAll("products") Product.Sample sample, @ForAll boolean transpose) {
    Product product = sample.plan(Backends.scalar());
    int n = product.size();
    int width = sample.columns().columns();
    double[] x = Arrays.copyOf(sample.columns().elements(n), n * width);
    double[] y = new double[n * width];
    product.multiply(
        transpose,
        HeadTensor.of(x, 1, n, width),
        HeadTensor.of(y, 1, n, width),
        Backends.scalar().newWorkspace(),
        Parallelism.sequential());
    Tolerances.requireSameBits(product.multiply(transpose, x, width), y, "product");
  }

  private static void requireRefusal(
      Product product, boolean transpose, HeadTensor input, HeadTensor output, Object... parts) {
    Workspace workspace = Backends.scalar().newWorkspace();
    Refusal.mustSay(
        () -> product.multiply(transpose, input, output, workspace, Parallelism.sequential()),
        parts);
  }

  @Property
  void tensorsOfOtherShapesAreRefused(
      @ForAll("products") Product.Sample sample, @ForAll boolean transpose) {
    Product product = sample.plan(Backends.scalar());
    int n = product.size();
    int heads = sample.columns().heads();
    int width = sample.columns().columns();
    HeadTensor input = sample.columns().input(n);
    HeadTensor longer = HeadTensor.allocate(true, heads, n + 1, width);
    String shape = heads + " × " + n + " × " + width;
    requireRefusal(product, transpose, longer, longer, "input must be " + shape, "was ", n + 1);
    requireRefusal(product, transpose, input, longer, "output must be " + shape, "was ", n + 1);
    HeadTensor wider = HeadTensor.allocate(true, heads, n, width + 1);
    requireRefusal(product, transpose, input, wider, "output must be " + shape, "was ");
    HeadTensor more = HeadTensor.allocate(true, heads + 1, n, width);
    requireRefusal(product, transpose, input, more, "output must be " + shape, "was ");
  }

  /** A transform would spread one NaN over every row. */
  @Property
  void inputsThatAreNotFiniteAreRefusedWithTheirPlace(
      @ForAll("products") Product.Sample sample, @ForAll boolean transpose) {
    Product product = sample.plan(Backends.scalar());
    ColumnsSample columns = sample.columns();
    int n = product.size();
    double[] elements = columns.elements(n);
    int bad = (int) Math.floorMod(columns.seed(), (long) elements.length);
    elements[bad] = columns.seed() % 2 == 0 ? Double.NaN : Double.NEGATIVE_INFINITY;
    HeadTensor input =
        columns
            .inputLayout()
            .store(elements, columns.single(), columns.heads(), n, columns.columns());
    String place =
        String.format(
            "was %s at head %d, row %d, column %d",
            elements[bad],
            bad / columns.columns() / n,
            bad / columns.columns() % n,
            bad % columns.columns());
    HeadTensor output = columns.blankOutput(n);
    requireRefusal(product, transpose, input, output, "input must be finite", place);
    assertEquals(0, writtenElements(output), "elements written before the refusal");
  }

  private static long writtenElements(HeadTensor output) {
    return Arrays.stream(Layout.elements(output)).filter(y -> !Double.isNaN(y)).count();
  }

  @Property
  void outputsThatOverlapAreRefused(
      @ForAll("products") Product.Sample sample, @ForAll boolean transpose) {
    Product product = sample.plan(Backends.scalar());
    int n = product.size();
    HeadTensor input = sample.columns().input(n);
    requireRefusal(product, transpose, input, input, "output must lie in another array");
    int width = input.width();
    if (n > 1 || input.heads() > 1) {
      HeadTensor overlapping = HeadTensor.of(new float[width], 0, input.heads(), 0, n, 0, width);
      requireRefusal(product, transpose, input, overlapping, "disjoint rows", "overlapping");
    }
  }
}
