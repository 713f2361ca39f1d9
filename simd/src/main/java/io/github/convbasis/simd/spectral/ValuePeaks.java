package io.github.convbasis.simd.spectral;

import io.github.convbasis.backend.Parallelism;
import java.util.Arrays;

/**
 * The greatest |V| of a growing sequence before each band of rows and up to the end of each region:
 * what rounding may be measured by without knowing anything after it.
 *
 * <p>Mutable; rows are added in order.
 */
final class ValuePeaks {
  private final int band;
  private final int regionSize;
  private double[] before = new double[0];
  private double sup;
  private double beforeLast;
  private int origin;
  private int bands;

  /**
   * Makes peaks.
   *
   * @param band rows of a band
   * @param regionSize rows of a region, a multiple of the band
   */
  ValuePeaks(int band, int regionSize) {
    this.band = band;
    this.regionSize = regionSize;
  }

  /** Forgets all rows. */
  void restart() {
    sup = 0;
    beforeLast = 0;
  }

  /**
   * Adds rows.
   *
   * @param values V of all rows so far
   * @param first first row that was not added before
   * @param end after the last row
   * @param parallelism how many tasks may work
   */
  void advance(ValueColumns values, int first, int end, Parallelism parallelism) {
    origin = first / regionSize * regionSize;
    bands = (end - origin + band - 1) / band;
    if (before.length < bands + 1) {
      before = new double[bands + 1];
    }
    parallelism.forEach(
        (end - origin + regionSize - 1) / regionSize,
        r -> {
          int from = origin + r * regionSize;
          int to = Math.min(end, from + regionSize);
          for (int row = from; row < to; row += band) {
            int bandEnd = Math.min(to, row + band);
            before[(row - origin) / band + 1] =
                bandEnd <= first ? 0 : values.maxAbs(Math.max(first, row), bandEnd);
          }
        });
    int firstBand = (first - origin) / band;
    // Of a band that an earlier call began, what was before it then.
    Arrays.fill(before, 0, firstBand + 1, first % band == 0 ? sup : beforeLast);
    for (int k = firstBand + 1; k <= bands; k++) {
      sup = Math.max(sup, before[k]);
      before[k] = sup;
    }
    beforeLast = before[bands - 1];
  }

  /** Returns the greatest |V| before a row's band. */
  double beforeBand(int row) {
    return before[(row - origin) / band];
  }

  /** Returns the greatest |V| up to the end of a region, or of the rows. */
  double upTo(int region) {
    long end = (region + 1L) * regionSize - origin;
    return before[(int) Math.min(bands, end / band)];
  }
}
