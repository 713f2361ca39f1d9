package io.github.convbasis.simd.fft;

/**
 * Allocates arrays whose rows start on cache lines, as far as the virtual machine lets one.
 *
 * <p>Array elements start 16 bytes into an object. G1 places objects of half a region or more at
 * the start of a region, so from element {@value #OFFSET} on they are aligned to 64 bytes;
 * elsewhere a vector may cross a cache line, which costs 15-35 % and nothing else.
 *
 * <p>Stateless and thread-safe.
 */
public final class FloatScratch {
  /** The first element to use. */
  public static final int OFFSET = 12;

  private FloatScratch() {}

  /**
   * Allocates zeros.
   *
   * @param length elements to use from {@link #OFFSET} on
   * @return the array
   * @throws IllegalArgumentException if no array is that long
   */
  public static float[] allocate(long length) {
    if (length > Integer.MAX_VALUE - 64) {
      throw new IllegalArgumentException(
          "length must be at most " + (Integer.MAX_VALUE - 64) + ", was " + length);
    }
    return new float[(int) length + OFFSET];
  }
}
