package io.github.convbasis.simd.spectral;

import io.github.convbasis.simd.Lanes;
import io.github.convbasis.simd.fft.BatchFft;
import io.github.convbasis.simd.fft.RealBatchFft;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Multiplies spectra: at every frequency, {@code Y[b] = Σ_pieces 2^(exponent of window - exponent
 * of b)·W[b, piece]·X[piece]} for all output blocks b and all columns of a row, a complex matrix
 * product (output blocks × pieces)·(pieces × lanes).
 *
 * <p>Windows of lanes neighbouring output blocks are neighbours in memory: they are scaled and
 * packed once per piece, and used for two frequencies, f and -f. The kernel then keeps {@value
 * #TILE} output blocks in registers. Each tile stops at the last piece before its rows. X is copied
 * into scratch before a run is multiplied, so Y may take its place.
 *
 * <p>8 flops per frequency, column pair, output block and piece before it. Mutable scales, set once
 * per region; then read by several threads.
 */
final class SpectrumProduct {
  private static final VectorSpecies<Float> SPECIES = Lanes.FLOATS;
  private static final int LANES = SPECIES.length();
  private static final int ROW = BatchFft.ROW;

  /** Output blocks in registers: 8 accumulators of the 16 registers of AVX2. */
  private static final int TILE = 4;

  /**
   * Output blocks that are packed together: a vector of them, or a tile where that is more. The
   * first output block is a multiple.
   */
  static final int GROUP = Math.max(LANES, TILE);

  private static final int STRIDE = SpectrumLayout.PIECE_STRIDE;
  private static final int PACKED = 2 * GROUP;

  /** Exponent of a block without pieces. */
  static final int NOTHING = Integer.MIN_VALUE;

  private float[] scales = new float[0];
  private int[] sources = new int[0];
  private int[] targets = new int[0];
  private int entries;
  private int[] blockExponents = new int[0];

  /**
   * Chooses each block's exponent, the greatest of its windows, and the scales that follow.
   *
   * @param pieces the region
   * @param windows filled
   */
  void scale(Pieces pieces, KernelWindows windows) {
    int length = groups(pieces) * pieces.count * GROUP;
    if (scales.length < length) {
      scales = new float[length];
    }
    if (blockExponents.length < pieces.blocks) {
      blockExponents = new int[pieces.blocks];
    }
    Arrays.fill(scales, 0, length, 0);
    list(pieces);
    for (int b = pieces.firstOutput; b < pieces.blocks; b++) {
      int greatest = NOTHING;
      for (int p = 0; p < pieces.firstPiece[b]; p++) {
        greatest = Math.max(greatest, windows.exponent(pieces.window(p, b)));
      }
      blockExponents[b] = greatest;
      int base = scaleIndex(pieces, b);
      for (int p = 0; p < pieces.firstPiece[b]; p++) {
        long power = (long) windows.exponent(pieces.window(p, b)) - greatest;
        scales[base + p * GROUP] = ScaledExp.power(power);
      }
    }
  }

  private static int scaleIndex(Pieces pieces, int block) {
    int b = block - pieces.firstOutput;
    return b / GROUP * pieces.count * GROUP + b % GROUP;
  }

  /** Returns a block's exponent, {@link #NOTHING} for the first. */
  int exponent(int block) {
    return blockExponents[block];
  }

  /**
   * Bounds a block's rounding, {@code Σ_pieces ‖scaled window‖₂·‖piece‖₂}.
   *
   * @param pieces the region
   * @param windows filled
   * @param norms the greatest 2-norm of each piece's columns
   * @param block output block
   * @return the sum, relative to the block's exponent
   */
  double noise(Pieces pieces, KernelWindows windows, double[] norms, int block) {
    double sum = 0;
    int base = scaleIndex(pieces, block);
    for (int p = 0; p < pieces.firstPiece[block]; p++) {
      sum += scales[base + p * GROUP] * windows.norm(pieces.window(p, block)) * norms[p];
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
   * @param windows filled
   * @param item which runs, below {@link #items}
   * @param spectra X as {@link SpectrumLayout} says; Y afterwards, see {@link Pieces#productRow}
   * @param offset index of the first row
   * @param scratch for packing
   */
  void multiply(
      Pieces pieces,
      KernelWindows windows,
      int item,
      float[] spectra,
      int offset,
      BlockScratch scratch) {
    // Runs mirror each other as rows do: both numbers are bit-reversed.
    int run = RealBatchFft.spectrumRow(item);
    int mirroredRun = BatchFft.mirror(run);
    int rows = pieces.rowsPerFrequency();
    scratch.reserve(2 * pieces.count * STRIDE, groups(pieces) * pieces.count * PACKED);
    int firstRow = run * SpectrumLayout.FREQUENCIES;
    int mirroredStart = run == mirroredRun ? 0 : pieces.count * STRIDE;
    load(pieces, spectra, offset, firstRow, scratch.inputs, 0);
    if (run != mirroredRun) {
      int mirroredRow = mirroredRun * SpectrumLayout.FREQUENCIES;
      load(pieces, spectra, offset, mirroredRow, scratch.inputs, mirroredStart);
    }
    for (int row = firstRow; row < firstRow + SpectrumLayout.FREQUENCIES; row++) {
      if (isMirrored(row)) {
        continue;
      }
      int mirrored = BatchFft.mirror(row);
      int half = RealBatchFft.number(row);
      int input = row % SpectrumLayout.FREQUENCIES * pieces.count * ROW;
      int mirroredInput =
          mirroredStart + mirrored % SpectrumLayout.FREQUENCIES * pieces.count * ROW;
      int at = offset + SpectrumLayout.index(row, rows);
      int mirroredAt = offset + SpectrumLayout.index(mirrored, rows);
      int base = windows.index(half, 0);
      pack(windows.re(), windows.im(), base, sources, targets, entries, scales, scratch.packed);
      for (int g = 0; g < groups(pieces); g++) {
        multiplyGroup(pieces, g, 1, scratch, input, spectra, at);
        if (mirrored != row) {
          multiplyGroup(pieces, g, -1, scratch, mirroredInput, spectra, mirroredAt);
        }
      }
    }
  }

  private static boolean isMirrored(int row) {
    return row > BatchFft.mirror(row);
  }

  /**
   * Copies a run to {@code [frequency][piece]}, where the product reads it in order, conjugating
   * the frequencies whose kernel values are the conjugates of stored ones.
   */
  private static void load(
      Pieces pieces, float[] spectra, int offset, int firstRow, float[] inputs, int start) {
    for (int f = 0; f < SpectrumLayout.FREQUENCIES; f++) {
      loadFrequency(
          spectra,
          offset + SpectrumLayout.index(firstRow + f, pieces.rowsPerFrequency()),
          pieces.count,
          isMirrored(firstRow + f) ? -1 : 1,
          inputs,
          start + f * pieces.count * ROW);
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

  private static int piecesBefore(Pieces pieces, int block) {
    return pieces.firstPiece[Math.min(block, pieces.blocks - 1)];
  }

  private static int groups(Pieces pieces) {
    return (pieces.blocks - pieces.firstOutput + GROUP - 1) / GROUP;
  }

  /**
   * Lists what {@link #pack} does: for each piece and group of blocks after it, where the windows
   * and where the packed values are. Pieces go outside, so that windows are read in the order of
   * memory, and one loop over a list replaces nested ones whose inner loops have few trips.
   */
  private void list(Pieces pieces) {
    int groups = groups(pieces);
    if (sources.length < groups * pieces.count) {
      sources = new int[groups * pieces.count];
      targets = new int[groups * pieces.count];
    }
    entries = 0;
    for (int p = 0; p < pieces.count; p++) {
      int block = pieces.block[p];
      int firstGroup = Math.max(0, block + 1 - pieces.firstOutput) / GROUP;
      for (int g = firstGroup; g < groups; g++) {
        int firstBlock = pieces.firstOutput + g * GROUP;
        sources[entries] = pieces.setBase[pieces.set[p]] + firstBlock - block;
        targets[entries] = (g * pieces.count + p) * GROUP;
        entries++;
      }
    }
  }

  /** Packs {@code [group][piece][re | im]}, scaled. */
  private static void pack(
      float[] re,
      float[] im,
      int base,
      int[] sources,
      int[] targets,
      int entries,
      float[] scales,
      float[] packed) {
    for (int e = 0; e < entries; e++) {
      int at = base + sources[e];
      int target = targets[e];
      for (int v = 0; v < GROUP; v += LANES) {
        FloatVector scale = FloatVector.fromArray(SPECIES, scales, target + v);
        FloatVector.fromArray(SPECIES, re, at + v).mul(scale).intoArray(packed, 2 * target + v);
        FloatVector.fromArray(SPECIES, im, at + v)
            .mul(scale)
            .intoArray(packed, 2 * target + GROUP + v);
      }
    }
  }

  private static void multiplyGroup(
      Pieces pieces,
      int group,
      float sign,
      BlockScratch scratch,
      int input,
      float[] spectra,
      int at) {
    int firstBlock = pieces.firstOutput + group * GROUP;
    int tiles = Math.min(GROUP, pieces.blocks - firstBlock);
    for (int t = 0; t < tiles; t += TILE) {
      int b = firstBlock + t;
      multiplyTile(
          scratch.packed,
          group * pieces.count * PACKED + t,
          piecesBefore(pieces, b + TILE - 1),
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

  /**
   * Multiplies four output blocks with a row of columns; {@code sign} is that of Y's imaginaries.
   */
  private static void multiplyTile(
      float[] packed,
      int lane,
      int count,
      float[] inputs,
      int at,
      float sign,
      float[] spectra,
      int target0,
      int target1,
      int target2,
      int target3) {
    FloatVector re0 = FloatVector.zero(SPECIES);
    FloatVector im0 = re0;
    FloatVector re1 = re0;
    FloatVector im1 = re0;
    FloatVector re2 = re0;
    FloatVector im2 = re0;
    FloatVector re3 = re0;
    FloatVector im3 = re0;
    for (int p = 0; p < count; p++) {
      int x = at + p * ROW;
      int k = lane + p * PACKED;
      FloatVector xRe = FloatVector.fromArray(SPECIES, inputs, x);
      FloatVector xIm = FloatVector.fromArray(SPECIES, inputs, x + LANES);
      FloatVector negated = xIm.neg();
      FloatVector w = FloatVector.broadcast(SPECIES, packed[k]);
      re0 = w.fma(xRe, re0);
      im0 = w.fma(xIm, im0);
      w = FloatVector.broadcast(SPECIES, packed[k + GROUP]);
      re0 = w.fma(negated, re0);
      im0 = w.fma(xRe, im0);
      w = FloatVector.broadcast(SPECIES, packed[k + 1]);
      re1 = w.fma(xRe, re1);
      im1 = w.fma(xIm, im1);
      w = FloatVector.broadcast(SPECIES, packed[k + 1 + GROUP]);
      re1 = w.fma(negated, re1);
      im1 = w.fma(xRe, im1);
      w = FloatVector.broadcast(SPECIES, packed[k + 2]);
      re2 = w.fma(xRe, re2);
      im2 = w.fma(xIm, im2);
      w = FloatVector.broadcast(SPECIES, packed[k + 2 + GROUP]);
      re2 = w.fma(negated, re2);
      im2 = w.fma(xRe, im2);
      w = FloatVector.broadcast(SPECIES, packed[k + 3]);
      re3 = w.fma(xRe, re3);
      im3 = w.fma(xIm, im3);
      w = FloatVector.broadcast(SPECIES, packed[k + 3 + GROUP]);
      re3 = w.fma(negated, re3);
      im3 = w.fma(xRe, im3);
    }
    re0.intoArray(spectra, target0);
    im0.mul(sign).intoArray(spectra, target0 + LANES);
    re1.intoArray(spectra, target1);
    im1.mul(sign).intoArray(spectra, target1 + LANES);
    re2.intoArray(spectra, target2);
    im2.mul(sign).intoArray(spectra, target2 + LANES);
    re3.intoArray(spectra, target3);
    im3.mul(sign).intoArray(spectra, target3 + LANES);
  }
}
