package io.github.convbasis.properties;

import io.github.convbasis.matrix.HeadTensor;
import java.util.Arrays;

/** Where heads × rows × width elements lie in an array. */
enum Layout {
  /** [H, N, D]. */
  HEADS_FIRST(0, 0, 0),
  /** [N, H·D], as projections leave it. */
  ROWS_FIRST(0, 0, 0),
  /** [H, N, D] at an offset with gaps between rows and between heads. */
  PADDED(3, 2, 5);

  private final int offset;
  private final int rowGap;
  private final int headGap;

  Layout(int offset, int rowGap, int headGap) {
    this.offset = offset;
    this.rowGap = rowGap;
    this.headGap = headGap;
  }

  /**
   * Makes a tensor whose every element and gap is NaN: reading what was not written, and writing
   * what is not the tensor's, both show.
   */
  HeadTensor blank(boolean single, int heads, int rows, int width) {
    int rowStride = this == ROWS_FIRST ? heads * width : width + rowGap;
    int headStride = this == ROWS_FIRST ? width : rows * rowStride + headGap;
    int length = offset + Math.max(heads * headStride, rows * rowStride) + offset;
    if (single) {
      float[] data = new float[length];
      Arrays.fill(data, Float.NaN);
      return HeadTensor.of(data, offset, heads, headStride, rows, rowStride, width);
    }
    double[] data = new double[length];
    Arrays.fill(data, Double.NaN);
    return HeadTensor.of(data, offset, heads, headStride, rows, rowStride, width);
  }

  /** Stores dense C-order elements. */
  HeadTensor store(double[] elements, boolean single, int heads, int rows, int width) {
    HeadTensor tensor = blank(single, heads, rows, width);
    for (int head = 0; head < heads; head++) {
      for (int row = 0; row < rows; row++) {
        int from = (head * rows + row) * width;
        tensor.setRow(head, row, Arrays.copyOfRange(elements, from, from + width));
      }
    }
    return tensor;
  }

  /** Returns the elements in dense C order. */
  static double[] elements(HeadTensor tensor) {
    int width = tensor.width();
    double[] elements = new double[tensor.heads() * tensor.rows() * width];
    double[] row = new double[width];
    for (int head = 0; head < tensor.heads(); head++) {
      for (int i = 0; i < tensor.rows(); i++) {
        tensor.copyRow(head, i, row);
        System.arraycopy(row, 0, elements, (head * tensor.rows() + i) * width, width);
      }
    }
    return elements;
  }

  /** Counts the elements of the array that belong to no row and are no longer NaN. */
  static int writtenGaps(HeadTensor tensor) {
    int length = tensor.isSinglePrecision() ? tensor.floats().length : tensor.doubles().length;
    boolean[] owned = new boolean[length];
    for (int head = 0; head < tensor.heads(); head++) {
      for (int row = 0; row < tensor.rows(); row++) {
        int at = tensor.index(head, row);
        Arrays.fill(owned, at, at + tensor.width(), true);
      }
    }
    int written = 0;
    for (int i = 0; i < length; i++) {
      double value = tensor.isSinglePrecision() ? tensor.floats()[i] : tensor.doubles()[i];
      written += !owned[i] && !Double.isNaN(value) ? 1 : 0;
    }
    return written;
  }
}
