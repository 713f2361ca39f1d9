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
   * Describes heads of one size with the usual scale.
   *
   * @param heads query heads
   * @param keyHeads heads of keys and values
   * @param headSize elements of queries, keys and values
   * @return the shape
   */
  public static HeadShape of(int heads, int keyHeads, int headSize) {
    return new HeadShape(heads, keyHeads, headSize, headSize, 1 / Math.sqrt(headSize));
  }
}
