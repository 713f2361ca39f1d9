package io.github.convbasis.simd.spectral;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.SegmentedToeplitz;
import io.github.convbasis.simd.fft.BatchFft;
import io.github.convbasis.simd.fft.FloatScratch;
import io.github.convbasis.simd.fft.RealBatchFft;
import java.util.Arrays;

/**
 * Adds to every block of a region what the blocks before it contribute, {@code Σ_{j before the
 * block} e^(H[i,j])·V[j]}, in the blocked spectral form: value spectra once per piece, kernel
 * windows once per segment and distance, a matrix product at each frequency, one inverse per output
 * block, of which one half is kept (overlap-save).
 *
 * <p>Values go in the first half of 2L rows, and window l holds lag {@code (l-1)·L + m} at m, so
 * that row o of the output block comes out at L + o and nothing wraps onto it.
 *
 * <p>Values of one tile of columns are transformed at a time. Mutable scratch for regions of one
 * block size; a region is one call, in which several tasks may share the work. Work items are
 * fixed, and each writes rows or frequencies of its own, so results do not depend on the tasks.
 */
final class BlockConvolution {
  private static final int ROW = BatchFft.ROW;

  private static final double UNIT_ROUNDOFF = 0x1p-24;

  /** Norm of values whose squares vanish in float: their rounding must not pass for none. */
  private static final double LEAST_NORM = 1e-18;

  private final int blockSize;
  private final long windowLimit;
  private final BatchFft fft;
  private final double passes;
  private final Pieces pieces = new Pieces();
  private final KernelWindows windows;
  private final SpectrumProduct product = new SpectrumProduct();
  private final Pool<BlockScratch> scratches;
  private float[] spectra = new float[0];
  private double[] norms = new double[0];

  /** Transforms of values and of kernel windows. Immutable and thread-safe. */
  static final class Plans {
    private final BatchFft values;
    private final RealBatchFft windows;

    /** Plans for blocks of L rows. */
    Plans(int blockSize) {
      values = new BatchFft(2 * blockSize);
      windows = new RealBatchFft(2 * blockSize);
    }
  }

  /**
   * Makes scratch.
   *
   * @param plans plans of size 2L
   * @param windowLimit floats that windows may take, where there is a choice
   */
  BlockConvolution(Plans plans, long windowLimit) {
    fft = plans.values;
    this.windowLimit = windowLimit;
    blockSize = fft.size() / 2;
    // A third of the passes, and not less than three.
    passes = Math.max(3, Integer.numberOfTrailingZeros(fft.size())) / 3.0;
    windows = new KernelWindows(plans.windows);
    scratches = new Pool<>(() -> new BlockScratch(blockSize));
  }

  /**
   * Adds the contributions inside one region.
   *
   * @param logits H
   * @param values V
   * @param origin the region's first row and column
   * @param end after its last row
   * @param target receives the sums of all blocks but the first
   * @param parallelism how many tasks may work
   */
  void add(
      SegmentedToeplitz logits,
      ValueColumns values,
      int origin,
      int end,
      FarField target,
      Parallelism parallelism) {
    if (end - origin <= blockSize) {
      return;
    }
    int blocks = (end - origin + blockSize - 1) / blockSize;
    pieces.cut(logits, origin, end, blockSize, 0, blocks);
    int step = outputBlocksAtOnce(blocks);
    for (int first = 0; first < blocks; first += step) {
      if (step < blocks) {
        pieces.cut(logits, origin, end, blockSize, first, Math.min(blocks, first + step));
      }
      addOutputs(logits, values, target, parallelism);
    }
  }

  /**
   * Says how many output blocks to handle at a time. Each time values are transformed again, which
   * bounds the room for windows at little cost, and changes no result.
   */
  private int outputBlocksAtOnce(int blocks) {
    double share = windowLimit / (2.0 * (blockSize + 1) * pieces.windows);
    if (share >= 1) {
      return blocks;
    }
    int groups = (int) (share * blocks) / SpectrumProduct.GROUP;
    return Math.max(1, groups) * SpectrumProduct.GROUP;
  }

