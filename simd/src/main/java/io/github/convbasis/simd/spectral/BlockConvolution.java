package io.github.convbasis.simd.spectral;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.SegmentedToeplitz;
import io.github.convbasis.simd.Pool;
import io.github.convbasis.simd.fft.BatchFft;
import io.github.convbasis.simd.fft.FloatScratch;
import io.github.convbasis.simd.fft.RealBatchFft;
import java.util.Arrays;

/**
 * Adds up products of whole blocks of a region in the blocked spectral form: for every output block
 * {@code Σ_j w(H[i,j])·V[j]} over the columns of the blocks before it, and its own where the
 * diagonal counts; value spectra once per piece, half windows of kernels once per segment and
 * distance, a matrix product at each frequency, one inverse per output block, of which one half is
 * kept (overlap-save).
 *
 * <p>The rows of a piece go to the beginning of 2L rows, zeros behind them, and the window at index
 * m holds lag {@code (b-c-1)·L - phase + m}, so that row o of the output block comes out at L + o
 * and nothing wraps onto it.
 *
 * <p>The transpose, {@code Z[j] = Σ_i w(H[i,j])·Y[i]}, uses the same windows: blocks of Y in the
 * first half, conjugate spectra, sums over the blocks that follow a piece, and again the upper
 * half, since {@code Z[t] = Σ_o w[L+o-t]·Y[o]} is a correlation at {@code t - L}, which is {@code t
 * + L} modulo 2L.
 *
 * <p>Mutable scratch for regions of one block size; a region is one call, in which several tasks
 * may share the work. Work items are fixed, and each writes rows or frequencies of its own, so
 * results do not depend on the tasks.
 */
final class BlockConvolution {
  private static final int ROW = BatchFft.ROW;

  private final int blockSize;
  private final Weighting weighting;
  private final boolean diagonal;
  private final BatchFft fft;
  private final Pieces pieces = new Pieces();
  private final HalfWindows halves;
  private final SpectrumProduct product = new SpectrumProduct();
  private final RoundingBound rounding;
  private final Pool<BlockScratch> scratches;
  private float[][] spectra = new float[0][];
  private PieceSpectra kept = PieceSpectra.NONE;

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
   * @param weighting what becomes of the matrix's entries
   * @param diagonal whether the columns of an output block count for it
   */
  BlockConvolution(Plans plans, Weighting weighting, boolean diagonal) {
    fft = plans.values;
    this.weighting = weighting;
    this.diagonal = diagonal;
    blockSize = fft.size() / 2;
    rounding = new RoundingBound(fft.size());
    halves = new HalfWindows(plans.windows);
    scratches = new Pool<>(() -> new BlockScratch(blockSize));
  }

  /** Keeps the spectra of pieces from call to call, for calls that only add output blocks. */
  void keep(PieceSpectra store) {
    kept = store;
    rounding.keep(store);
  }

  /**
   * Adds the contributions inside one region.
   *
   * @param matrix H
   * @param values V
   * @param origin the region's first row and column
   * @param end after its last row
   * @param firstOutput first block to compute
   * @param limit floats that half windows, and value spectra, may take where there is a choice
   * @param target receives the sums
   * @param parallelism how many tasks may work
   */
  void add(
      SegmentedToeplitz matrix,
      ValueColumns values,
      int origin,
      int end,
      int firstOutput,
      long limit,
      FarField target,
      Parallelism parallelism) {
    addBlocks(false, matrix, values, origin, end, firstOutput, limit, target, parallelism);
  }

  /**
   * Adds the contributions of a region to the transposed product.
   *
   * @param matrix H
   * @param values Y
   * @param origin the region's first row and column
   * @param end after its last row
   * @param limit floats that half windows, and value spectra, may take where there is a choice
   * @param target receives the sums
   * @param parallelism how many tasks may work
   */
  void addTransposed(
      SegmentedToeplitz matrix,
      ValueColumns values,
      int origin,
      int end,
      long limit,
      FarField target,
      Parallelism parallelism) {
    addBlocks(true, matrix, values, origin, end, 0, limit, target, parallelism);
  }

  private void addBlocks(
      boolean transpose,
      SegmentedToeplitz matrix,
      ValueColumns values,
      int origin,
      int end,
      int firstOutput,
      long limit,
      FarField target,
      Parallelism parallelism) {
    int blocks = (end - origin + blockSize - 1) / blockSize;
    int first = diagonal ? firstOutput : Math.max(1, firstOutput);
    if (first >= blocks) {
      return;
    }
    pieces.cut(matrix, origin, end, blockSize, first, blocks, diagonal);
    int step = blocksAtOnce(blocks - first, limit);
    for (int from = first; from < blocks; from += step) {
      if (step < blocks - first) {
        pieces.cut(matrix, origin, end, blockSize, from, Math.min(blocks, from + step), diagonal);
      }
      if (transpose) {
        correlate(matrix, values, limit, target, parallelism);
      } else {
        addOutputs(matrix, values, limit, target, parallelism);
      }
    }
  }

