package io.github.convbasis.simd.spectral;

import io.github.convbasis.simd.Lanes;
import io.github.convbasis.simd.fft.BatchFft;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Places spectra of many pieces so that both users find neighbours: {@value #FREQUENCIES}
 * frequencies of a piece lie together, because a transform writes one piece after the other, and
 * all pieces of these frequencies follow, because products read one frequency after the other.
 *
 * <p>One frequency after the other without such runs costs a transform a new page for every row;
 * runs of 8 made loading and collecting twice as fast at L = 1024 (AMD Zen 5, 512 bits).
 *
 * <p>Stateless and thread-safe.
 */
final class SpectrumLayout {
  private static final VectorSpecies<Float> SPECIES = Lanes.FLOATS;
  private static final int LANES = SPECIES.length();
  private static final int ROW = BatchFft.ROW;

  /** Frequencies in a run. */
  static final int FREQUENCIES = 8;

  /** Distance between neighbouring pieces at one frequency. */
  static final int PIECE_STRIDE = FREQUENCIES * ROW;

  private SpectrumLayout() {}

  /** Returns where a frequency's first piece is, relative to the start. */
  static int index(int frequency, int pieces) {
    return frequency / FREQUENCIES * pieces * PIECE_STRIDE + frequency % FREQUENCIES * ROW;
  }

  /** Copies a spectrum from consecutive rows to a piece. */
  static void scatter(
      float[] rows, int from, int frequencies, float[] spectra, int at, int pieces) {
    int run = FREQUENCIES * ROW;
    int to = at;
    for (int i = from; i < from + frequencies * ROW; i += run) {
      copy(rows, i, spectra, to);
      to += pieces * PIECE_STRIDE;
    }
  }

  /** Copies a spectrum from a piece to consecutive rows. */
  static void gather(float[] spectra, int from, int pieces, float[] rows, int at, int frequencies) {
    int run = FREQUENCIES * ROW;
    int index = from;
    for (int i = at; i < at + frequencies * ROW; i += run) {
      copy(spectra, index, rows, i);
      index += pieces * PIECE_STRIDE;
    }
  }

  private static void copy(float[] source, int from, float[] target, int at) {
    for (int i = 0; i < FREQUENCIES * ROW; i += LANES) {
      FloatVector.fromArray(SPECIES, source, from + i).intoArray(target, at + i);
    }
  }
}
