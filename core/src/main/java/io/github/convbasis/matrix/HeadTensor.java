package io.github.convbasis.matrix;

import java.util.Objects;

/**
 * Views a {@code float[]} or {@code double[]} as heads × rows × width with free strides.
 *
 * <p>Element {@code (head, row, column)} is {@code data[offset + head·headStride + row·rowStride +
 * column]}. So {@code [H, N, D]} has {@code headStride = N·D, rowStride = D}, {@code [N, H·D]} has
 * {@code headStride = D, rowStride = H·D}, and the rows of a key-value cache need no copy. Rows are
 * always contiguous.
 *
 * <p>The view does not copy: later changes of the array are seen. Reading and writing convert to
 * and from {@code double}, so one reference implementation serves both precisions.
 *
 * <p>Immutable but for the array behind it; safe for concurrent reading, and for concurrent writing
 * of different rows when {@link #rowsAreDisjoint()}.
 */
public final class HeadTensor {
  private final float[] floats;
  private final double[] doubles;
  private final int offset;
  private final int heads;
  private final int headStride;
  private final int rows;
  private final int rowStride;
  private final int width;

  /** Rows of each head, from the first, that {@link #requireFinite} does not read again. */
  private final int finiteRows;

  private HeadTensor(
      float[] floats,
      double[] doubles,
      int offset,
      int heads,
      int headStride,
      int rows,
      int rowStride,
      int width,
      int finiteRows) {
    requireAtLeast("offset", offset, 0);
    requireAtLeast("heads", heads, 1);
    requireAtLeast("rows", rows, 1);
    requireAtLeast("width", width, 1);
    requireAtLeast("headStride", headStride, 0);
    requireAtLeast("rowStride", rowStride, 0);
    int length = floats != null ? floats.length : doubles.length;
    long needed =
        (long) offset + (heads - 1L) * headStride + (rows - 1L) * (long) rowStride + width;
    if (needed > length) {
      throw new IllegalArgumentException(
          String.format(
              "data must hold %d elements for offset %d, %d heads (stride %d), %d rows (stride %d)"
                  + " and width %d, was %d",
              needed, offset, heads, headStride, rows, rowStride, width, length));
    }
    this.floats = floats;
    this.doubles = doubles;
    this.offset = offset;
    this.heads = heads;
    this.headStride = headStride;
    this.rows = rows;
    this.rowStride = rowStride;
    this.width = width;
    this.finiteRows = finiteRows;
  }

  private static void requireAtLeast(String name, int value, int least) {
    if (value < least) {
      throw new IllegalArgumentException(name + " must be at least " + least + ", was " + value);
    }
  }

  /**
   * Views a dense {@code heads × rows × width} array in C order.
   *
   * @param data the elements
   * @param heads number of heads, at least 1
   * @param rows rows per head, at least 1
   * @param width elements per row, at least 1
   * @return the view
   * @throws IllegalArgumentException if {@code data} is too short, or a size below 1
   */
  public static HeadTensor of(float[] data, int heads, int rows, int width) {
    return of(data, 0, heads, denseHeadStride(rows, width), rows, width, width);
  }

  /**
   * Views a dense {@code heads × rows × width} array in C order.
   *
   * @param data the elements
   * @param heads number of heads, at least 1
   * @param rows rows per head, at least 1
   * @param width elements per row, at least 1
   * @return the view
   * @throws IllegalArgumentException if {@code data} is too short, or a size below 1
   */
  public static HeadTensor of(double[] data, int heads, int rows, int width) {
    return of(data, 0, heads, denseHeadStride(rows, width), rows, width, width);
  }

