package io.github.convbasis.inference.embed;

/**
 * Sizes of one layer's attention. Query head h reads key head {@code h/(heads/keyHeads)}. Immutable
 * and thread-safe.
 *
 * @param heads query heads, a multiple of the key heads
 * @param keyHeads heads of keys and values
 * @param depth elements of a query and a key
 * @param width elements of a value
 * @param scale factor of the logits, usually {@code 1/√depth}
 */
public record HeadShape(int heads, int keyHeads, int depth, int width, double scale) {

  /**
   * Checks the sizes.
   *
   * @throws IllegalArgumentException naming the size and its value, if one is below 1, heads are
   *     not a multiple of the key heads, or the scale is not finite
   */
  public HeadShape {
    requirePositive("heads", heads);
    requirePositive("keyHeads", keyHeads);
    requirePositive("depth", depth);
    requirePositive("width", width);
    if (heads % keyHeads != 0) {
      throw new IllegalArgumentException(
          String.format("heads must be a multiple of the %d keyHeads, was %d", keyHeads, heads));
    }
    if (!Double.isFinite(scale)) {
      throw new IllegalArgumentException("scale must be finite, was " + scale);
    }
  }

  private static void requirePositive(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " must be at least 1, was " + value);
    }
  }

  /**
   * Describes heads of one size with the usual scale.
   *
   * @param heads query heads
   * @param keyHeads heads of keys and values
   * @param headSize elements of queries, keys and values
   * @return the shape
   * @throws IllegalArgumentException as the constructor
   */
  public static HeadShape of(int heads, int keyHeads, int headSize) {
    requirePositive("headSize", headSize);
    return new HeadShape(heads, keyHeads, headSize, headSize, 1 / Math.sqrt(headSize));
  }
}
