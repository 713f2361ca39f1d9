package io.github.convbasis.simd.exact;

import io.github.convbasis.matrix.HeadTensor;
import java.util.Arrays;

/**
 * Copies rows of tensors into the float tiles of the kernel, whatever their layout and precision.
 *
 * <p>Doubles beyond the range of float become infinite, which the kernel reports. Stateless and
 * thread-safe.
 */
final class Packing {
  private static final int LANES = AttentionScratch.GROUP_ROWS;

  private Packing() {}

  /**
   * Transposes scaled query rows into a group of lanes, {@code target[c·2L + lane] =
   * factor·row[c]}; the product is formed in double, since rounding the factor to float would move
   * a whole row of logits the same way.
   *
   * @param source the queries
   * @param starts where each of 2L rows starts in the array of {@code source}, from {@code from}
   * @param from first index into {@code starts}
   * @param factor what to multiply with
   * @param target receives width × 2L from {@code targetAt}
   * @param targetAt start of the group
   * @param buffer work space for {@link Transposition}
   */
  static void queries(
      HeadTensor source,
      int[] starts,
      int from,
      double factor,
      float[] target,
      int targetAt,
      float[] buffer) {
    int depth = source.width();
    if (source.isSinglePrecision()) {
      Transposition.toLanes(source.floats(), starts, from, depth, target, targetAt, buffer);
      if (factor != 1) {
        scale(target, targetAt, depth * LANES, factor);
      }
    } else {
      for (int lane = 0; lane < LANES; lane++) {
        scatter(source.doubles(), starts[from + lane], depth, factor, target, targetAt + lane);
      }
    }
  }

  /**
   * Copies a scaled query row, {@code target[targetAt + c] = factor·row[c]}, as {@link #queries}.
   */
  static void query(
      HeadTensor source, int head, int row, double factor, float[] target, int targetAt) {
    int depth = source.width();
    int at = source.index(head, row);
    if (source.isSinglePrecision()) {
      float[] floats = source.floats();
      for (int c = 0; c < depth; c++) {
        target[targetAt + c] = (float) (floats[at + c] * factor);
      }
    } else {
      double[] doubles = source.doubles();
      for (int c = 0; c < depth; c++) {
        target[targetAt + c] = (float) (doubles[at + c] * factor);
      }
    }
  }

  private static void scale(float[] target, int at, int count, double factor) {
    for (int i = at; i < at + count; i++) {
      target[i] = (float) (target[i] * factor);
    }
  }

  private static void scatter(
      double[] source, int at, int count, double factor, float[] target, int to) {
    for (int c = 0; c < count; c++) {
      target[to + c * LANES] = (float) (source[at + c] * factor);
    }
  }

  /** Copies rows, padded with zeros to {@code paddedWidth} columns and {@code paddedCount} rows. */
  static void rows(
      HeadTensor source,
      int head,
      int fromRow,
      int count,
      int paddedCount,
      int paddedWidth,
      float[] target) {
    for (int r = 0; r < count; r++) {
      row(source, head, fromRow + r, paddedWidth, target, r * paddedWidth);
    }
    Arrays.fill(target, count * paddedWidth, paddedCount * paddedWidth, 0);
  }

  /**
   * Tells where a row's elements from some column on are in panels: blocks of rows, within each its
   * first 2L columns row after row, then the next, so that what a product reads together lies
   * together.
   *
   * @param index row
   * @param column multiple of 2L
   * @param paddedWidth columns, a multiple of 2L
   * @param blockRows rows of a block
   * @return start of the 2L elements
   */
  static int panelAt(int index, int column, int paddedWidth, int blockRows) {
    int block = index / blockRows;
    return block * blockRows * paddedWidth + column * blockRows + index % blockRows * LANES;
  }

  /**
   * Copies a packed row into panels.
   *
   * @param source padded row
   * @param at its start
   * @param paddedWidth columns, a multiple of 2L
   * @param blockRows rows of a block
   * @param target panels
   * @param index row there
   */
  static void panels(
      float[] source, int at, int paddedWidth, int blockRows, float[] target, int index) {
    for (int column = 0; column < paddedWidth; column += LANES) {
      int to = panelAt(index, column, paddedWidth, blockRows);
      System.arraycopy(source, at + column, target, to, LANES);
    }
  }

  /** Copies a row to {@code target[to …]}, padded with zeros to {@code paddedWidth} columns. */
  static void row(HeadTensor source, int head, int row, int paddedWidth, float[] target, int to) {
    int width = source.width();
    int at = source.index(head, row);
    if (source.isSinglePrecision()) {
      System.arraycopy(source.floats(), at, target, to, width);
    } else {
      double[] doubles = source.doubles();
      for (int c = 0; c < width; c++) {
        target[to + c] = (float) doubles[at + c];
      }
    }
    Arrays.fill(target, to + width, to + paddedWidth, 0);
  }
}
