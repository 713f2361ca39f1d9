package io.github.convbasis.simd.convolution;

import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.simd.Lanes;
import io.github.convbasis.simd.fft.BatchFft;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Reads and writes some columns of one head as rows of {@code [lanes | lanes]} floats.
 *
 * <p>A wide tile has 2·lanes columns, and a row is a row of the head: columns c and c + lanes share
 * a complex number. A narrow tile has lanes columns, and a row is two rows of the head: samples 2t
 * and 2t + 1 of one column share a complex number. Both are the same copy with other distances.
 * Columns beyond the width and rows beyond the end read as zeros and are not written.
 *
 * <p>Immutable and thread-safe.
 */
final class ColumnTile {
  private static final VectorSpecies<Float> SPECIES = Lanes.FLOATS;
  private static final VectorSpecies<Integer> BITS =
      VectorSpecies.of(int.class, SPECIES.vectorShape());
  private static final int LANES = SPECIES.length();
  private static final int ROW = BatchFft.ROW;

  /** Bits of an infinity; those of NaN are greater, those of finite numbers less. */
  private static final int INFINITE = Float.floatToRawIntBits(Float.POSITIVE_INFINITY);

  private static final int MAGNITUDE = Integer.MAX_VALUE;

  /** Floats that {@link #store} takes as factors: two of each lane. */
  static final int FACTORS = 2 * LANES;

  private final HeadTensor tensor;
  private final int head;
  private final int column;
  private final int count;
  private final boolean wide;

  /**
   * Selects columns.
   *
   * @param tensor any head tensor
   * @param head which head
   * @param tile which tile of it
   * @param wide whether tiles are wide
   */
  ColumnTile(HeadTensor tensor, int head, int tile, boolean wide) {
    this.tensor = tensor;
    this.head = head;
    this.wide = wide;
    column = tile * columns(wide);
    count = Math.min(columns(wide), tensor.width() - column);
  }

  /** Returns the columns of a tile. */
  static int columns(boolean wide) {
    return wide ? ROW : LANES;
  }

  /** Returns the number of tiles that cover the columns. */
  static int tiles(int width, boolean wide) {
    return (width + columns(wide) - 1) / columns(wide);
  }

  /**
   * Tells whether rows can be read and written where they are: floats, and nothing beyond the end.
   *
   * @param fromRow first row of the head
   * @param rows how many rows of the tile
   */
  private boolean isWhole(int fromRow, int rows) {
    return isPlain() && tensor.rows() - fromRow >= rows * rowsPerRow();
  }

  /**
   * Transforms a padded block.
   *
   * @param fft transforms twice as many rows as the block has
   * @param fromRow first row of the head
   * @param target receives the spectrum
   * @param at index of the first row
   * @param greatest receives for each lane the bits of the greatest absolute value
   * @param slot index of the first lane's
   * @throws ArithmeticException if a double is too large for float
   */
  void transform(BatchFft fft, int fromRow, float[] target, int at, int[] greatest, int slot) {
    int rows = fft.size() / 2;
    if (isWhole(fromRow, rows)) {
      int from = tensor.index(head, fromRow) + column;
      int step = rowsPerRow() * tensor.rowStride();
      fft.forwardPadded(tensor.floats(), from, step, second(), target, at, greatest, slot);
    } else {
      load(fromRow, rows, target, at, greatest, slot);
      fft.forwardPadded(target, at);
    }
  }

  /**
   * Transforms a block back and writes its upper half, times two factors of their lane.
   *
   * @param fft transforms twice as many rows as the block has
   * @param source its spectrum, destroyed
   * @param at index of the first row
   * @param toRow first row of the head
   * @param factors of each lane, then the other of each lane
   * @throws ArithmeticException if a product is not finite, after all rows were written
   */
  void transformBack(BatchFft fft, float[] source, int at, int toRow, float[] factors) {
    int rows = fft.size() / 2;
    if (isWhole(toRow, rows)) {
      int to = tensor.index(head, toRow) + column;
      int step = rowsPerRow() * tensor.rowStride();
      if (!fft.inverseUpperHalf(source, at, tensor.floats(), to, step, second(), factors)) {
        throw outOfRange(toRow, rows * rowsPerRow());
      }
    } else {
      fft.inverseUpperHalf(source, at);
      store(toRow, rows, source, at + rows * ROW, factors);
    }
  }

