package io.github.convbasis.simd.spectral;

import io.github.convbasis.matrix.SegmentedToeplitz;
import java.util.Arrays;

/**
 * Cuts columns into runs that lie in one segment and hold no excluded column. A run sees the kernel
 * of its segment at the same lags as a segment of these columns would. Mutable, not thread-safe;
 * refilled without allocation unless there are more runs than ever before.
 */
final class ColumnRuns {
  /** Runs in use. */
  int count;

  /** By run. */
  int[] segment = new int[16];

  int[] from = new int[16];
  int[] to = new int[16];

  /**
   * Cuts all columns.
   *
   * @param logits where segments start
   * @param excluded excluded columns, increasing
   */
  void cut(SegmentedToeplitz logits, int[] excluded) {
    count = 0;
    int next = 0;
    for (int r = 0; r < logits.terms(); r++) {
      int column = logits.start(r);
      int end = logits.end(r);
      while (next < excluded.length && excluded[next] < column) {
        next++;
      }
      for (; next < excluded.length && excluded[next] < end; next++) {
        add(r, column, excluded[next]);
        column = excluded[next] + 1;
      }
      add(r, column, end);
    }
  }

  private void add(int number, int fromColumn, int toColumn) {
    if (fromColumn >= toColumn) {
      return;
    }
    if (count == segment.length) {
      segment = Arrays.copyOf(segment, 2 * count);
      from = Arrays.copyOf(from, 2 * count);
      to = Arrays.copyOf(to, 2 * count);
    }
    segment[count] = number;
    from[count] = fromColumn;
    to[count] = toColumn;
    count++;
  }
}