  private static int denseHeadStride(int rows, int width) {
    long stride = (long) rows * width;
    if (stride > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "rows · width must be at most " + Integer.MAX_VALUE + ", was " + stride);
    }
    return (int) stride;
  }

  /**
   * Views {@code data} with explicit strides.
   *
   * @param data the elements
   * @param offset index of element (0, 0, 0)
   * @param heads number of heads, at least 1
   * @param headStride distance between the same row of neighbouring heads
   * @param rows rows per head, at least 1
   * @param rowStride distance between neighbouring rows of a head
   * @param width elements per row, at least 1
   * @return the view
   * @throws IllegalArgumentException if an element would lie outside {@code data}
   */
  public static HeadTensor of(
      float[] data, int offset, int heads, int headStride, int rows, int rowStride, int width) {
    return new HeadTensor(
        Objects.requireNonNull(data, "data"),
        null,
        offset,
        heads,
        headStride,
        rows,
        rowStride,
        width,
        0);
  }

  /**
   * Views {@code data} with explicit strides.
   *
   * @param data the elements
   * @param offset index of element (0, 0, 0)
   * @param heads number of heads, at least 1
   * @param headStride distance between the same row of neighbouring heads
   * @param rows rows per head, at least 1
   * @param rowStride distance between neighbouring rows of a head
   * @param width elements per row, at least 1
   * @return the view
   * @throws IllegalArgumentException if an element would lie outside {@code data}
   */
  public static HeadTensor of(
      double[] data, int offset, int heads, int headStride, int rows, int rowStride, int width) {
    return new HeadTensor(
        null,
        Objects.requireNonNull(data, "data"),
        offset,
        heads,
        headStride,
        rows,
        rowStride,
        width,
        0);
  }

  /**
   * Allocates zeros in C order.
   *
   * @param singlePrecision {@code float[]} if true, {@code double[]} otherwise
   * @param heads number of heads
   * @param rows rows per head
   * @param width elements per row
   * @return a dense tensor of its own
   * @throws IllegalArgumentException if the elements do not fit one array
   */
  public static HeadTensor allocate(boolean singlePrecision, int heads, int rows, int width) {
    long length = (long) heads * denseHeadStride(rows, width);
    if (length > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          "heads · rows · width must be at most "
              + (Integer.MAX_VALUE - 8)
              + ", was "
              + heads
              + " · "
              + rows
              + " · "
              + width);
    }
    return singlePrecision
        ? of(new float[(int) length], heads, rows, width)
        : of(new double[(int) length], heads, rows, width);
  }

  /**
   * Returns the number of heads.
   *
   * @return at least 1
   */
  public int heads() {
    return heads;
  }

  /**
   * Returns the rows of a head.
   *
   * @return at least 1
   */
  public int rows() {
    return rows;
  }

  /**
   * Returns the elements of a row.
   *
   * @return at least 1
   */
  public int width() {
    return width;
  }

  /**
   * Returns the distance between neighbouring rows of a head.
   *
   * @return in elements
   */
  public int rowStride() {
    return rowStride;
  }

  /**
   * Tells the element type.
   *
   * @return true for {@code float[]}, false for {@code double[]}
   */
  public boolean isSinglePrecision() {
    return floats != null;
  }

  /**
   * Returns the array behind a single-precision view; not a copy.
   *
   * @return the array that {@link #index} points into
   * @throws IllegalStateException if this views a {@code double[]}
   */
  public float[] floats() {
    if (floats == null) {
      throw new IllegalStateException("data must be float[], was double[]");
    }
    return floats;
  }

  /**
   * Returns the array behind a double-precision view; not a copy.
   *
   * @return the array that {@link #index} points into
   * @throws IllegalStateException if this views a {@code float[]}
   */
  public double[] doubles() {
    if (doubles == null) {
      throw new IllegalStateException("data must be double[], was float[]");
    }
    return doubles;
  }

  /**
   * Returns where a row starts in the array.
   *
   * @param head head, from 0
   * @param row row, from 0
   * @return index of the row's first element
   */
  public int index(int head, int row) {
    assert head >= 0 && head < heads && row >= 0 && row < rows : head + ", " + row;
    return offset + head * headStride + row * rowStride;
  }

  /**
   * Views a single head of the same array.
   *
   * @param head head, from 0
   * @return a view of one head
   */
  public HeadTensor head(int head) {
    Objects.checkIndex(head, heads);
    return new HeadTensor(
        floats,
        doubles,
        offset + head * headStride,
        1,
        headStride,
        rows,
        rowStride,
        width,
        finiteRows);
  }

  /**
   * Views neighbouring rows of every head, of the same array.
   *
   * @param fromRow first row
   * @param toRow end of the rows, exclusive
   * @return a view of {@code toRow - fromRow} rows
   * @throws IndexOutOfBoundsException if rows lie outside this tensor
   * @throws IllegalArgumentException if there is no row
   */
  public HeadTensor rows(int fromRow, int toRow) {
    Objects.checkFromToIndex(fromRow, toRow, rows);
    return new HeadTensor(
        floats,
        doubles,
        offset + fromRow * rowStride,
        heads,
        headStride,
        toRow - fromRow,
        rowStride,
        width,
        Math.max(0, Math.min(finiteRows, toRow) - fromRow));
  }

  /**
   * Views the same with the promise that the first rows of every head are finite, so that {@link
   * #requireFinite} begins behind them. For a cache that grows by a row a token and whose earlier
   * rows were checked when they came: to check all of them each time costs more than to attend.
   *
   * <p>Exact attention refuses what breaks the promise with an ArithmeticException.
   *
   * @param count rows that are finite, from the first
   * @return a view of all rows
   * @throws IllegalArgumentException if there are not as many
   */
  public HeadTensor withFiniteRows(int count) {
    if (count < 0 || count > rows) {
      throw new IllegalArgumentException(
          String.format("count must be from 0 to the %d rows, was %d", rows, count));
    }
    return new HeadTensor(
        floats, doubles, offset, heads, headStride, rows, rowStride, width, count);
  }

  /**
   * Returns one element.
   *
   * @param head head, from 0
   * @param row row, from 0
   * @param column column, from 0
   * @return the element as a double
   */
  public double get(int head, int row, int column) {
    int at =
        index(Objects.checkIndex(head, heads), Objects.checkIndex(row, rows))
            + Objects.checkIndex(column, width);
    return floats != null ? floats[at] : doubles[at];
  }

  /**
   * Copies a row out.
   *
   * @param head head, from 0
   * @param row row, from 0
   * @param target receives {@link #width()} elements from its start
   */
  public void copyRow(int head, int row, double[] target) {
    int at = index(head, row);
    if (floats != null) {
      for (int c = 0; c < width; c++) {
        target[c] = floats[at + c];
      }
    } else {
      System.arraycopy(doubles, at, target, 0, width);
    }
  }

  /**
   * Overwrites a row, rounding to the element type.
   *
   * @param head head, from 0
   * @param row row, from 0
   * @param source gives {@link #width()} elements from its start
   * @throws ArithmeticException if an element is finite but too large for the element type
   */
  public void setRow(int head, int row, double[] source) {
    int at = index(head, row);
    if (floats != null) {
      for (int c = 0; c < width; c++) {
        float rounded = (float) source[c];
        if (Float.isInfinite(rounded) && !Double.isInfinite(source[c])) {
          throw new ArithmeticException(
              String.format(
                  "%s at head %d, row %d, column %d is too large for float32",
                  source[c], head, row, c));
        }
        floats[at + c] = rounded;
      }
    } else {
      System.arraycopy(source, 0, doubles, at, width);
    }
  }

  /**
   * Returns {@code Σ_c row[c]·vector[c]}, summed in double from left to right.
   *
   * @param head head, from 0
   * @param row row, from 0
   * @param vector at least {@link #width()} elements
   * @return the inner product
   */
  public double dot(int head, int row, double[] vector) {
    int at = index(head, row);
    double sum = 0;
    if (floats != null) {
      for (int c = 0; c < width; c++) {
        sum += floats[at + c] * vector[c];
      }
    } else {
      for (int c = 0; c < width; c++) {
        sum += doubles[at + c] * vector[c];
      }
    }
    return sum;
  }

  /**
   * Adds {@code factor·row} to an accumulator.
   *
   * @param head head, from 0
   * @param row row, from 0
   * @param factor what to multiply the row with
   * @param accumulator at least {@link #width()} elements, changed
   */
  public void addScaledRow(int head, int row, double factor, double[] accumulator) {
    int at = index(head, row);
    if (floats != null) {
      for (int c = 0; c < width; c++) {
        accumulator[c] += factor * floats[at + c];
      }
    } else {
      for (int c = 0; c < width; c++) {
        accumulator[c] += factor * doubles[at + c];
      }
    }
  }

  /**
   * Returns the largest absolute value of a head, {@code ‖X‖∞} over elements.
   *
   * @param head head, from 0
   * @return the maximum, NaN if an element is NaN
   */
  public double maxAbs(int head) {
    double max = 0;
    for (int row = 0; row < rows; row++) {
      int at = index(head, row);
      for (int c = 0; c < width; c++) {
        max = Math.max(max, Math.abs(floats != null ? floats[at + c] : doubles[at + c]));
      }
    }
    return max;
  }

  /**
   * Tells whether different rows never share an element, as an output must.
   *
   * @return true if no two rows overlap; false also for nested strides that interleave rows of
   *     several heads in unusual ways
   */
  public boolean rowsAreDisjoint() {
    boolean rowsApart = rows == 1 || rowStride >= width;
    long rowSpan = (rows - 1L) * rowStride + width;
    long headSpan = (heads - 1L) * headStride + width;
    boolean headsOutside = heads == 1 || headStride >= rowSpan;
    boolean headsInside =
        (heads == 1 || headStride >= width) && (rows == 1 || rowStride >= headSpan);
    return (rowsApart && headsOutside) || headsInside;
  }

  /**
   * Refuses NaN and infinity, but in rows promised by {@link #withFiniteRows}.
   *
   * @param name what to call this tensor in the message
   * @throws IllegalArgumentException naming the first element that is not finite
   */
  public void requireFinite(String name) {
    for (int head = 0; head < heads; head++) {
      for (int row = finiteRows; row < rows; row++) {
        int at = index(head, row);
        for (int c = 0; c < width; c++) {
          double value = floats != null ? floats[at + c] : doubles[at + c];
          if (!Double.isFinite(value)) {
            throw new IllegalArgumentException(
                String.format(
                    "%s must be finite, was %s at head %d, row %d, column %d",
                    name, value, head, row, c));
          }
        }
      }
    }
  }

  /**
   * Describes the shape.
   *
   * @return such as {@code 4 × 1024 × 64}
   */
  @Override
  public String toString() {
    return heads + " × " + rows + " × " + width;
  }
}
