package io.github.convbasis.simd.convolution;

/**
 * Multiplies spectra of blocks in place: {@code Y[b] = Σ_{c≤b} W[b-c]·X[c]} at every frequency of a
 * slice, a lower-triangular Toeplitz matrix of windows for each. With conjugate windows and blocks
 * in reverse order it is the transpose.
 *
 * <p>Four output blocks are kept in registers while four input blocks are read, so that seven
 * windows serve sixteen products; loops run over the frequencies. Output blocks go from the last to
 * the first, so that inputs are overwritten when nobody needs them, and every output block adds its
 * products in the order of falling c, whichever kernels do it: its bits do not depend on the number
 * of blocks.
 *
 * <p>8 flops per frequency, lane and pair of blocks. Immutable and thread-safe.
 */
abstract class ToeplitzProduct {
  /** Blocks in a tile. */
  static final int TILE = 4;

  /**
   * Multiplies where all blocks have the same scale.
   *
   * @param data spectra, X replaced by Y
   * @param at index of the first frequency of the first block
   * @param stride distance between blocks
   * @param blocks how many
   * @param rows how many frequencies
   * @param window index of the first frequency of window 0
   * @param sign 1, or -1 for conjugate windows
   */
  final void multiply(
      float[] data, int at, int stride, int blocks, int rows, int window, float sign) {
    int head = blocks % TILE;
    for (int b = blocks - TILE; b >= head; b -= TILE) {
      int y = at + b * stride;
      triangle(data, y, stride, rows, window, sign);
      int c = b - TILE;
      for (; c >= head; c -= TILE) {
        square(data, y, at + c * stride, stride, rows, window, b - c, sign);
      }
      for (c = head - 1; c >= 0; c--) {
        column(data, y, at + c * stride, stride, rows, window, b - c, sign);
      }
    }
    for (int b = head - 1; b >= 0; b--) {
      int y = at + b * stride;
      diagonal(data, y, rows, window, sign);
      for (int c = b - 1; c >= 0; c--) {
        single(data, y, at + c * stride, rows, window, b - c, sign, null);
      }
    }
  }

  /**
   * Multiplies where blocks have different scales.
   *
   * @param data spectra, X replaced by Y
   * @param at index of the first frequency of the first block
   * @param stride distance between blocks
   * @param blocks how many
   * @param rows how many frequencies
   * @param window index of the first frequency of window 0
   * @param sign 1, or -1 for conjugate windows
   * @param scales of the blocks
   * @param factors scratch
   */
  final void multiplyScaled(
      float[] data,
      int at,
      int stride,
      int blocks,
      int rows,
      int window,
      float sign,
      BlockScales scales,
      float[] factors) {
    for (int b = blocks - 1; b >= 0; b--) {
      int y = at + b * stride;
      diagonal(data, y, rows, window, sign);
      for (int c = b - 1; c >= 0; c--) {
        scales.relativeFactors(c, b, factors);
        single(data, y, at + c * stride, rows, window, b - c, sign, factors);
      }
    }
  }

  /** Replaces four blocks by their products with windows 0 … 3. */
  abstract void triangle(float[] data, int y, int stride, int rows, int window, float sign);

  /** Adds to four blocks from y the products of four blocks from x, windows lag - 3 … lag + 3. */
  abstract void square(
      float[] data, int y, int x, int stride, int rows, int window, int lag, float sign);

  /** Adds to four blocks from y the products of the block x, windows lag … lag + 3. */
  abstract void column(
      float[] data, int y, int x, int stride, int rows, int window, int lag, float sign);

  /** Replaces a block by its product with window 0. */
  abstract void diagonal(float[] data, int y, int rows, int window, float sign);

  /** Adds to block y the product of block x with a window and factors of the lanes, if any. */
  abstract void single(
      float[] data, int y, int x, int rows, int window, int lag, float sign, float[] factors);
}
