package io.github.convbasis.simd.spectral;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.SegmentedToeplitz;
import io.github.convbasis.simd.Lanes;
import io.github.convbasis.simd.fft.BatchFft;
import io.github.convbasis.simd.fft.FloatScratch;
import io.github.convbasis.simd.fft.RealBatchFft;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Holds the spectra of a region's kernel windows: {@code e^u·2^(-exponent)} at lags {@code (l-1)·L
 * … (l+1)·L-1}, zero at the first of them and where trimmed, each with its own exponent, so that no
 * window over- or underflows.
 *
 * <p>Windows are real and each is a column of its own: one in each lane of a batch of transforms.
 * Frequencies f and -f are conjugate, so L + 1 are kept. The factor 1/(2L) of the inverse transform
 * is already in. Spectra lie by frequency, then slot, so that windows of neighbouring lags load as
 * a vector.
 *
 * <p>Cost {@code windows·(2L exponentials + 5L·log₂(2L) flops)}, memory {@code 2·(L+1)·windows}
 * floats. Mutable; filled once by several threads, then only read.
 */
final class KernelWindows {
  private static final VectorSpecies<Float> SPECIES = Lanes.FLOATS;
  private static final int LANES = SPECIES.length();
  private static final int ROW = BatchFft.ROW;

  /** Readable slots before the first and after the last: a group may start or end beyond. */
  static final int MARGIN = Math.max(LANES, 4);

  private static final int INTERLEAVED_ROWS = 64;

  private final RealBatchFft fft;
  private float[] re = new float[0];
  private float[] im = new float[0];
  private int stride;
  private int[] exponents = new int[0];
  private double[] norms = new double[0];

  KernelWindows(RealBatchFft fft) {
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
   * Returns where a window's value at a frequency is kept.
   *
   * @param halfFrequency as numbered by {@link RealBatchFft#spectrumRow}
   * @param slot from -{@link #MARGIN}; slots between windows hold finite numbers
   * @return index
   */
  int index(int halfFrequency, int slot) {
    return FloatScratch.OFFSET + halfFrequency * stride + MARGIN + slot;
  }

  /** Returns the exponent of a window. */
  int exponent(int slot) {
    return exponents[slot];
  }

  /** Returns the 2-norm of a window scaled by its exponent. */
  double norm(int slot) {
    return norms[slot];
  }

  /**
   * Computes all windows of a region.
   *
   * @param pieces which windows
   * @param logits their kernels
   * @param scratches scratch for each task
   * @param parallelism how many tasks may work
   */
  void fill(
      Pieces pieces,
      SegmentedToeplitz logits,
      Pool<BlockScratch> scratches,
      Parallelism parallelism) {
    int batches = (pieces.windows + LANES - 1) / LANES;
    stride = batches * LANES + 2 * MARGIN;
    long length = (pieces.blockSize + 1L) * stride;
    if (re.length < length + FloatScratch.OFFSET) {
      re = FloatScratch.allocate(length);
      im = FloatScratch.allocate(length);
    }
    if (exponents.length < pieces.windows) {
      exponents = new int[pieces.windows];
      norms = new double[pieces.windows];
    }
    for (int h = 0; h <= pieces.blockSize; h++) {
      clear(index(h, -MARGIN));
      clear(index(h + 1, -2 * MARGIN));
    }
    parallelism.forEach(
        batches,
        batch -> {
          BlockScratch scratch = scratches.take();
          fillBatch(pieces, logits, batch * LANES, scratch);
          scratches.give(scratch);
        });
  }

  private void clear(int from) {
    Arrays.fill(re, from, from + MARGIN, 0);
    Arrays.fill(im, from, from + MARGIN, 0);
  }

  private void fillBatch(
      Pieces pieces, SegmentedToeplitz logits, int firstSlot, BlockScratch scratch) {
    int count = Math.min(LANES, pieces.windows - firstSlot);
    if (count < LANES) {
      Arrays.fill(scratch.rows, 0);
    }
    int set = setOf(pieces, firstSlot);
    for (int lane = 0; lane < count; lane++) {
      int slot = firstSlot + lane;
      while (slot >= pieces.setEnd[set]) {
        set++;
      }
      sample(pieces, logits, set, slot, lane, scratch);
    }
    interleave(count, scratch);
    fft.forwardDoubled(scratch.rows, scratch.offset, re, im, index(0, firstSlot), stride);
  }

  private static int setOf(Pieces pieces, int slot) {
    int at = Arrays.binarySearch(pieces.setEnd, 0, pieces.sets, slot);
    return at >= 0 ? at + 1 : -at - 1;
  }

  private void sample(
      Pieces pieces, SegmentedToeplitz logits, int set, int slot, int lane, BlockScratch scratch) {
    int size = pieces.blockSize;
    int segment = pieces.setSegment[set];
    int start = logits.start(segment);
    int firstLag = (slot - pieces.setBase[set] - 1) * size;
    int fromLag = firstLag + 1 + pieces.setBackTrim[set];
    int toLag = Math.min(firstLag + 2 * size - pieces.setFrontTrim[set], logits.size() - start);
    double[] samples = scratch.samples;
    int count = toLag - fromLag;
    logits.copyColumn(start, start + fromLag, start + toLag, samples);
    int exponent = ScaledExp.exponentOf(ScaledExp.max(samples, count));
    ScaledExp.apply(samples, count, exponent);
    int at = lane * 2 * size;
    float[] window = scratch.windows;
    Arrays.fill(window, at, at + fromLag - firstLag, 0);
    narrow(samples, count, 0.5f / fft.size(), window, at + fromLag - firstLag);
    Arrays.fill(window, at + toLag - firstLag, at + 2 * size, 0);
    exponents[slot] = exponent;
    norms[slot] = fft.size() * 2.0 * norm(window, at, 2 * size);
  }

  private static void narrow(double[] source, int count, float factor, float[] target, int at) {
    for (int i = 0; i < count; i++) {
      target[at + i] = (float) source[i] * factor;
    }
  }

  private static double norm(float[] window, int at, int count) {
    FloatVector squares = FloatVector.zero(SPECIES);
    for (int i = at; i < at + count; i += LANES) {
      FloatVector x = FloatVector.fromArray(SPECIES, window, i);
      squares = x.fma(x, squares);
    }
    return Math.sqrt(squares.reduceLanes(VectorOperators.ADD));
  }

  /** Turns windows into lanes, few rows at a time so that these stay in the first-level cache. */
  private void interleave(int count, BlockScratch scratch) {
    int rows = fft.size() / 2;
    for (int block = 0; block < rows; block += INTERLEAVED_ROWS) {
      int some = Math.min(INTERLEAVED_ROWS, rows - block);
      for (int lane = 0; lane < count; lane++) {
        int from = lane * fft.size() + 2 * block;
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
