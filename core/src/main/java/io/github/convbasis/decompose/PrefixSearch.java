package io.github.convbasis.decompose;

import io.github.convbasis.decompose.ConvBasisRecovery.Starts;
import io.github.convbasis.decompose.SegmentSearch.Outcome;
import io.github.convbasis.matrix.ColumnSource;
import java.util.Arrays;

/**
 * Compares column prefixes of T entries and finds where they change. Counts what it reads; for use
 * by one thread.
 */
final class PrefixSearch {
  private static final int SAMPLED_NEIGHBOURS = 128;

  private final ColumnSource source;
  private final int window;
  private final int longestStep;
  private final double[] probe;
  private int probes;

  PrefixSearch(ColumnSource source, int window, int longestStep) {
    this.source = source;
    this.window = window;
    this.longestStep = longestStep;
    probe = new double[window];
  }

  ColumnSource source() {
    return source;
  }

  int probes() {
    return probes;
  }

  /**
   * Returns {@code ‖prefix of column - reference‖₁}.
   *
   * @throws ArithmeticException if it overflows: no δ could be compared with it
   */
  double distance(int column, double[] reference) {
    double sum = source.distance(column, reference, probe);
    probes++;
    if (Double.isInfinite(sum)) {
      throw new ArithmeticException(
          "entries are too large to compare: the distance of column " + column + " overflows");
    }
    return sum;
  }

  /**
   * Finds segment starts from the left: doubling steps from the last column known to agree with the
   * current start, then bisection between it and the first one that differs.
   */
  Starts starts(int terms, double threshold) {
    int last = source.size() - window;
    int[] columns = new int[Math.min(terms, last + 1)];
    double[] reference = new double[window];
    int found = 0;
    int start = 0;
    while (start >= 0 && found < terms) {
      columns[found++] = start;
      source.copyColumn(start, start, start + window, reference);
      start = nextStart(start, last, reference, threshold);
    }
    Outcome outcome = start < 0 ? Outcome.COVERED : Outcome.TERM_LIMIT;
    return new Starts(Arrays.copyOf(columns, found), outcome);
  }

  /** Returns the first differing column that the search sees after {@code start}, or -1. */
  private int nextStart(int start, int last, double[] reference, double threshold) {
    int same = start;
    int step = 1;
    while (same < last) {
      int ahead = Math.min(same + step, last);
      if (distance(ahead, reference) >= threshold) {
        int different = ahead;
        while (different - same > 1) {
          int middle = (same + different) >>> 1;
          if (distance(middle, reference) >= threshold) {
            different = middle;
          } else {
            same = middle;
          }
        }
        return different;
      }
      same = ahead;
      step = Math.min(2 * step, longestStep);
    }
    return -1;
  }

  /**
   * Chooses the δ to begin with from sampled neighbouring columns.
   *
   * <p>Where neighbours mostly agree but for noise, it is four times the lower quartile of their
   * distances: noise of ±ε per entry gives a distance near 2/3·Tε and never more than 2Tε, so no
   * term is invented. Where that exceeds a quarter of the prefixes' own norm there are no segments
   * to tell from noise; then it is a small part of the quartile, and the caller raises it until the
   * allowed terms suffice. Exactly equal columns leave a floor far above the rounding of one entry
   * and far below the entries.
   */
  double firstDelta() {
    int last = source.size() - window;
    int samples = Math.min(last, SAMPLED_NEIGHBOURS);
    if (samples == 0) {
      return Double.MIN_NORMAL;
    }
    double[] distances = new double[samples];
    double[] norms = new double[samples];
    double[] neighbour = new double[window];
    for (int s = 0; s < samples; s++) {
      int column = (int) ((long) s * last / samples);
      source.copyColumn(column, column, column + window, neighbour);
      distances[s] = distance(column + 1, neighbour);
      for (double entry : neighbour) {
        norms[s] += Math.abs(entry);
      }
    }
    Arrays.sort(distances);
    Arrays.sort(norms);
    double quartile = distances[samples / 4];
    double floor = Math.max(1e-12 * norms[samples - 1], Double.MIN_NORMAL);
    boolean noise = 4 * quartile <= norms[samples / 2] / 4;
    return Math.max(noise ? 4 * quartile : quartile / 64, floor);
  }
}
