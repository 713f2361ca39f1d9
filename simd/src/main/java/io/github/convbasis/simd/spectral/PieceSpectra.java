package io.github.convbasis.simd.spectral;

import io.github.convbasis.simd.fft.BatchFft;
import io.github.convbasis.simd.fft.FloatScratch;

/**
 * Keeps the value spectra of the pieces of a growing sequence, so that a chunk transforms its own
 * rows only.
 *
 * <p>Room is fixed when it is made, because where a spectrum lies depends on it: {@code
 * tiles·(pieces + outputs + 1)·2L} rows, some six times the values. Mutable; written by several
 * threads, for different pieces.
 */
final class PieceSpectra {
  /** Keeps nothing. */
  static final PieceSpectra NONE = new PieceSpectra(0, 0, Integer.MAX_VALUE, 0);

  private final int pieces;
  private final int outputs;
  private final float[][] spectra;
  private final double[] norms;
  private int transformed;

  /**
   * Allocates.
   *
   * @param blockSize L
   * @param pieces the most pieces there will be
   * @param outputs the most output blocks at a time
   * @param tiles tiles of columns
   */
  PieceSpectra(int blockSize, int pieces, int outputs, int tiles) {
    this.pieces = pieces;
    this.outputs = outputs;
    spectra = new float[tiles][];
    for (int t = 0; t < tiles; t++) {
      spectra[t] = FloatScratch.allocate(2L * blockSize * rows() * BatchFft.ROW);
    }
    norms = new double[pieces];
  }

  /**
   * Makes room for the largest blocks of a grid.
   *
   * @param plan the grid
   * @param capacity the most rows
   * @param width columns of values
   * @param terms the most segments
   * @return an empty store, {@link #NONE} if everything is exact
   */
  static PieceSpectra of(BlockPlan plan, int capacity, int width, int terms) {
    if (plan.isExact()) {
      return NONE;
    }
    int size = plan.blockSize(plan.levels() - 1);
    int blocks = (capacity + size - 1) / size;
    int outputs = Math.min(blocks, 4 * SpectrumProduct.GROUP);
    int tiles = (width + BatchFft.ROW - 1) / BatchFft.ROW;
    return new PieceSpectra(size, blocks + terms, outputs, tiles);
  }

  boolean isEmpty() {
    return spectra.length == 0;
  }

  private long rows() {
    return (long) pieces + outputs + 1;
  }

  /** Returns the most output blocks at a time. */
  int outputs() {
    return outputs;
  }

  /** Returns the spectra, by tile. */
  float[][] spectra() {
    return spectra;
  }

  /** Returns the greatest 2-norm of each piece's columns. */
  double[] norms() {
    return norms;
  }

  /**
   * Makes a region's spectra lie where they are kept.
   *
   * @param region the pieces, those that are kept first
   * @return how many of them are kept
   */
  int place(Pieces region) {
    if (isEmpty()) {
      return 0;
    }
    assert region.count <= pieces && region.blocks - region.firstOutput <= outputs : region.count;
    region.placeOutputs(pieces);
    region.rowsPerFrequency = (int) rows();
    return Math.min(transformed, region.count);
  }

  /** Records how many pieces are transformed. */
  void transformed(int count) {
    if (!isEmpty()) {
      transformed = Math.max(transformed, count);
    }
  }

  /** Forgets all pieces. */
  void restart() {
    transformed = 0;
  }
}
