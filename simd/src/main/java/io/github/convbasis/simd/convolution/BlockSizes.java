package io.github.convbasis.simd.convolution;

/**
 * Chooses L, the rows of a block: the least power of two that makes at most {@value #BLOCKS}
 * blocks, but not under {@value #SMALL} where n is longer.
 *
 * <p>Per row and column transforms take {@code 10·log₂2L} flops and products {@code 4·n/L}, at
 * about the same rate, as both wait for memory: from 8 to 32 blocks all cost the same within 10 %,
 * and more cost more. Best of many in milliseconds, d = 64, one kernel, one thread (AMD Zen 5, 512
 * bits, shared with other work):
 *
 * <pre>
 *       n    L=n/128   n/64   n/32   n/16    n/8    n/4    n/2      n
 *   1,024                    0.098  0.071  0.061  0.057         0.066
 *  65,536                     12.2   11.9   11.3   12.4
 * 1,048,576    404    314    255    273    246
 * </pre>
 *
 * <p>Stateless and thread-safe.
 */
final class BlockSizes {
  /** The least L that products in slices can handle. */
  private static final int LEAST = 8;

  /** The greatest whose padded transform can be planned. */
  private static final int GREATEST = 1 << 19;

  private static final int SMALL = 256;

  private static final int BLOCKS = 8;

  /** More rows would not fit the scratch of one tile into an array. */
  static final int MAX_ROWS = 1 << 24;

  private BlockSizes() {}

  /**
   * Returns L.
   *
   * @param n rows
   * @return a power of two
   * @throws IllegalArgumentException if there are too few rows, or too many
   */
  static int of(int n) {
    if (n < 1 || n > MAX_ROWS) {
      throw new IllegalArgumentException("kernel must have 1 to " + MAX_ROWS + " lags, had " + n);
    }
    int size = Math.max(powerOfTwo((n + BLOCKS - 1) / BLOCKS), Math.min(SMALL, powerOfTwo(n)));
    return Math.max(LEAST, Math.min(GREATEST, size));
  }

  /** Returns the least power of two that is not less. */
  private static int powerOfTwo(int number) {
    return number == 1 ? 1 : 2 * Integer.highestOneBit(number - 1);
  }
}
