package io.github.convbasis.simd.spectral;

import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.simd.Lanes;
import io.github.convbasis.simd.fft.BatchFft;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Reads one head's values as tiles of 2·lanes neighbouring columns, scaled by a power of two and
 * rounded to float; columns beyond the width are zero.
 *
 * <p>Immutable and thread-safe.
 */
final class ValueColumns {
  private static final VectorSpecies<Float> SPECIES = Lanes.FLOATS;
  private static final int LANES = SPECIES.length();
  private static final int ROW = BatchFft.ROW;

  private final HeadTensor values;
  private final int head;
  private final double factor;
  private final ColumnWeights weights;
  private final boolean sums;

  /** Reads values as they are. */
  ValueColumns(HeadTensor values, int head) {
    this(values, head, 1, null, false);
  }

  /** Reads values times a power of two. */
  ValueColumns(HeadTensor values, int head, double factor) {
    this(values, head, factor, null, false);
  }

  /**
   * Reads values that are to be weighted row by row.
   *
   * @param values all heads' values
   * @param head which
   * @param weights weights of rows
   * @param sums whether to leave room for a column of the weights
   */
  ValueColumns(HeadTensor values, int head, ColumnWeights weights, boolean sums) {
    this(values, head, 1, weights, sums);
  }

  private ValueColumns(
      HeadTensor values, int head, double factor, ColumnWeights weights, boolean sums) {
    this.values = values;
    this.head = head;
    this.factor = factor;
    this.weights = weights;
    this.sums = sums;
  }

  /** Returns the weights of rows, null for ones; {@link #copy} does not apply them. */
  ColumnWeights weights() {
    return weights;
  }

  /** Tells whether there is a column of weights. */
  boolean hasSums() {
    return sums;
  }

  /** Returns the tile of the column of weights. */
  int sumTile() {
    return sumColumn(values.width()) / ROW;
  }

  /** Returns where in a row of its tile the column of weights is. */
  int sumLane() {
    return sumColumn(values.width()) % ROW;
  }

  /**
   * Returns where a column of weights goes: after the values, but never beside one in the same
   * complex number, whose rounding it would share.
   *
   * @param width columns of values
   * @return column, from {@code width} on
   */
  static int sumColumn(int width) {
    return width % ROW < LANES ? width : (width / ROW + 1) * ROW;
  }

  /** Returns the number of columns. */
  int width() {
    return values.width();
  }

  /** Returns the number of tiles that cover the columns, those of values first. */
  int tiles() {
    return sums ? sumTile() + 1 : valueTiles();
  }

  /** Returns the number of tiles that hold values. */
  int valueTiles() {
    return (values.width() + ROW - 1) / ROW;
  }

  /**
   * Copies rows of a tile; a column of weights stays empty.
   *
   * @param tile which columns
   * @param fromRow first row
   * @param toRow after the last row
   * @param target receives rows of {@link BatchFft#ROW} floats
   * @param at index of the first
   */
  void copy(int tile, int fromRow, int toRow, float[] target, int at) {
    int column = tile * ROW;
    int count = Math.min(ROW, values.width() - column);
    if (count <= 0) {
      Arrays.fill(target, at, at + (toRow - fromRow) * ROW, 0);
      return;
    }
    if (values.isSinglePrecision() && count == ROW && factor == 1) {
      copyFull(
          values.floats(),
          values.index(head, fromRow) + column,
          values.rowStride(),
          toRow - fromRow,
          target,
          at);
      return;
    }
    for (int row = fromRow; row < toRow; row++) {
      int source = values.index(head, row) + column;
      int to = at + (row - fromRow) * ROW;
      if (values.isSinglePrecision()) {
        scale(values.floats(), source, count, factor, target, to);
      } else {
        scale(values.doubles(), source, count, factor, target, to);
      }
      Arrays.fill(target, to + count, to + ROW, 0);
    }
  }

  private static void copyFull(
      float[] source, int from, int stride, int rows, float[] target, int at) {
    int index = from;
    for (int to = at; to < at + rows * ROW; to += ROW) {
      FloatVector.fromArray(SPECIES, source, index).intoArray(target, to);
      FloatVector.fromArray(SPECIES, source, index + LANES).intoArray(target, to + LANES);
      index += stride;
    }
  }

  private static void scale(
      float[] source, int from, int count, double factor, float[] target, int at) {
    for (int i = 0; i < count; i++) {
      target[at + i] = (float) (source[from + i] * factor);
    }
  }

  private static void scale(
      double[] source, int from, int count, double factor, float[] target, int at) {
    for (int i = 0; i < count; i++) {
      target[at + i] = (float) (source[from + i] * factor);
    }
  }

  /**
   * Returns the greatest 2-norm of the complex columns {@code re + i·im} of some rows.
   *
   * @param rows rows of {@link BatchFft#ROW} floats
   * @param at index of the first
   * @param count how many
   * @return the norm, a float sum: good to a few digits
   */
  static double norm(float[] rows, int at, int count) {
    FloatVector squares = FloatVector.zero(SPECIES);
    for (int i = at; i < at + count * ROW; i += ROW) {
      FloatVector re = FloatVector.fromArray(SPECIES, rows, i);
      FloatVector im = FloatVector.fromArray(SPECIES, rows, i + LANES);
      squares = re.fma(re, im.fma(im, squares));
    }
    return Math.sqrt(squares.reduceLanes(VectorOperators.MAX));
  }

  /**
   * Returns the greatest absolute value of some rows, unscaled.
   *
   * @param fromRow first row
   * @param toRow after the last row
   * @return the maximum
   */
  double maxAbs(int fromRow, int toRow) {
    int width = values.width();
    if (values.isSinglePrecision() && values.rowStride() == width) {
      return maxAbs(values.floats(), values.index(head, fromRow), (toRow - fromRow) * width);
    }
    double max = 0;
    for (int row = fromRow; row < toRow; row++) {
      int at = values.index(head, row);
      max =
          Math.max(
              max,
              values.isSinglePrecision()
                  ? maxAbs(values.floats(), at, width)
                  : maxAbs(values.doubles(), at, width));
    }
    return max;
  }

  private static float maxAbs(float[] data, int at, int count) {
    FloatVector greatest = FloatVector.zero(SPECIES);
    int bound = at + SPECIES.loopBound(count);
    int i = at;
    for (; i < bound; i += LANES) {
      greatest = greatest.max(FloatVector.fromArray(SPECIES, data, i).abs());
    }
    float max = greatest.reduceLanes(VectorOperators.MAX);
    for (; i < at + count; i++) {
      max = Math.max(max, Math.abs(data[i]));
    }
    return max;
  }

  private static double maxAbs(double[] data, int at, int count) {
    double max = 0;
    for (int i = at; i < at + count; i++) {
      max = Math.max(max, Math.abs(data[i]));
    }
    return max;
  }
}
