package io.github.convbasis.simd.spectral;

import io.github.convbasis.matrix.SegmentedToeplitz;

/** Finds the greatest entry of a segmented matrix. Stateless and thread-safe. */
final class LogitRange {
  private static final int CHUNK = 4096;

  private LogitRange() {}

  /** Returns the greatest entry. */
  static double greatest(SegmentedToeplitz logits) {
    double[] chunk = new double[CHUNK];
    double greatest = Double.NEGATIVE_INFINITY;
    for (int r = 0; r < logits.terms(); r++) {
      int start = logits.start(r);
      for (int row = start; row < logits.size(); row += CHUNK) {
        int to = Math.min(logits.size(), row + CHUNK);
        logits.copyColumn(start, row, to, chunk);
        greatest = Math.max(greatest, ScaledExp.max(chunk, to - row));
      }
    }
    return greatest;
  }
}