  private void addOutputs(
      SegmentedToeplitz logits, ValueColumns values, FarField target, Parallelism parallelism) {
    windows.fill(pieces, logits, scratches, parallelism);
    product.scale(pieces, windows);
    long length = (long) fft.size() * pieces.rowsPerFrequency() * ROW;
    if (spectra.length < length + FloatScratch.OFFSET) {
      spectra = FloatScratch.allocate(length);
    }
    if (norms.length < pieces.count) {
      norms = new double[pieces.count];
    }
    Arrays.fill(norms, 0, pieces.count, 0);
    for (int tile = 0; tile < values.tiles(); tile++) {
      addTile(values, tile, target, parallelism);
    }
    for (int b = firstOutput(); b < pieces.blocks; b++) {
      // Products of all pieces are added up one after the other. With the last factor the worst
      // error seen is two thirds of this bound: equal logits and values, 78 to 2,024 pieces.
      double sums = 1 + pieces.firstPiece[b] / 32.0;
      double noise = 2 * UNIT_ROUNDOFF * passes * sums * product.noise(pieces, windows, norms, b);
      target.raise(blockStart(b), blockEnd(b), product.exponent(b), noise);
    }
  }

  private int firstOutput() {
    return Math.max(1, pieces.firstOutput);
  }

  private int blockStart(int block) {
    return pieces.origin + block * blockSize;
  }

  private int blockEnd(int block) {
    return Math.min(pieces.end, blockStart(block) + blockSize);
  }

  private void addTile(ValueColumns values, int tile, FarField target, Parallelism parallelism) {
    parallelism.forEach(
        pieces.count,
        piece -> {
          BlockScratch scratch = scratches.take();
          transformPiece(values, tile, piece, scratch);
          scratches.give(scratch);
        });
    parallelism.forEach(
        SpectrumProduct.items(fft.size()),
        item -> {
          BlockScratch scratch = scratches.take();
          product.multiply(pieces, windows, item, spectra, FloatScratch.OFFSET, scratch);
          scratches.give(scratch);
        });
    parallelism.forEach(
        pieces.blocks - firstOutput(),
        item -> {
          BlockScratch scratch = scratches.take();
          collect(tile, firstOutput() + item, target, scratch);
          scratches.give(scratch);
        });
  }

  private void transformPiece(ValueColumns values, int tile, int piece, BlockScratch scratch) {
    float[] rows = scratch.rows;
    int start = scratch.offset;
    int from = pieces.from[piece];
    int to = pieces.to[piece];
    int front = from - blockStart(pieces.block[piece]);
    int count = to - from;
    Arrays.fill(rows, start, start + front * ROW, 0);
    values.copy(tile, from, to, rows, start + front * ROW);
    Arrays.fill(rows, start + (front + count) * ROW, start + blockSize * ROW, 0);
    double norm = ValueColumns.norm(rows, start + front * ROW, count);
    if (norm < LEAST_NORM && values.maxAbs(from, to) > 0) {
      norm = LEAST_NORM;
    }
    norms[piece] = Math.max(norms[piece], norm);
    fft.forwardPadded(rows, start);
    int at = FloatScratch.OFFSET + piece * SpectrumLayout.PIECE_STRIDE;
    SpectrumLayout.scatter(rows, start, fft.size(), spectra, at, pieces.rowsPerFrequency());
  }

  private void collect(int tile, int block, FarField target, BlockScratch scratch) {
    float[] rows = scratch.rows;
    int start = scratch.offset;
    int from = FloatScratch.OFFSET + pieces.productRow(block) * SpectrumLayout.PIECE_STRIDE;
    SpectrumLayout.gather(spectra, from, pieces.rowsPerFrequency(), rows, start, fft.size());
    fft.inverseUpperHalf(rows, start);
    target.add(
        tile,
        blockStart(block),
        blockEnd(block),
        rows,
        start + blockSize * ROW,
        product.exponent(block));
  }
}
