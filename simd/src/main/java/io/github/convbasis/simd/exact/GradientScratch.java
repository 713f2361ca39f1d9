package io.github.convbasis.simd.exact;

/**
 * Holds the tiles that one task of {@link ExactGradients} works in, about {@code 8·tile keys·block
 * rows} bytes. Contents are never read before they are written. Mutable: one thread at a time.
 */
final class GradientScratch {
  /** Rows of the tiles, a multiple of the lanes of a group and of the register block of rows. */
  static final int BLOCK_ROWS = 192;

  /** Keys of the tiles, a multiple of the register block of keys. */
  static final int TILE_KEYS = 48;

  /** Distance of the elements of neighbouring keys: not a power of two, which few sets hold. */
  static final int STRIDE = BLOCK_ROWS + 16;

  /** Logits, then weights. */
  final float[] weights = new float[TILE_KEYS * STRIDE];

  /** Products of upstream gradient and values, then gradients of the logits. */
  final float[] gradients = new float[TILE_KEYS * STRIDE];

  /** Keys of the tile that each row of a group sees. */
  final float[] from = new float[AttentionScratch.GROUP_ROWS];

  final float[] to = new float[AttentionScratch.GROUP_ROWS];

  /** Where the rows of a group start. */
  final int[] starts = new int[AttentionScratch.GROUP_ROWS];

  /** A packed row. */
  float[] row = new float[0];

  /** Half-transposed rows. */
  float[] transposition = new float[0];
}