  private boolean isPlain() {
    return tensor.isSinglePrecision() && count == columns(wide);
  }

  private int rowsPerRow() {
    return wide ? 1 : 2;
  }

  private int second() {
    return wide ? LANES : tensor.rowStride();
  }

  /**
   * Reads rows, rounded to float.
   *
   * @param fromRow first row of the head, even in a narrow tile
   * @param rows how many rows of the tile to fill, zeros beyond the end
   * @param target receives them
   * @param at index of the first
   * @param greatest receives for each lane the bits of the greatest absolute value
   * @param slot index of the first lane's
   * @throws ArithmeticException if a double is too large for float
   */
  void load(int fromRow, int rows, float[] target, int at, int[] greatest, int slot) {
    int present = Math.min(tensor.rows() - fromRow, rows * rowsPerRow());
    int whole = isPlain() ? present / rowsPerRow() : 0;
    Arrays.fill(greatest, slot, slot + LANES, 0);
    int step = rowsPerRow() * tensor.rowStride();
    if (whole > 0) {
      int from = tensor.index(head, fromRow) + column;
      copyIn(tensor.floats(), from, step, second(), whole, target, at, greatest, slot);
    }
    if (whole * rowsPerRow() < present) {
      loadRows(fromRow, whole, present, target, at);
      int done = (present + rowsPerRow() - 1) / rowsPerRow();
      measure(target, at + whole * ROW, done - whole, greatest, slot);
      whole = done;
      for (int lane = 0; lane < LANES; lane++) {
        if (greatest[slot + lane] >= INFINITE) {
          throw outOfRange(fromRow, present);
        }
      }
    }
    Arrays.fill(target, at + whole * ROW, at + rows * ROW, 0);
  }

  private void loadRows(int fromRow, int firstRow, int present, float[] target, int at) {
    for (int row = firstRow * rowsPerRow(); row < present; row++) {
      int source = tensor.index(head, fromRow + row) + column;
      int to = at + row * columns(wide);
      if (tensor.isSinglePrecision()) {
        System.arraycopy(tensor.floats(), source, target, to, count);
      } else {
        narrow(tensor.doubles(), source, count, target, to);
      }
      Arrays.fill(target, to + count, to + columns(wide), 0);
    }
    if (!wide && present % 2 != 0) {
      int end = at + present * LANES;
      Arrays.fill(target, end, end + LANES, 0);
    }
  }

  private static void narrow(double[] source, int from, int count, float[] target, int at) {
    for (int i = 0; i < count; i++) {
      target[at + i] = (float) source[from + i];
    }
  }

  private ArithmeticException outOfRange(int fromRow, int rows) {
    for (int row = fromRow; row < fromRow + rows; row++) {
      for (int c = column; c < column + count; c++) {
        double value = tensor.get(head, row, c);
        if (!(Math.abs((float) value) <= Float.MAX_VALUE)) {
          return new ArithmeticException(
              String.format(
                  "%s at row %d, column %d is too large for float32 or not finite", value, row, c));
        }
      }
    }
    throw new AssertionError("all values are finite");
  }

