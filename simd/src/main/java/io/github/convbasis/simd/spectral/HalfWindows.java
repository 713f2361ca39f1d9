package io.github.convbasis.simd.spectral;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.SegmentedToeplitz;
import io.github.convbasis.simd.Lanes;
import io.github.convbasis.simd.Pool;
import io.github.convbasis.simd.fft.BatchFft;
import io.github.convbasis.simd.fft.FloatScratch;
import io.github.convbasis.simd.fft.RealBatchFft;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Holds the spectra of a region's half windows, see {@link Pieces}: L weights and L zeros, each
 * with its own power of two, so that none over- or underflows.
 *
 * <p>The window of an output block is one half followed by the next one: its spectrum is {@code
 * E(f) + (-1)^f·B(f)} of the spectra of the earlier and the later half, because moving by L of 2L
 * samples turns frequency f by half a circle for each unit. So every weight is computed and
 * transformed once, though two output blocks meet it.
 *
 * <p>Halves are real and each is a column of its own: one in each lane of a batch of transforms.
 * Frequencies f and -f are conjugate, so L + 1 are kept. The factor 1/(2L) of the inverse transform
 * is already in. Spectra lie by frequency, then slot, so that halves of neighbouring lags load as a
 * vector.
 *
 * <p>Cost {@code slots·(L weights + 2.5·2L·log₂(2L) flops, nearly half of them on zeros and
 * skipped)}, memory {@code 2·(L+1)·slots} floats. Mutable; filled once by several threads, then
 * only read.
 */
final class HalfWindows {
  private static final VectorSpecies<Float> SPECIES = Lanes.FLOATS;
  private static final int LANES = SPECIES.length();
  private static final int ROW = BatchFft.ROW;

  /** Readable slots before the first and after the last: packed groups start and end beyond. */
  static final int MARGIN = 2 * SpectrumProduct.GROUP + LANES;

  private static final int INTERLEAVED_ROWS = 64;

  private final RealBatchFft fft;
  private float[] re = new float[0];
  private float[] im = new float[0];
  private int stride;
  private int[] exponents = new int[0];
  private double[] norms = new double[0];

  HalfWindows(RealBatchFft fft) {
    this.fft = fft;
  }

  /** Returns real parts; slot s of half-frequency h at {@link #index}. */
  float[] re() {
    return re;
  }

  /** Returns imaginary parts. */
  float[] im() {
    return im;
  }

  /**
   * Returns where the value of a half at a frequency is kept.
   *
   * @param halfFrequency as numbered by {@link RealBatchFft#spectrumRow}
   * @param slot from -{@link #MARGIN}; slots between sets hold finite numbers
   * @return index
   */
  int index(int halfFrequency, int slot) {
    return FloatScratch.OFFSET + halfFrequency * stride + MARGIN + slot;
  }

  /** Returns the exponent of a half, {@link SpectrumProduct#NOTHING} if it is zero. */
  int exponent(int slot) {
    return exponents[slot];
  }

  /** Returns the 2-norm of a half scaled by its exponent. */
  double norm(int slot) {
    return norms[slot];
  }

  /**
   * Computes all halves of a region.
   *
   * @param pieces which halves
   * @param matrix their kernels
   * @param weighting what becomes of the entries
   * @param scratches scratch for each task
   * @param parallelism how many tasks may work
   */
  void fill(
      Pieces pieces,
      SegmentedToeplitz matrix,
      Weighting weighting,
      Pool<BlockScratch> scratches,
      Parallelism parallelism) {
    int batches = (pieces.slots + LANES - 1) / LANES;
    stride = batches * LANES + 2 * MARGIN;
    long length = (pieces.blockSize + 1L) * stride;
    if (re.length < length + FloatScratch.OFFSET) {
      re = FloatScratch.allocate(length);
      im = FloatScratch.allocate(length);
    }
    if (exponents.length < pieces.slots) {
      exponents = new int[pieces.slots];
      norms = new double[pieces.slots];
    }
    for (int h = 0; h <= pieces.blockSize; h++) {
      clear(index(h, -MARGIN));
      clear(index(h + 1, -2 * MARGIN));
    }
    parallelism.forEach(
        batches,
        batch -> {
          BlockScratch scratch = scratches.take();
          fillBatch(pieces, matrix, weighting, batch * LANES, scratch);
          scratches.give(scratch);
        });
  }