  /**
   * Says how many output blocks to handle at a time. Each time values are transformed again unless
   * they are kept, which bounds the room for windows at little cost.
   */
  private int blocksAtOnce(int outputs, long limit) {
    int all = Math.min(outputs, kept.outputs());
    double share = limit / (2.0 * (blockSize + 1) * Math.max(1, pieces.slots));
    int groups = (int) (Math.min(1, share) * outputs) / SpectrumProduct.GROUP;
    return share >= 1 ? all : Math.min(all, Math.max(1, groups) * SpectrumProduct.GROUP);
  }

  private void addOutputs(
      SegmentedToeplitz matrix,
      ValueColumns values,
      long limit,
      FarField target,
      Parallelism parallelism) {
    if (values.weights() != null) {
      assert kept.isEmpty() : "spectra of weighted values are not kept";
      values.weights().setExponents(pieces);
    }
    halves.fill(pieces, matrix, weighting, scratches, parallelism);
    product.scale(pieces, halves);
    int transformed = kept.place(pieces);
    rounding.reset(transformed, pieces.count);
    int batch = kept.isEmpty() ? reserve(limit, values.tiles()) : values.tiles();
    for (int tile = 0; tile < values.tiles(); tile += batch) {
      int tiles = Math.min(batch, values.tiles() - tile);
      addTiles(values, tile, tiles, transformed, target, parallelism);
    }
    kept.transformed(pieces.count);
    // Entries of a product, and its inputs, may be doubles that were rounded.
    boolean rounded = values.weights() != null || weighting == Weighting.LINEAR;
    for (int b = pieces.firstOutput; b < pieces.blocks; b++) {
      double noise = rounding.values(pieces, product, halves, b, rounded);
      boolean hasSums = values.hasSums() || weighting == Weighting.LINEAR;
      double sumNoise = hasSums ? rounding.sums(pieces, product, halves, b) : 0;
      target.raise(pieces.blockStart(b), pieces.blockEnd(b), product.exponent(b), noise, sumNoise);
    }
  }

  /** Makes room for the spectra of as many tiles as the limit allows, and returns that number. */
  private int reserve(long limit, int tiles) {
    long length = (long) fft.size() * pieces.rowsPerFrequency * ROW;
    int batch = (int) Math.max(1, Math.min(tiles, limit / length));
    if (spectra.length < batch) {
      int had = spectra.length;
      spectra = Arrays.copyOf(spectra, batch);
      Arrays.fill(spectra, had, batch, new float[0]);
    }
    for (int t = 0; t < batch; t++) {
      if (spectra[t].length < length + FloatScratch.OFFSET) {
        spectra[t] = FloatScratch.allocate(length);
      }
    }
    return batch;
  }

  private void addTiles(
      ValueColumns values,
      int firstTile,
      int tiles,
      int transformed,
      FarField target,
      Parallelism parallelism) {
    float[][] store = kept.isEmpty() ? spectra : kept.spectra();
    int fresh = pieces.count - transformed;
    parallelism.forEach(
        fresh,
        item -> {
          BlockScratch scratch = scratches.take();
          int piece = transformed + item;
          weigh(values, piece, scratch);
          for (int t = 0; t < tiles; t++) {
            transformPiece(values, firstTile + t, piece, store[t], scratch);
          }
          scratches.give(scratch);
        });
    parallelism.forEach(
        SpectrumProduct.items(fft.size()),
        item -> {
          BlockScratch scratch = scratches.take();
          product.multiply(pieces, halves, false, item, store, tiles, scratch);
          scratches.give(scratch);
        });
    parallelism.forEach(
        tiles * (pieces.blocks - pieces.firstOutput),
        item -> {
          BlockScratch scratch = scratches.take();
          int b = pieces.firstOutput + item / tiles;
          collect(firstTile + item % tiles, b, store[item % tiles], target, scratch);
          scratches.give(scratch);
        });
  }

  /**
   * Leaves the weights of a piece in the scratch's samples, and their norm. Products, which have
   * none, are asked for the rounding of what a column of ones would give.
   */
  private void weigh(ValueColumns values, int piece, BlockScratch scratch) {
    int from = pieces.from[piece];
    int to = pieces.to[piece];
    if (values.weights() == null) {
      rounding.recordSum(piece, Math.sqrt(to - from));
      return;
    }
    if (pieces.exponent[piece] == SpectrumProduct.NOTHING) {
      Arrays.fill(scratch.samples, 0, to - from, 0);
    } else {
      values.weights().copy(from, to, pieces.exponent[piece], scratch.samples);
    }
    rounding.recordSum(piece, ColumnWeights.norm(scratch.samples, to - from));
  }

