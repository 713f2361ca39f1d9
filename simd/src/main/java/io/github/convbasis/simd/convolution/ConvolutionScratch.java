package io.github.convbasis.simd.convolution;

import io.github.convbasis.simd.Pool;
import io.github.convbasis.simd.fft.FloatScratch;

/**
 * Holds what a convolution needs besides its input and output: about {@code 2n·2·lanes} floats, the
 * spectra of a tile of columns. Grows on demand and serves plans of any kind and size, one after
 * the other; a call that finds it large enough allocates nothing that depends on n.
 *
 * <p>Mutable: one call at a time. The tasks of that call share it.
 */
public final class ConvolutionScratch {
  /** Spectra of the blocks of a group of tiles, from {@link FloatScratch#OFFSET}. */
  float[] spectra = new float[0];

  /** By tile of the group, block and lane, the bits of the greatest absolute value. */
  int[] greatest = new int[0];

  /** By tile of the group. */
  BlockScales[] scales = new BlockScales[0];

  /** Factors of one block for each task. */
  final Pool<float[]> factors = new Pool<>(() -> new float[ColumnTile.FACTORS]);

  /** Makes empty scratch. */
  public ConvolutionScratch() {}

  /** Makes room. */
  void reserve(long spectraLength, int tiles, int greatestLength) {
    if (spectra.length < spectraLength + FloatScratch.OFFSET) {
      // First let go of the old one, so that both need not fit.
      spectra = new float[0];
      spectra = FloatScratch.allocate(spectraLength);
    }
    if (greatest.length < greatestLength) {
      greatest = new int[greatestLength];
    }
    if (scales.length < tiles) {
      scales = new BlockScales[tiles];
      for (int tile = 0; tile < tiles; tile++) {
        scales[tile] = new BlockScales();
      }
    }
  }
}
