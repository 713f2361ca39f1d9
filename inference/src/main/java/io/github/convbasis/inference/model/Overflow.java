package io.github.convbasis.inference.model;

/** Stops a forward pass whose numbers no longer fit float32. */
final class Overflow {
  private Overflow() {}

  /**
   * Refuses elements that are not finite.
   *
   * @param row elements
   * @param count how many of them
   * @param what they are, for the message
   * @param layer from 0, or the number of layers for what comes after them
   * @param position from 0
   * @throws ArithmeticException naming what, layer, position and element
   */
  static void refuse(float[] row, int count, String what, int layer, int position) {
    for (int c = 0; c < count; c++) {
      if (!Float.isFinite(row[c])) {
        throw new ArithmeticException(
            String.format(
                "%s of layer %d, position %d, element %d overflows to %s",
                what, layer, position, c, row[c]));
      }
    }
  }
}
