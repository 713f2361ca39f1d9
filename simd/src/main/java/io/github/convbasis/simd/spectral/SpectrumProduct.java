package io.github.convbasis.simd.spectral;

import io.github.convbasis.simd.Lanes;
import io.github.convbasis.simd.fft.BatchFft;
import io.github.convbasis.simd.fft.FloatScratch;
import io.github.convbasis.simd.fft.RealBatchFft;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Multiplies spectra: at every frequency, {@code Y[b] = Σ_pieces W[b, piece]·X[piece]} for all
 * output blocks b and all columns, a complex matrix product (output blocks × pieces)·(pieces ×
 * columns); or its transpose {@code Z[piece] = Σ_b W̄[b, piece]·X[b]}, which correlates. W is
 * scaled by a power of two for each output block, or each block of pieces where they are the
 * output, so that the greatest of its half windows, times that of its piece, keeps its exponent.
 *
 * <p>Half windows of lanes neighbouring output blocks are neighbours in memory: they are joined,
 * scaled and packed once per piece, and used for two frequencies, f and -f, and for all tiles of
 * columns. The kernel then keeps {@value ProductKernels#TILE} output blocks in registers. Each tile
 * of blocks stops at the last piece that counts for them. X is copied into scratch before a run is
 * multiplied, so Y may take its place.
 *
 * <p>8 flops per frequency, column pair, output block and piece that counts for it. Mutable scales,
 * set once per region; then read by several threads.
 */
final class SpectrumProduct {
  private static final VectorSpecies<Float> SPECIES = Lanes.FLOATS;
  private static final int LANES = SPECIES.length();
  private static final int ROW = BatchFft.ROW;

  private static final int TILE = ProductKernels.TILE;

  /**
   * Output blocks that are packed together: a vector of them, or a tile where that is more. The
   * first output block is a multiple.
   */
  static final int GROUP = Math.max(LANES, TILE);

  private static final int STRIDE = SpectrumLayout.PIECE_STRIDE;
  private static final int PACKED = 2 * GROUP;

  /** Exponent of a block without pieces. */
  static final int NOTHING = Integer.MIN_VALUE;

  private float[] earlierScales = new float[0];
  private float[] laterScales = new float[0];
  private int[] sources = new int[0];
  private int[] targets = new int[0];
  private int entries;
  private int[] blockExponents = new int[0];

  /**
   * Chooses each output block's exponent, the greatest of its halves, and the scales that follow.
   *
   * @param pieces the region
   * @param halves filled
   */
  void scale(Pieces pieces, HalfWindows halves) {
    prepare(pieces);
    for (int b = pieces.firstOutput; b < pieces.blocks; b++) {
      int greatest = NOTHING;
      for (int p = 0; p < pieces.pieceEnd(b); p++) {
        greatest = Math.max(greatest, exponent(pieces, halves, p, b));
      }
      blockExponents[b] = greatest;
      for (int p = 0; p < pieces.pieceEnd(b); p++) {
        setScales(pieces, halves, p, b, greatest);
      }
    }
  }

  /**
   * Does the same for the transpose, whose output blocks are those of the pieces.
   *
   * @param pieces the region
   * @param halves filled
   */
  void scaleTransposed(Pieces pieces, HalfWindows halves) {
    prepare(pieces);
    Arrays.fill(blockExponents, 0, pieces.blocks, NOTHING);
    for (int p = 0; p < pieces.count; p++) {
      int block = pieces.block[p];
      for (int b = pieces.firstOutputOf(p); b < pieces.blocks; b++) {
        blockExponents[block] = Math.max(blockExponents[block], exponent(pieces, halves, p, b));
      }
    }
    for (int p = 0; p < pieces.count; p++) {
      for (int b = pieces.firstOutputOf(p); b < pieces.blocks; b++) {
        setScales(pieces, halves, p, b, blockExponents[pieces.block[p]]);
      }
    }
  }

  private void prepare(Pieces pieces) {
    int length = groups(pieces) * pieces.count * GROUP;
    if (laterScales.length < length) {
      earlierScales = new float[length];
      laterScales = new float[length];
    }
    if (blockExponents.length < pieces.blocks) {
      blockExponents = new int[pieces.blocks];
    }
    Arrays.fill(earlierScales, 0, length, 0);
    Arrays.fill(laterScales, 0, length, 0);
    list(pieces);
  }

  private static int exponent(Pieces pieces, HalfWindows halves, int piece, int block) {
    int later = pieces.laterHalf(piece, block);
    int greatest = Math.max(halves.exponent(later - 1), halves.exponent(later));
    int own = pieces.exponent[piece];
    return greatest == NOTHING || own == NOTHING ? NOTHING : greatest + own;
  }

  private void setScales(Pieces pieces, HalfWindows halves, int piece, int block, int exponent) {
    int own = pieces.exponent[piece];
    if (exponent == NOTHING || own == NOTHING) {
      return; // Scales stay 0.
    }
    int at = scaleIndex(pieces, block) + piece * GROUP;
    int later = pieces.laterHalf(piece, block);
    long shift = (long) own - exponent;
    earlierScales[at] = ScaledExp.power(halves.exponent(later - 1) + shift);
    laterScales[at] = ScaledExp.power(halves.exponent(later) + shift);
  }

  private static int scaleIndex(Pieces pieces, int block) {
    int b = block - pieces.firstOutput;
    return b / GROUP * pieces.count * GROUP + b % GROUP;
  }

  /** Returns an output block's exponent, {@link #NOTHING} if nothing counts for it. */
  int exponent(int block) {
    return blockExponents[block];
  }

  /**
   * Bounds a block's rounding, {@code Σ_pieces ‖scaled window‖₂·‖piece‖₂}.
   *
   * @param pieces the region
   * @param halves filled
   * @param norms the greatest 2-norm of each piece's columns
   * @param block output block
   * @return the sum, relative to the block's exponent
   */
  double noise(Pieces pieces, HalfWindows halves, double[] norms, int block) {
    double sum = 0;
    int base = scaleIndex(pieces, block);
    for (int p = 0; p < pieces.pieceEnd(block); p++) {
      int later = pieces.laterHalf(p, block);
      double earlierNorm = earlierScales[base + p * GROUP] * halves.norm(later - 1);
      double laterNorm = laterScales[base + p * GROUP] * halves.norm(later);
      sum += Math.sqrt(earlierNorm * earlierNorm + laterNorm * laterNorm) * norms[p];
    }
    return sum;
  }

  /**
   * Counts work items: runs of frequencies, each with the run of their conjugates.
   *
   * @param frequencies rows of a spectrum
   * @return items
   */
  static int items(int frequencies) {
    return frequencies / SpectrumLayout.FREQUENCIES / 2 + 1;
  }

  /**
   * Multiplies at the frequencies of one run and its mirror image.
   *
   * @param pieces the region
   * @param halves filled
   * @param transpose whether X are output blocks, and products pieces
   * @param item which runs, below {@link #items}
   * @param spectra for each tile of columns X as {@link SpectrumLayout} says, from {@link
   *     FloatScratch#OFFSET}; Y afterwards, see {@link Pieces#productRow}, or Z by piece
   * @param tiles how many
   * @param scratch for packing
   */
  void multiply(
      Pieces pieces,
      HalfWindows halves,
      boolean transpose,
      int item,
      float[][] spectra,
      int tiles,
      BlockScratch scratch) {
    // Runs mirror each other as rows do: both numbers are bit-reversed.
    int run = RealBatchFft.spectrumRow(item);
    int mirroredRun = BatchFft.mirror(run);
    int inputs = transpose ? pieces.blocks - pieces.firstOutput : pieces.count;
    int runInputs = inputs * STRIDE;
    int tileInputs = run == mirroredRun ? runInputs : 2 * runInputs;
    scratch.reserve(tiles * tileInputs, groups(pieces) * pieces.count * PACKED);
    for (int t = 0; t < tiles; t++) {
      load(pieces, inputs, spectra[t], run, scratch.inputs, t * tileInputs);
      if (run != mirroredRun) {
        load(pieces, inputs, spectra[t], mirroredRun, scratch.inputs, t * tileInputs + runInputs);
      }
    }
    int firstRow = run * SpectrumLayout.FREQUENCIES;
    for (int row = firstRow; row < firstRow + SpectrumLayout.FREQUENCIES; row++) {
      if (isMirrored(row)) {
        continue;
      }
      int mirrored = BatchFft.mirror(row);
      packAll(pieces, halves, row, scratch.packed);
      for (int t = 0; t < tiles; t++) {
        int input = t * tileInputs + row % SpectrumLayout.FREQUENCIES * inputs * ROW;
        multiplyFrequency(pieces, transpose, 1, scratch, input, spectra[t], row);
        if (mirrored != row) {
          int mirroredInput =
              t * tileInputs
                  + (run == mirroredRun ? 0 : runInputs)
                  + mirrored % SpectrumLayout.FREQUENCIES * inputs * ROW;
          multiplyFrequency(pieces, transpose, -1, scratch, mirroredInput, spectra[t], mirrored);
        }
      }
    }
  }

  private static boolean isMirrored(int row) {
    return row > BatchFft.mirror(row);
  }

  /**
   * Copies a run to {@code [frequency][input]}, where the product reads it in order, conjugating
   * the frequencies whose kernel values are the conjugates of stored ones.
   */
  private static void load(
      Pieces pieces, int count, float[] spectra, int run, float[] inputs, int start) {
    for (int f = 0; f < SpectrumLayout.FREQUENCIES; f++) {
      int row = run * SpectrumLayout.FREQUENCIES + f;
      loadFrequency(
          spectra,
          FloatScratch.OFFSET + SpectrumLayout.index(row, pieces.rowsPerFrequency),
          count,
          isMirrored(row) ? -1 : 1,
          inputs,
          start + f * count * ROW);
    }
  }

  private static void loadFrequency(
      float[] spectra, int from, int count, float sign, float[] inputs, int at) {
    for (int p = 0; p < count; p++) {
      int x = from + p * STRIDE;
      int target = at + p * ROW;
      FloatVector.fromArray(SPECIES, spectra, x).intoArray(inputs, target);
      FloatVector.fromArray(SPECIES, spectra, x + LANES)
          .mul(sign)
          .intoArray(inputs, target + LANES);
    }
  }

  private static int groups(Pieces pieces) {
    return (pieces.blocks - pieces.firstOutput + GROUP - 1) / GROUP;
  }

  /**
   * Lists what {@link #pack} does: for each piece and group of blocks that it counts for, where the
   * halves and where the packed values are. Pieces go outside, so that halves are read in the order
   * of memory, and one loop over a list replaces nested ones whose inner loops have few trips.
   *
   * <p>Pieces of one tile of the transpose start at the same group: scales of zero make up for
   * those that begin later.
   */
  private void list(Pieces pieces) {
    int groups = groups(pieces);
    if (sources.length < groups * pieces.count) {
      sources = new int[groups * pieces.count];
      targets = new int[groups * pieces.count];
    }
    entries = 0;
    for (int p = 0; p < pieces.count; p++) {
      for (int g = firstGroup(pieces, p); g < groups; g++) {
        int firstBlock = pieces.firstOutput + g * GROUP;
        sources[entries] = pieces.laterHalf(p, firstBlock);
        targets[entries] = (g * pieces.count + p) * GROUP;
        entries++;
      }
    }
  }

  private static int firstGroup(Pieces pieces, int piece) {
    int tile = piece - piece % TILE;
    return (pieces.firstOutputOf(tile) - pieces.firstOutput) / GROUP;
  }

  private void packAll(Pieces pieces, HalfWindows halves, int row, float[] packed) {
    int base = halves.index(RealBatchFft.number(row), 0);
    // Rows are frequencies with their bits reversed: odd ones are in the second half.
    float sign = row >= pieces.blockSize ? -1 : 1;
    pack(
        halves.re(),
        halves.im(),
        base,
        sign,
        sources,
        targets,
        entries,
        earlierScales,
        laterScales,
        packed);
  }

  /** Packs {@code [group][piece][re | im]}: halves joined and scaled. */
  private static void pack(
      float[] re,
      float[] im,
      int base,
      float sign,
      int[] sources,
      int[] targets,
      int entries,
      float[] earlierScales,
      float[] laterScales,
      float[] packed) {
    for (int e = 0; e < entries; e++) {
      int at = base + sources[e];
      int target = targets[e];
      for (int v = 0; v < GROUP; v += LANES) {
        FloatVector earlier = FloatVector.fromArray(SPECIES, earlierScales, target + v);
        FloatVector later = FloatVector.fromArray(SPECIES, laterScales, target + v).mul(sign);
        FloatVector earlierRe = FloatVector.fromArray(SPECIES, re, at + v - 1).mul(earlier);
        FloatVector earlierIm = FloatVector.fromArray(SPECIES, im, at + v - 1).mul(earlier);
        FloatVector.fromArray(SPECIES, re, at + v)
            .fma(later, earlierRe)
            .intoArray(packed, 2 * target + v);
        FloatVector.fromArray(SPECIES, im, at + v)
            .fma(later, earlierIm)
            .intoArray(packed, 2 * target + GROUP + v);
      }
    }
  }

  /** Multiplies one frequency; {@code sign} is that of the products' imaginaries. */
  private static void multiplyFrequency(
      Pieces pieces,
      boolean transpose,
      float sign,
      BlockScratch scratch,
      int input,
      float[] spectra,
      int row) {
    int at = FloatScratch.OFFSET + SpectrumLayout.index(row, pieces.rowsPerFrequency);
    if (transpose) {
      for (int p = 0; p < pieces.count; p += TILE) {
        multiplyPieces(pieces, p, sign, scratch, input, spectra, at);
      }
      return;
    }
    for (int b = pieces.firstOutput; b < pieces.blocks; b += TILE) {
      int offset = b - pieces.firstOutput;
      ProductKernels.multiply(
          scratch.packed,
          offset / GROUP * pieces.count * PACKED + offset % GROUP,
          pieces.pieceEnd(Math.min(pieces.blocks - 1, b + TILE - 1)),
          scratch.inputs,
          input,
          sign,
          spectra,
          at + pieces.productRow(b) * STRIDE,
          at + pieces.productRow(b + 1) * STRIDE,
          at + pieces.productRow(b + 2) * STRIDE,
          at + pieces.productRow(b + 3) * STRIDE);
    }
  }

  private static void multiplyPieces(
      Pieces pieces,
      int piece,
      float sign,
      BlockScratch scratch,
      int input,
      float[] spectra,
      int at) {
    int nobody = pieces.rowsPerFrequency - 1;
    int last = pieces.count - 1;
    ProductKernels.multiplyTransposed(
        scratch.packed,
        piece * PACKED,
        Math.min(1, last - piece) * PACKED,
        Math.min(2, last - piece) * PACKED,
        Math.min(3, last - piece) * PACKED,
        pieces.count * PACKED,
        pieces.firstOutputOf(piece) - pieces.firstOutput,
        pieces.blocks - pieces.firstOutput,
        scratch.inputs,
        input,
        sign,
        spectra,
        at + piece * STRIDE,
        at + (piece + 1 > last ? nobody : piece + 1) * STRIDE,
        at + (piece + 2 > last ? nobody : piece + 2) * STRIDE,
        at + (piece + 3 > last ? nobody : piece + 3) * STRIDE);
  }
}
