package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.matrix.HeadTensor;
import java.util.HashSet;
import java.util.Set;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Views with strides: what they read, what they refuse. */
class HeadTensorProperties {

  @Property
  void everyLayoutHoldsTheElements(
      @ForAll(supplier = AttentionSample.Medium.class) AttentionSample sample) {
    double[] elements = sample.queries();
    HeadTensor tensor =
        sample
            .layout()
            .store(elements, sample.single(), sample.shape().queries, sample.n(), sample.d());
    double[] read = new double[elements.length];
    for (int i = 0; i < read.length; i++) {
      int row = i / sample.d();
      read[i] = tensor.get(row / sample.n(), row % sample.n(), i % sample.d());
    }
    Tolerances.requireSameBits(read, elements, "elements one by one");
    Tolerances.requireSameBits(Layout.elements(tensor), elements, "elements by row");
    assertEquals(0, Layout.writtenGaps(tensor), "elements written outside the rows");
    assertEquals(sample.single(), tensor.isSinglePrecision(), "single precision");
  }

  @Property
  void neighbouringRowsAreAViewOfTheSameElements(
      @ForAll(supplier = AttentionSample.Medium.class) AttentionSample sample,
      @ForAll @IntRange(min = 0, max = 39) int first,
      @ForAll @IntRange(min = 0, max = 39) int more) {
    int from = first % sample.n();
    int to = from + 1 + more % (sample.n() - from);
    HeadTensor tensor = sample.inputs().queries();
    HeadTensor rows = tensor.rows(from, to);
    assertEquals(tensor.heads() + " × " + (to - from) + " × " + tensor.width(), rows.toString());
    double[] line = new double[tensor.width()];
    for (int head = 0; head < tensor.heads(); head++) {
      for (int row = from; row < to; row++) {
        assertEquals(tensor.index(head, row), rows.index(head, row - from), "row " + row);
      }
      rows.setRow(head, to - 1 - from, line);
      Tolerances.requireSameBits(tensor.get(head, to - 1, 0), 0, "a written row");
    }
    assertThrows(IndexOutOfBoundsException.class, () -> tensor.rows(from, sample.n() + 1));
    assertThrows(IndexOutOfBoundsException.class, () -> tensor.rows(-1, to));
    Refusal.mustSay(() -> tensor.rows(from, from), "rows must be at least 1", "was 0");
  }

  @Property
  void rowsPromisedToBeFiniteAreNotReadAgain(
      @ForAll(supplier = AttentionSample.Medium.class) AttentionSample sample,
      @ForAll @IntRange(min = 0, max = 39) int promised,
      @ForAll @IntRange(min = 0, max = 39) int first,
      @ForAll @IntRange(min = 0, max = 39) int wrong) {
    HeadTensor tensor = sample.inputs().queries();
    int count = promised % (sample.n() + 1);
    int from = first % sample.n();
    int bad = wrong % sample.n();
    int head = tensor.heads() - 1;
    double[] line = new double[tensor.width()];
    line[0] = Double.POSITIVE_INFINITY;
    tensor.setRow(head, bad, line);
    requireChecked(tensor, "head " + head + ", row " + bad, true);
    HeadTensor view = tensor.withFiniteRows(count);
    requireChecked(view, "head " + head + ", row " + bad, bad >= count);
    requireChecked(view.head(head), "head 0, row " + bad, bad >= count);
    HeadTensor rows = view.rows(from, sample.n());
    requireChecked(rows, "row " + (bad - from), bad >= count && bad >= from);
    requireChecked(view.withFiniteRows(0), "row " + bad, true);
    requireChecked(view.rows(0, from + 1), "row " + bad, bad >= count && bad <= from);
    for (int wanted : new int[] {-1, sample.n() + 1}) {
      Refusal.mustSay(
          () -> tensor.withFiniteRows(wanted), "count must be", sample.n(), "was " + wanted);
    }
  }

  private static void requireChecked(HeadTensor tensor, String place, boolean refused) {
    if (refused) {
      Refusal.mustSay(() -> tensor.requireFinite("x"), "x must be finite", "Infinity", place);
    } else {
      tensor.requireFinite("x");
    }
  }

  @Property(edgeCases = EdgeCasesMode.NONE)
  void dataThatIsTooShortIsRefusedWithBothLengths(
      @ForAll @IntRange(min = 0, max = 9) int offset,
      @ForAll @IntRange(min = 1, max = 5) int heads,
      @ForAll @IntRange(min = 0, max = 50) int headStride,
      @ForAll @IntRange(min = 1, max = 9) int rows,
      @ForAll @IntRange(min = 0, max = 9) int rowStride,
      @ForAll @IntRange(min = 1, max = 9) int width,
      @ForAll boolean single) {
    int needed = offset + (heads - 1) * headStride + (rows - 1) * rowStride + width;
    assertEquals(
        heads + " × " + rows + " × " + width,
        view(needed, offset, heads, headStride, rows, rowStride, width, single).toString());
    Refusal.mustSay(
        () -> view(needed - 1, offset, heads, headStride, rows, rowStride, width, single),
        "data must hold " + needed + " elements",
        "was " + (needed - 1));
  }