  private void transformPiece(
      ValueColumns values, int tile, int piece, float[] store, BlockScratch scratch) {
    int from = pieces.from[piece];
    int to = pieces.to[piece];
    values.copy(tile, from, to, scratch.rows, scratch.offset);
    if (values.weights() != null) {
      ColumnWeights.scale(scratch.samples, to - from, scratch.rows, scratch.offset);
    }
    if (tile < values.valueTiles()) {
      double norm = ValueColumns.norm(scratch.rows, scratch.offset, to - from);
      rounding.record(piece, norm, RoundingBound.isTiny(norm) ? values.maxAbs(from, to) : 0);
    }
    if (values.hasSums() && tile == values.sumTile()) {
      int at = scratch.offset + values.sumLane();
      ColumnWeights.place(scratch.samples, to - from, scratch.rows, at);
    }
    transform(to - from, piece, store, scratch);
  }

  /** Transforms the first rows of the scratch, zeros behind them, to a row of each frequency. */
  private void transform(int count, int row, float[] store, BlockScratch scratch) {
    int start = scratch.offset;
    Arrays.fill(scratch.rows, start + count * ROW, start + blockSize * ROW, 0);
    fft.forwardPadded(scratch.rows, start);
    int at = FloatScratch.OFFSET + row * SpectrumLayout.PIECE_STRIDE;
    SpectrumLayout.scatter(scratch.rows, start, fft.size(), store, at, pieces.rowsPerFrequency);
  }

  /** Transforms a row of each frequency back; the scratch's upper half holds the result. */
  private void transformBack(int row, float[] store, BlockScratch scratch) {
    int from = FloatScratch.OFFSET + row * SpectrumLayout.PIECE_STRIDE;
    SpectrumLayout.gather(
        store, from, pieces.rowsPerFrequency, scratch.rows, scratch.offset, fft.size());
    fft.inverseUpperHalf(scratch.rows, scratch.offset);
  }

  private void collect(int tile, int block, float[] store, FarField target, BlockScratch scratch) {
    if (product.exponent(block) == SpectrumProduct.NOTHING) {
      return;
    }
    transformBack(pieces.productRow(block), store, scratch);
    target.add(
        tile,
        pieces.blockStart(block),
        pieces.blockEnd(block),
        scratch.rows,
        scratch.offset + blockSize * ROW,
        product.exponent(block));
  }

  private void correlate(
      SegmentedToeplitz matrix,
      ValueColumns values,
      long limit,
      FarField target,
      Parallelism parallelism) {
    halves.fill(pieces, matrix, weighting, scratches, parallelism);
    product.scaleTransposed(pieces, halves);
    int inputs = pieces.blocks - pieces.firstOutput;
    pieces.rowsPerFrequency = Math.max(pieces.count, inputs) + 1;
    int batch = reserve(limit, values.tiles());
    for (int tile = 0; tile < values.tiles(); tile += batch) {
      int tiles = Math.min(batch, values.tiles() - tile);
      correlateTiles(values, tile, tiles, target, parallelism);
    }
    for (int c = 0; c < pieces.blocks; c++) {
      target.raise(pieces.blockStart(c), pieces.blockEnd(c), product.exponent(c), 0, 0);
    }
  }

  private void correlateTiles(
      ValueColumns values, int firstTile, int tiles, FarField target, Parallelism parallelism) {
    parallelism.forEach(
        tiles * (pieces.blocks - pieces.firstOutput),
        item -> {
          BlockScratch scratch = scratches.take();
          int b = pieces.firstOutput + item / tiles;
          int from = pieces.blockStart(b);
          int to = pieces.blockEnd(b);
          values.copy(firstTile + item % tiles, from, to, scratch.rows, scratch.offset);
          transform(to - from, item / tiles, spectra[item % tiles], scratch);
          scratches.give(scratch);
        });
    parallelism.forEach(
        SpectrumProduct.items(fft.size()),
        item -> {
          BlockScratch scratch = scratches.take();
          product.multiply(pieces, halves, true, item, spectra, tiles, scratch);
          scratches.give(scratch);
        });
    parallelism.forEach(
        tiles * pieces.blocks,
        item -> {
          BlockScratch scratch = scratches.take();
          collectPieces(
              firstTile + item % tiles, item / tiles, spectra[item % tiles], target, scratch);
          scratches.give(scratch);
        });
  }

  private void collectPieces(
      int tile, int block, float[] store, FarField target, BlockScratch scratch) {
    if (product.exponent(block) == SpectrumProduct.NOTHING) {
      return;
    }
    float[] joined = scratch.joined();
    int blockStart = pieces.blockStart(block);
    // Columns before the first segment belong to no piece.
    Arrays.fill(joined, 0);
    for (int p = pieces.firstPiece[block]; p < pieces.firstPiece[block + 1]; p++) {
      transformBack(p, store, scratch);
      System.arraycopy(
          scratch.rows,
          scratch.offset + blockSize * ROW,
          joined,
          (pieces.from[p] - blockStart) * ROW,
          (pieces.to[p] - pieces.from[p]) * ROW);
    }
    target.add(tile, blockStart, pieces.blockEnd(block), joined, 0, product.exponent(block));
  }
}
