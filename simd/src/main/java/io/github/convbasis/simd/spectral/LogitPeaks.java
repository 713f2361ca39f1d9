package io.github.convbasis.simd.spectral;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.SegmentedToeplitz;
import io.github.convbasis.simd.Pool;
import java.util.Arrays;

/**
 * The greatest logits of a growing segmented matrix by regions of rows, each over all rows up to
 * the region's end: what a region's rows may be scaled by without knowing anything after them.
 *
 * <p>Mutable; regions are added in order.
 */
final class LogitPeaks {
  private static final int CHUNK = 4096;

  private final int regionSize;
  private final Pool<double[]> chunks = new Pool<>(() -> new double[CHUNK]);
  private double[] greatest = new double[0];
  private double[] size = new double[0];
  private double greatestBefore;
  private double sizeBefore;
  private int firstRegion;

  /** Makes peaks of regions of some rows. */
  LogitPeaks(int regionSize) {
    this.regionSize = regionSize;
    restart();
  }

  /** Forgets all rows. */
  void restart() {
    greatestBefore = Double.NEGATIVE_INFINITY;
    sizeBefore = 0;
  }

  /**
   * Adds rows.
   *
   * @param logits H of all rows so far
   * @param fromRow first row that was not added before
   * @param parallelism how many tasks may work
   */
  void advance(SegmentedToeplitz logits, int fromRow, Parallelism parallelism) {
    firstRegion = fromRow / regionSize;
    int regions = (logits.size() - 1) / regionSize - firstRegion + 1;
    if (greatest.length < regions) {
      greatest = new double[regions];
      size = new double[regions];
    }
    Arrays.fill(greatest, 0, regions, Double.NEGATIVE_INFINITY);
    Arrays.fill(size, 0, regions, 0);
    parallelism.forEach(
        regions,
        item -> {
          int start = (firstRegion + item) * regionSize;
          double[] chunk = chunks.take();
          read(logits, Math.max(fromRow, start), start + regionSize, item, chunk);
          chunks.give(chunk);
        });
    for (int item = 0; item < regions; item++) {
      greatestBefore = Math.max(greatestBefore, greatest[item]);
      sizeBefore = Math.max(sizeBefore, size[item]);
      greatest[item] = greatestBefore;
      size[item] = sizeBefore;
    }
  }

  private void read(SegmentedToeplitz logits, int fromRow, int toRow, int item, double[] chunk) {
    int end = Math.min(toRow, logits.size());
    for (int r = 0; r < logits.terms() && logits.start(r) < end; r++) {
      int start = logits.start(r);
      for (int row = Math.max(start, fromRow); row < end; row += CHUNK) {
        int to = Math.min(end, row + CHUNK);
        logits.copyKernel(r, row - start, to - start, chunk, 0);
        double most = ScaledExp.max(chunk, to - row);
        greatest[item] = Math.max(greatest[item], most);
        size[item] = Math.max(size[item], Math.max(most, -ScaledExp.min(chunk, to - row)));
      }
    }
  }

  /** Returns the greatest logit of rows up to the end of a row's region. */
  double greatest(int row) {
    return greatest[row / regionSize - firstRegion];
  }

  /** Returns the greatest absolute value of a logit of these rows. */
  double size(int row) {
    return size[row / regionSize - firstRegion];
  }
}