  /**
   * Writes rows, times two factors of their lane.
   *
   * @param toRow first row of the head, even in a narrow tile
   * @param rows how many rows of the tile to write; those beyond the end are not
   * @param source holds them, may be changed
   * @param at index of the first
   * @param factors of each lane, then the other of each lane
   * @throws ArithmeticException if a product is not finite, after all rows were written
   */
  private void store(int toRow, int rows, float[] source, int at, float[] factors) {
    int present = Math.min(tensor.rows() - toRow, rows * rowsPerRow());
    int whole = isPlain() ? present / rowsPerRow() : 0;
    boolean finite = true;
    int step = rowsPerRow() * tensor.rowStride();
    if (whole > 0) {
      int to = tensor.index(head, toRow) + column;
      finite = copyOut(source, at, factors, whole, tensor.floats(), to, step, second());
    }
    if (whole * rowsPerRow() < present) {
      int left = (present + rowsPerRow() - 1) / rowsPerRow() - whole;
      int from = at + whole * ROW;
      finite &= copyOut(source, from, factors, left, source, from, ROW, LANES);
      storeRows(toRow, whole, present, source, at);
    }
    if (!finite) {
      throw outOfRange(toRow, present);
    }
  }

  private void storeRows(int toRow, int firstRow, int present, float[] source, int at) {
    for (int row = firstRow * rowsPerRow(); row < present; row++) {
      int to = tensor.index(head, toRow + row) + column;
      int from = at + row * columns(wide);
      if (tensor.isSinglePrecision()) {
        System.arraycopy(source, from, tensor.floats(), to, count);
      } else {
        widen(source, from, count, tensor.doubles(), to);
      }
    }
  }

  private static void widen(float[] source, int from, int count, double[] target, int at) {
    for (int i = 0; i < count; i++) {
      target[at + i] = source[from + i];
    }
  }

  private static void copyIn(
      float[] source,
      int from,
      int step,
      int second,
      int rows,
      float[] target,
      int at,
      int[] greatest,
      int slot) {
    IntVector bits = IntVector.zero(BITS);
    int index = from;
    for (int to = at; to < at + rows * ROW; to += ROW) {
      FloatVector re = FloatVector.fromArray(SPECIES, source, index);
      FloatVector im = FloatVector.fromArray(SPECIES, source, index + second);
      re.intoArray(target, to);
      im.intoArray(target, to + LANES);
      // Bits of absolute values are ordered as the values are.
      bits = bits.max(re.reinterpretAsInts().and(MAGNITUDE));
      bits = bits.max(im.reinterpretAsInts().and(MAGNITUDE));
      index += step;
    }
    bits.intoArray(greatest, slot);
  }

  /** Adds rows to the greatest absolute values. */
  private static void measure(float[] rows, int at, int count, int[] greatest, int slot) {
    IntVector bits = IntVector.fromArray(BITS, greatest, slot);
    for (int i = at; i < at + count * ROW; i += LANES) {
      FloatVector row = FloatVector.fromArray(SPECIES, rows, i);
      bits = bits.max(row.reinterpretAsInts().and(MAGNITUDE));
    }
    bits.intoArray(greatest, slot);
  }

  private static boolean copyOut(
      float[] source,
      int at,
      float[] factors,
      int rows,
      float[] target,
      int to,
      int step,
      int second) {
    FloatVector first = FloatVector.fromArray(SPECIES, factors, 0);
    FloatVector last = FloatVector.fromArray(SPECIES, factors, LANES);
    // Zero times an infinity or NaN is NaN and stays it.
    FloatVector check = FloatVector.zero(SPECIES);
    int index = to;
    for (int from = at; from < at + rows * ROW; from += ROW) {
      FloatVector re = FloatVector.fromArray(SPECIES, source, from).mul(first).mul(last);
      FloatVector im = FloatVector.fromArray(SPECIES, source, from + LANES).mul(first).mul(last);
      check = re.fma(FloatVector.zero(SPECIES), check);
      check = im.fma(FloatVector.zero(SPECIES), check);
      re.intoArray(target, index);
      im.intoArray(target, index + second);
      index += step;
    }
    return !check.test(VectorOperators.IS_NAN).anyTrue();
  }

  /** Multiplies rows with a factor of their lane. */
  static void scale(float[] rows, int at, int count, float[] factors) {
    FloatVector factor = FloatVector.fromArray(SPECIES, factors, 0);
    for (int i = at; i < at + count * ROW; i += LANES) {
      FloatVector.fromArray(SPECIES, rows, i).mul(factor).intoArray(rows, i);
    }
  }
}
