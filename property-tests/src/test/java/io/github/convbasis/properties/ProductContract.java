package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.matrix.HeadTensor;
import java.util.Arrays;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

/** What every planned product of any backend must satisfy, whatever its matrix. */
abstract class ProductContract implements BackendContract {
  /** The products and columns to judge. */
  abstract Arbitrary<Product.Sample> samples();

  /** For products against their definition. */
  abstract Tolerances tolerance();

  /** The same samples under the name that properties refer to. */
  @Provide
  Arbitrary<Product.Sample> products() {
    return samples();
  }

  private static HeadTensor multiply(
      Product.Sample sample,
      Product product,
      boolean transpose,
      Workspace workspace,
      Parallelism parallelism) {
    HeadTensor output = sample.columns().blankOutput(product.size());
    product.multiply(
        transpose, sample.columns().input(product.size()), output, workspace, parallelism);
    return output;
  }

  private HeadTensor multiply(Product.Sample sample, Product product, boolean transpose) {
    return multiply(sample, product, transpose, backend().newWorkspace(), Parallelism.sequential());
  }

  /** For each column the unit of its error: storing as float rounds like float arithmetic. */
  final double[] units(Product product, boolean transpose, HeadTensor input, int head) {
    double[] norms = new double[input.width()];
    for (int c = 0; c < norms.length; c++) {
      norms[c] = product.norms(transpose, c, ColumnsSample.column(input, head, c));
    }
    if (product.columnsShareRounding()) {
      Arrays.fill(norms, Reference.normSup(norms));
    }
    double roundoff = input.isSinglePrecision() ? Tolerances.FLOAT : unitRoundoff();
    return Arrays.stream(norms)
        .map(norm -> Tolerances.fft(roundoff, 2 * product.size(), norm))
        .toArray();
  }

  private void requireDefinition(Product.Sample sample, boolean transpose) {
    Product product = sample.plan(backend());
    HeadTensor input = sample.columns().input(product.size());
    HeadTensor output = multiply(sample, product, transpose);
    for (int head = 0; head < input.heads(); head++) {
      double[] units = units(product, transpose, input, head);
      for (int c = 0; c < input.width(); c++) {
        double[] x = ColumnsSample.column(input, head, c);
        tolerance()
            .requireClose(
                ColumnsSample.column(output, head, c), product.expected(transpose, c, x), units[c]);
      }
    }
    assertEquals(0, Layout.writtenGaps(output), "elements written outside the output");
  }

  @Property
  void applyIsTheProductByDefinition(@ForAll("products") Product.Sample sample) {
    requireDefinition(sample, false);
  }

  @Property
  void applyTransposeIsTheProductByDefinition(@ForAll("products") Product.Sample sample) {
    requireDefinition(sample, true);
  }

  @Property
  void transposeIsTheAdjoint(@ForAll("products") Product.Sample sample) {
    Product product = sample.plan(backend());
    HeadTensor x = sample.columns().input(product.size());
    HeadTensor forward = multiply(sample, product, false);
    HeadTensor y = sample.columns().blankOutput(product.size());
    // The columns in another order, so that a column meets another one.
    reverseColumns(x, y);
    HeadTensor back = sample.columns().blankOutput(product.size());
    product.multiply(true, y, back, backend().newWorkspace(), Parallelism.sequential());
    for (int head = 0; head < x.heads(); head++) {
      double[] forwardUnits = units(product, false, x, head);
      double[] backUnits = units(product, true, y, head);
      for (int c = 0; c < x.width(); c++) {
        double[] left = ColumnsSample.column(y, head, c);
        double[] right = ColumnsSample.column(x, head, c);
        double error =
            Reference.dot(ColumnsSample.column(forward, head, c), left)
                - Reference.dot(right, ColumnsSample.column(back, head, c));
        double unit =
            forwardUnits[c] * Reference.norm1(left) + backUnits[c] * Reference.norm1(right);
        Tolerances.ADJOINT.require(error, unit + Double.MIN_NORMAL, "⟨Hx,y⟩ - ⟨x,Hᵀy⟩");
      }
    }
  }

  private static void reverseColumns(HeadTensor from, HeadTensor to) {
    int width = from.width();
    double[] row = new double[width];
    for (int head = 0; head < from.heads(); head++) {
      for (int i = 0; i < from.rows(); i++) {
        for (int c = 0; c < width; c++) {
          row[c] = from.get(head, i, width - 1 - c);
        }
        to.setRow(head, i, row);
      }
    }
  }

  @Property
  void numberOfTasksGivesTheSameBits(
      @ForAll("products") Product.Sample sample,
      @ForAll boolean transpose,
      @ForAll @IntRange(min = 2, max = Threads.MOST_TASKS) int tasks) {
    Product product = sample.plan(backend());
    HeadTensor alone = multiply(sample, product, transpose);
    Parallelism parallelism = Parallelism.of(Threads.POOL, tasks);
    HeadTensor together =
        multiply(sample, product, transpose, backend().newWorkspace(), parallelism);
    Tolerances.requireSameBits(Layout.elements(together), Layout.elements(alone), "product");
  }

  /** Scratch keeps what other problems left in it; a product must not show it. */
  @Property
  void aUsedWorkspaceGivesTheSameBits(
      @ForAll("products") Product.Sample sample,
      @ForAll("products") Product.Sample other,
      @ForAll boolean transpose,
      @ForAll boolean otherTranspose) {
    Product product = sample.plan(backend());
    HeadTensor fresh = multiply(sample, product, transpose);
    Workspace workspace = backend().newWorkspace();
    Parallelism alone = Parallelism.sequential();
    multiply(sample, product, transpose, workspace, alone);
    multiply(other, other.plan(backend()), otherTranspose, workspace, alone);
    HeadTensor used = multiply(sample, product, transpose, workspace, alone);
    Tolerances.requireSameBits(Layout.elements(used), Layout.elements(fresh), "product");
  }

  @Property
  void layoutsGiveTheSameBits(
      @ForAll("products") Product.Sample sample, @ForAll boolean transpose) {
    Product product = sample.plan(backend());
    ColumnsSample columns = sample.columns();
    int n = product.size();
    HeadTensor output =
        Layout.HEADS_FIRST.blank(columns.single(), columns.heads(), n, columns.columns());
    product.multiply(
        transpose,
        Layout.HEADS_FIRST.store(
            columns.elements(n), columns.single(), columns.heads(), n, columns.columns()),
        output,
        backend().newWorkspace(),
        Parallelism.sequential());
    Tolerances.requireSameBits(
        Layout.elements(multiply(sample, product, transpose)), Layout.elements(output), "product");
  }
}
