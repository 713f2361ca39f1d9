package io.github.convbasis.simd.spectral;

/**
 * Says how logits left of the diagonal blocks differ from a segmented kernel: {@code h(i, j) =
 * w_r(i - j) + g(i) + c(j)}, without some columns.
 *
 * <p>Arrays are not copied and must not change while they are used. Immutable and thread-safe
 * otherwise.
 *
 * @param rowOffsets g, finite; null for zeros
 * @param columnOffsets c, finite; null for zeros
 * @param excludedColumns columns of weight 0, increasing
 */
public record FarOffsets(double[] rowOffsets, double[] columnOffsets, int[] excludedColumns) {
  /** Logits are the kernel's. */
  public static final FarOffsets NONE = new FarOffsets(null, null, new int[0]);

  /** Checks the columns. */
  public FarOffsets {
    for (int i = 0; i < excludedColumns.length; i++) {
      int least = i == 0 ? 0 : excludedColumns[i - 1] + 1;
      if (excludedColumns[i] < least) {
        throw new IllegalArgumentException(
            String.format(
                "excludedColumns[%d] must be at least %d, was %d", i, least, excludedColumns[i]));
      }
    }
  }

  /** Returns a row's offset. */
  double rowOffset(int row) {
    return rowOffsets == null ? 0 : rowOffsets[row];
  }

  /** Tells whether the offsets of some rows are small enough for exponents. */
  boolean rowsAreSafe(int fromRow, int toRow) {
    boolean safe = true;
    for (int row = fromRow; rowOffsets != null && row < toRow; row++) {
      safe &= Math.abs(rowOffsets[row]) <= ScaledExp.MAX_LOGIT;
    }
    return safe;
  }

  /** Tells whether columns have weights other than 1. */
  boolean weighColumns() {
    return columnOffsets != null || excludedColumns.length > 0;
  }
}