  private void clear(int from) {
    Arrays.fill(re, from, from + MARGIN, 0);
    Arrays.fill(im, from, from + MARGIN, 0);
  }

  private void fillBatch(
      Pieces pieces,
      SegmentedToeplitz matrix,
      Weighting weighting,
      int firstSlot,
      BlockScratch scratch) {
    int count = Math.min(LANES, pieces.slots - firstSlot);
    if (count < LANES) {
      Arrays.fill(scratch.rows, 0);
    }
    int set = setOf(pieces, firstSlot);
    for (int lane = 0; lane < count; lane++) {
      int slot = firstSlot + lane;
      while (slot >= pieces.setEnd[set]) {
        set++;
      }
      sample(pieces, matrix, weighting, set, slot, lane, scratch);
    }
    interleave(pieces.blockSize, count, scratch);
    fft.forwardPaddedDoubled(scratch.rows, scratch.offset, re, im, index(0, firstSlot), stride);
  }

  private static int setOf(Pieces pieces, int slot) {
    int at = Arrays.binarySearch(pieces.setEnd, 0, pieces.sets, slot);
    return at >= 0 ? at + 1 : -at - 1;
  }

  private void sample(
      Pieces pieces,
      SegmentedToeplitz matrix,
      Weighting weighting,
      int set,
      int slot,
      int lane,
      BlockScratch scratch) {
    int size = pieces.blockSize;
    int segment = pieces.setSegment[set];
    int firstLag = (slot - pieces.setBase[set]) * size - pieces.setPhase[set];
    int fromLag = Math.max(0, firstLag);
    int toLag = Math.min(firstLag + size, matrix.size() - matrix.start(segment));
    float[] window = scratch.windows;
    int at = lane * size;
    exponents[slot] = SpectrumProduct.NOTHING;
    norms[slot] = 0;
    if (fromLag >= toLag) {
      Arrays.fill(window, at, at + size, 0);
      return;
    }
    double[] samples = scratch.samples;
    int count = toLag - fromLag;
    matrix.copyKernel(segment, fromLag, toLag, samples, 0);
    exponents[slot] = weighting.scale(samples, count);
    Arrays.fill(window, at, at + fromLag - firstLag, 0);
    narrow(samples, count, 0.5f / fft.size(), window, at + fromLag - firstLag);
    Arrays.fill(window, at + toLag - firstLag, at + size, 0);
    norms[slot] = fft.size() * 2.0 * norm(window, at, size);
  }

  private static void narrow(double[] source, int count, float factor, float[] target, int at) {
    for (int i = 0; i < count; i++) {
      target[at + i] = (float) source[i] * factor;
    }
  }

  private static double norm(float[] window, int at, int count) {
    FloatVector squares = FloatVector.zero(SPECIES);
    int bound = at + SPECIES.loopBound(count);
    int i = at;
    for (; i < bound; i += LANES) {
      FloatVector x = FloatVector.fromArray(SPECIES, window, i);
      squares = x.fma(x, squares);
    }
    double sum = Lanes.sum(squares);
    for (; i < at + count; i++) {
      sum += window[i] * window[i];
    }
    return Math.sqrt(sum);
  }

  /** Turns halves into lanes, few rows at a time so that these stay in the first-level cache. */
  private static void interleave(int size, int count, BlockScratch scratch) {
    int rows = size / 2;
    for (int block = 0; block < rows; block += INTERLEAVED_ROWS) {
      int some = Math.min(INTERLEAVED_ROWS, rows - block);
      for (int lane = 0; lane < count; lane++) {
        int from = lane * size + 2 * block;
        int at = scratch.offset + block * ROW + lane;
        spread(scratch.windows, from, some, scratch.rows, at);
      }
    }
  }

  private static void spread(float[] source, int from, int count, float[] target, int at) {
    for (int i = 0; i < count; i++) {
      target[at + i * ROW] = source[from + 2 * i];
      target[at + i * ROW + LANES] = source[from + 2 * i + 1];
    }
  }
}