  private static HeadTensor view(
      int length,
      int offset,
      int heads,
      int headStride,
      int rows,
      int rowStride,
      int width,
      boolean single) {
    return single
        ? HeadTensor.of(new float[length], offset, heads, headStride, rows, rowStride, width)
        : HeadTensor.of(new double[length], offset, heads, headStride, rows, rowStride, width);
  }

  @Property
  void sizesAndStridesThatAreTooSmallAreRefusedByName(
      @ForAll @IntRange(min = -9, max = -1) int bad, @ForAll boolean single) {
    Refusal.mustSay(() -> view(99, bad, 1, 1, 1, 1, 1, single), "offset", "0", "was " + bad);
    Refusal.mustSay(() -> view(99, 0, bad, 1, 1, 1, 1, single), "heads", "1", "was " + bad);
    Refusal.mustSay(() -> view(99, 0, 1, bad, 1, 1, 1, single), "headStride", "0", "was " + bad);
    Refusal.mustSay(() -> view(99, 0, 1, 1, bad, 1, 1, single), "rows", "1", "was " + bad);
    Refusal.mustSay(() -> view(99, 0, 1, 1, 1, bad, 1, single), "rowStride", "0", "was " + bad);
    Refusal.mustSay(() -> view(99, 0, 1, 1, 1, 1, bad, single), "width", "1", "was " + bad);
  }

  @Example
  void sizesThatOverflowAreRefused() {
    int much = 1 << 20;
    Refusal.mustSay(
        () -> HeadTensor.of(new float[9], 1, much, much), "was " + ((long) much * much));
    Refusal.mustSay(() -> HeadTensor.allocate(true, much, much, 1), much + " · " + much + " · 1");
    Refusal.mustSay(
        () -> HeadTensor.of(new double[9], 0, much, much, much, much, 1),
        "data must hold",
        "was 9");
  }

  @Example
  void theArrayOfTheOtherPrecisionIsRefused() {
    HeadTensor floats = HeadTensor.allocate(true, 1, 1, 1);
    HeadTensor doubles = HeadTensor.allocate(false, 1, 1, 1);
    String first = assertThrows(IllegalStateException.class, floats::doubles).getMessage();
    String second = assertThrows(IllegalStateException.class, doubles::floats).getMessage();
    assertEquals("data must be double[], was float[]", first);
    assertEquals("data must be float[], was double[]", second);
  }

  /** Storing it would make an infinity of a finite number. */
  @Property
  void aNumberThatFloatCannotHoldIsAnErrorWithItsPlace(
      @ForAll @IntRange(min = 1, max = 5) int heads,
      @ForAll @IntRange(min = 1, max = 9) int rows,
      @ForAll @IntRange(min = 1, max = 9) int width) {
    double[] row = new double[width];
    row[width - 1] = -Double.MAX_VALUE;
    HeadTensor tensor = HeadTensor.allocate(true, heads, rows, width);
    String message =
        assertThrows(ArithmeticException.class, () -> tensor.setRow(heads - 1, rows - 1, row))
            .getMessage();
    String place = String.format("head %d, row %d, column %d", heads - 1, rows - 1, width - 1);
    assertTrue(message.contains(place) && message.contains("float32"), message);
    HeadTensor.allocate(false, heads, rows, width).setRow(heads - 1, rows - 1, row);
  }

  /** A view that calls its rows disjoint must be safe for concurrent writers. */
  @Property
  void rowsCalledDisjointShareNoElement(
      @ForAll @IntRange(min = 1, max = 4) int heads,
      @ForAll @IntRange(min = 0, max = 30) int headStride,
      @ForAll @IntRange(min = 1, max = 6) int rows,
      @ForAll @IntRange(min = 0, max = 12) int rowStride,
      @ForAll @IntRange(min = 1, max = 5) int width) {
    HeadTensor tensor = view(300, 0, heads, headStride, rows, rowStride, width, true);
    Set<Integer> places = new HashSet<>();
    for (int head = 0; head < heads; head++) {
      for (int row = 0; row < rows; row++) {
        for (int c = 0; c < width; c++) {
          places.add(tensor.index(head, row) + c);
        }
      }
    }
    boolean disjoint = places.size() == heads * rows * width;
    assertTrue(disjoint || !tensor.rowsAreDisjoint(), "overlapping rows are called disjoint");
    boolean usual = rowStride >= width && headStride >= rows * rowStride;
    assertTrue(!usual || tensor.rowsAreDisjoint(), "rows of [H, N, D] are called overlapping");
  }
}
