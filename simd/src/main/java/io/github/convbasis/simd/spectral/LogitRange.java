package io.github.convbasis.simd.spectral;

import io.github.convbasis.matrix.SegmentedToeplitz;

/**
 * The range of a segmented matrix's entries. Immutable and thread-safe.
 *
 * @param greatest the greatest entry
 * @param size the greatest absolute value
 */
record LogitRange(double greatest, double size) {
  private static final int CHUNK = 4096;

  /** Reads every entry. */
  static LogitRange of(SegmentedToeplitz logits) {
    double[] chunk = new double[CHUNK];
    double greatest = Double.NEGATIVE_INFINITY;
    double size = 0;
    for (int r = 0; r < logits.terms(); r++) {
      int start = logits.start(r);
      for (int row = start; row < logits.size(); row += CHUNK) {
        int to = Math.min(logits.size(), row + CHUNK);
        logits.copyColumn(start, row, to, chunk);
        greatest = Math.max(greatest, ScaledExp.max(chunk, to - row));
        size = Math.max(size, ScaledExp.maxAbs(chunk, to - row));
      }
    }
    return new LogitRange(greatest, size);
  }
}
