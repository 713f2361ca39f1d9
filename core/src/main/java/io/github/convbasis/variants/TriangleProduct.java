package io.github.convbasis.variants;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;
import io.github.convbasis.variants.VariantWorkspace.BlockScratch;
import io.github.convbasis.variants.Visibility.Block;
import java.util.Arrays;

/**
 * Multiplies a triangle's weights with values, and sums them, for one block.
 *
 * <p>Where weights end at a band, rows are cut into chunks of about its width, each a product of
 * its own with the keys it reaches: O((n + terms·band)·log band) instead of O(terms·n·log n), and
 * rounding stays within a chunk. Weights that underflow beside the greatest count as none, so a
 * steep bias makes a band too.
 *
 * <p>Mutable scratch: one thread at a time, whose tasks may share it.
 */
final class TriangleProduct {
  private final Backend backend;
  private final VariantInputs inputs;
  private final int head;
  private final Block block;
  private final double valueFactor;
  private final BlockScratch scratch;
  private final Parallelism parallelism;

  /** Makes products for one block; values are multiplied by a power of two. */
  TriangleProduct(
      Backend backend,
      VariantInputs inputs,
      int head,
      Block block,
      double valueFactor,
      BlockScratch scratch,
      Parallelism parallelism) {
    this.backend = backend;
    this.inputs = inputs;
    this.head = head;
    this.block = block;
    this.valueFactor = valueFactor;
    this.scratch = scratch;
    this.parallelism = parallelism;
  }

  /** Adds a triangle's part to the block's sums. */
  void add(Triangle triangle, TriangleKernels kernels) {
    if (kernels.high == 0) {
      // Every key that a row of this part sees is hidden.
      return;
    }
    int chunk = TriangleKernels.chunkRows(kernels.high);
    if (triangle.rows() <= TriangleKernels.mostRows(kernels.high)) {
      addRows(triangle, kernels, 0, triangle.rows());
      return;
    }
    for (int from = 0; from < triangle.rows(); from += chunk) {
      int to = from + Math.min(chunk, triangle.rows() - from);
      addRows(triangle, kernels, from, to);
    }
  }

  private void addRows(Triangle triangle, TriangleKernels kernels, int fromRow, int toRow) {
    int fromColumn = Math.max(0, fromRow - kernels.high + 1);
    int toColumn = Math.min(triangle.columns(), toRow);
    if (fromColumn >= toColumn) {
      return;
    }
    int size = toRow - fromColumn;
    int width = inputs.values().width();
    HeadTensor values = values(triangle, fromColumn, toColumn, size);
    // Rows that are all there is, in the order of the block, need no copy.
    boolean inPlace =
        scratch.sums.isEmpty() && size == block.rows() && fromRow == 0 && triangle.step() == 1;
    double[] target =
        inPlace ? scratch.sums.numerators() : scratch.products(Math.multiplyExact(size, width));
    HeadTensor products = HeadTensor.of(target, 1, size, width);
    double[] noises = scratch.noises(size);
    SegmentedToeplitz weights = weights(kernels, fromColumn, toColumn, size);
    backend
        .segmentConvolution(weights)
        .apply(values, products, 0, noises, scratch.workspace, parallelism);
    double[] rowSums = shownWeights(triangle, kernels, fromColumn, toColumn, size).rowSums();
    for (int row = fromRow; row < toRow; row++) {
      int at = row - fromColumn;
      if (inPlace) {
        scratch.sums.setFirst(row, rowSums[at], noises[at], kernels.shift);
      } else {
        scratch.sums.add(
            triangle.queryOf(row) - block.queryFrom(),
            products,
            at,
            rowSums[at],
            noises[at],
            kernels.shift);
      }
    }
  }

  /**
   * Returns the values of some columns, zeros for hidden keys and behind the last column: where
   * they lie if that is how they lie, else a copy.
   */
  private HeadTensor values(Triangle triangle, int fromColumn, int toColumn, int size) {
    HeadTensor values = inputs.values();
    int keyHead = inputs.keyHead(head);
    boolean inOrder = triangle.step() == 1 && toColumn == fromColumn + size;
    if (inOrder && valueFactor == 1) {
      int key = triangle.keyOf(fromColumn);
      if (inputs.visibility(head).shown(key, key + size) == size) {
        return values.head(keyHead).rows(key, key + size);
      }
    }
    int width = values.width();
    int length = Math.multiplyExact(size, width);
    HeadTensor local =
        values.isSinglePrecision() && valueFactor == 1
            ? HeadTensor.of(scratch.floats(length), 1, size, width)
            : HeadTensor.of(scratch.inputs(length), 1, size, width);
    double[] line = new double[width];
    Visibility visibility = inputs.visibility(head);
    for (int column = fromColumn; column < fromColumn + size; column++) {
      if (column >= toColumn || visibility.isHidden(triangle.keyOf(column))) {
        Arrays.fill(line, 0);
      } else {
        values.copyRow(keyHead, triangle.keyOf(column), line);
        for (int c = 0; c < width; c++) {
          line[c] *= valueFactor;
        }
      }
      local.setRow(0, column - fromColumn, line);
    }
    return local;
  }

  private static SegmentedToeplitz weights(
      TriangleKernels kernels, int fromColumn, int toColumn, int size) {
    int first = segmentOf(kernels.starts, fromColumn);
    int last = segmentOf(kernels.starts, toColumn - 1);
    int[] starts = new int[last - first + 1];
    for (int r = first; r <= last; r++) {
      starts[r - first] = Math.max(0, kernels.starts[r] - fromColumn);
    }
    double[][] arrays = Arrays.copyOfRange(kernels.weights, first, last + 1);
    return SegmentedToeplitz.wrap(size, starts, arrays);
  }

  private static int segmentOf(int[] starts, int column) {
    int at = Arrays.binarySearch(starts, column);
    return at >= 0 ? at : -at - 2;
  }

  /**
   * Cuts segments at hidden keys, whose columns become zero, so that sums of rows are of their own
   * weights alone. Only for the sums: products have zeros as values there, at no cost.
   */
  private SegmentedToeplitz shownWeights(
      Triangle triangle, TriangleKernels kernels, int fromColumn, int toColumn, int size) {
    Visibility visibility = inputs.visibility(head);
    int count = 0;
    int[] starts = new int[size];
    double[][] arrays = new double[size][];
    double[] zeros = scratch.kernels.zeros(size);
    double[] before = null;
    for (int column = 0; column < size; column++) {
      boolean hidden =
          column + fromColumn >= toColumn
              || visibility.isHidden(triangle.keyOf(column + fromColumn));
      int segment = segmentOf(kernels.starts, column + fromColumn);
      double[] kernel = hidden ? zeros : kernels.weights[segment];
      if (kernel != before) {
        starts[count] = column;
        arrays[count++] = kernel;
        before = kernel;
      }
    }
    return SegmentedToeplitz.wrap(size, Arrays.copyOf(starts, count), Arrays.copyOf(arrays, count));
  }
}
