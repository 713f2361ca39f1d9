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
  private Packing() {}

  /**
   * Transposes scaled query rows into a group, {@code target[c·lanes + lane] = factor·row[c]}; the
   * product is formed in double.
   */
  static void queries(
      HeadTensor source,
      int head,
      int[] rows,
      int fromRow,
      int lanes,
      double factor,
      float[] target,
      int targetAt) {
    int depth = source.width();
    for (int lane = 0; lane < lanes; lane++) {
      int at = source.index(head, rows[fromRow + lane]);
      if (source.isSinglePrecision()) {
        scatter(source.floats(), at, depth, factor, target, targetAt + lane, lanes);
      } else {
        scatter(source.doubles(), at, depth, factor, target, targetAt + lane, lanes);
      }
    }
  }

  private static void scatter(
      float[] source, int at, int count, double factor, float[] target, int to, int step) {
    for (int c = 0; c < count; c++) {
      target[to + c * step] = (float) (source[at + c] * factor);
    }
  }

  private static void scatter(
      double[] source, int at, int count, double factor, float[] target, int to, int step) {
    for (int c = 0; c < count; c++) {
      target[to + c * step] = (float) (source[at + c] * factor);
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
    int width = source.width();
    for (int r = 0; r < count; r++) {
      int at = source.index(head, fromRow + r);
      int to = r * paddedWidth;
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
    Arrays.fill(target, count * paddedWidth, paddedCount * paddedWidth, 0);
  }
}
