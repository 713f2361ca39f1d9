package io.github.convbasis.simd.spectral;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.SegmentedToeplitz;
import io.github.convbasis.simd.Pool;
import io.github.convbasis.simd.fft.BatchFft;
import io.github.convbasis.simd.fft.FloatScratch;
import io.github.convbasis.simd.fft.RealBatchFft;
import java.util.Arrays;

/**
 * Correlates blocks of one size inside the regions of the next: {@code Σ_j ⟨y_{j+l}, x_j⟩} over the
 * columns j of a segment whose row {@code j + l} lies in the same region, not nearer than the least
 * distance of blocks.
 *
 * <p>Pieces of X and blocks of Y are transformed once, with L zeros behind them. At every frequency
 * products of all pairs at one distance are added up, over columns too, in a slot; slots are real
 * sequences, two of which share a complex number in the inverse transform, each scaled by a power
 * of two first, so that they do not spoil each other.
 *
 * <p>Mutable scratch for one block size: spectra of X and Y, {@code 4·n·width} floats and more for
 * pieces, and {@code 2·L} floats for each slot. One call at a time, whose tasks share it; items
 * write rows, frequencies or slots of their own, so results do not depend on the tasks.
 */
final class CorrelationLevel {
  private static final int ROW = BatchFft.ROW;
  private static final int TILE = CorrelationKernels.TILE;
  private static final int RUN = SpectrumLayout.FREQUENCIES;
  private static final int STRIDE = SpectrumLayout.PIECE_STRIDE;

  /** Norm of inputs whose squares vanish in float; inputs are at most about 1. */
  private static final double LEAST_NORM = 1e-18;

  private final BatchFft fft;
  private final CorrelationPieces pieces;
  private final Pool<Scratch> scratches;
  private float[][] spectra = new float[0][];
  private float[][] upstreamSpectra = new float[0][];
  private double[] norms = new double[0];
  private double[] upstreamNorms = new double[0];
  private int[] exponents = new int[0];
  private float[] factors = new float[0];
  private float[] slotRows = new float[0];
  private int tiles;
  private int batches;

  // Of the tiles of columns that are in the spectra.
  private int firstTile;
  private int tileCount;

  /**
   * Plans.
   *
   * @param blockSize L
   * @param least least distance of blocks that counts: 0 or 1
   */
  CorrelationLevel(int blockSize, int least) {
    fft = new BatchFft(2 * blockSize);
    pieces = new CorrelationPieces(blockSize, least);
    scratches = new Pool<>(() -> new Scratch(fft.size()));
  }

  /** What one task needs. */
  private static final class Scratch {
    final float[] rows;
    float[] x = new float[0];
    float[] y = new float[0];
    float[] sums = new float[0];
    float[] mirrored = new float[0];
    float[] re = new float[0];
    float[] im = new float[0];

    Scratch(int size) {
      rows = FloatScratch.allocate((long) size * ROW);
    }

    void reserve(int xLength, int yLength, int slots) {
      x = room(x, xLength);
      y = room(y, yLength);
      sums = room(sums, slots * ROW);
      mirrored = room(mirrored, slots * ROW);
      re = room(re, slots);
      im = room(im, slots);
    }
  }

  private static float[] room(float[] kept, int length) {
    return kept.length >= length ? kept : new float[length];
  }

  /**
   * Adds what pairs of this size contribute.
   *
   * @param matrix where segments are
   * @param regionSize rows of a region
   * @param y rows, at most about 1
   * @param x columns, at most about 1
   * @param factor of the results
   * @param limit floats that the spectra of X or Y may take where there is a choice
   * @param gradients for each segment receives more by lag; null where it does not matter
   * @param parallelism how many tasks may work
   */
  void add(
      SegmentedToeplitz matrix,
      int regionSize,
      ValueColumns y,
      ValueColumns x,
      double factor,
      double limit,
      double[][] gradients,
      Parallelism parallelism) {
    pieces.cut(matrix, gradients, regionSize);
    if (pieces.slots == 0) {
      return;
    }
    tiles = x.tiles();
    batches = (pieces.slots + ROW - 1) / ROW;
    double perTile = (double) Math.max(pieces.count, pieces.blocks) * fft.size() * ROW;
    int atOnce = (int) Math.max(1, Math.min(tiles, limit / perTile));
    reserve(atOnce);
    for (firstTile = 0; firstTile < tiles; firstTile += atOnce) {
      tileCount = Math.min(atOnce, tiles - firstTile);
      parallelism.forEach(pieces.count, p -> transform(x, p));
      parallelism.forEach(pieces.blocks, b -> transformUpstream(y, b));
      if (firstTile == 0) {
        scale();
      }
      parallelism.forEach(SpectrumProduct.items(fft.size()), this::multiply);
    }
    parallelism.forEach(
        batches, batch -> fft.inverse(slotRows, FloatScratch.OFFSET + batch * fft.size() * ROW));
    parallelism.forEach(
        gradients.length, r -> addSlots(r, pieces.size - matrix.start(r), factor, gradients[r]));
  }

  private void reserve(int atOnce) {
    spectra = room(spectra, atOnce, pieces.count);
    upstreamSpectra = room(upstreamSpectra, atOnce, pieces.blocks);
    if (norms.length < pieces.count) {
      norms = new double[pieces.count];
    }
    if (upstreamNorms.length < pieces.blocks) {
      upstreamNorms = new double[pieces.blocks];
    }
    int slots = batches * ROW;
    if (exponents.length < slots) {
      exponents = new int[slots];
    }
    factors = room(factors, slots);
    long length = (long) batches * fft.size() * ROW;
    if (slotRows.length < length + FloatScratch.OFFSET) {
      slotRows = FloatScratch.allocate(length);
    }
  }

  private float[][] room(float[][] kept, int count, int rows) {
    long length = (long) rows * fft.size() * ROW;
    float[][] result = kept.length < count ? Arrays.copyOf(kept, count) : kept;
    for (int t = 0; t < count; t++) {
      if (result[t] == null || result[t].length < length + FloatScratch.OFFSET) {
        result[t] = FloatScratch.allocate(length);
      }
    }
    return result;
  }

  private void transform(ValueColumns x, int piece) {
    int from = pieces.from[piece];
    double norm = transform(x, from, pieces.to[piece], spectra, piece, pieces.count);
    norms[piece] = firstTile == 0 ? norm : norms[piece];
  }

  private void transformUpstream(ValueColumns y, int block) {
    int from = block * pieces.blockSize;
    int to = Math.min(pieces.size, from + pieces.blockSize);
    double norm = transform(y, from, to, upstreamSpectra, block, pieces.blocks);
    upstreamNorms[block] = firstTile == 0 ? norm : upstreamNorms[block];
  }

  /**
   * Transforms rows of some tiles, with zeros behind them, and returns the greatest norm of their
   * columns, at first of those of all tiles.
   */
  private double transform(
      ValueColumns source, int from, int to, float[][] target, int index, int count) {
    Scratch scratch = scratches.take();
    int start = FloatScratch.OFFSET;
    double norm = LEAST_NORM;
    int end = firstTile == 0 ? tiles : firstTile + tileCount;
    for (int t = firstTile; t < end; t++) {
      source.copy(t, from, to, scratch.rows, start);
      norm = Math.max(norm, ValueColumns.norm(scratch.rows, start, to - from));
      if (t < firstTile + tileCount) {
        Arrays.fill(scratch.rows, start + (to - from) * ROW, start + pieces.blockSize * ROW, 0);
        fft.forwardPadded(scratch.rows, start);
        int at = FloatScratch.OFFSET + index * STRIDE;
        SpectrumLayout.scatter(scratch.rows, start, fft.size(), target[t - firstTile], at, count);
      }
    }
    scratches.give(scratch);
    return norm;
  }

  /** Chooses the power of two of each slot by what its sums may be. */
  private void scale() {
    Arrays.fill(factors, 0, batches * ROW, 0);
    for (int s = 0; s < pieces.sets; s++) {
      for (int d = 0; d < pieces.distances[s]; d++) {
        int slot = pieces.firstSlot[s] + d;
        exponents[slot] = Math.getExponent(bound(s, pieces.least + d)) + 1;
        // The half of the real part, and what the inverse transform leaves out.
        factors[slot] = (float) Math.scalb(0.5 / fft.size(), -exponents[slot]);
      }
    }
  }

  private double bound(int set, int distance) {
    double sum = 0;
    for (int i = 0; i < pieces.pieces[set]; i++) {
      int block = pieces.firstBlock[set] + i;
      if (block + distance < pieces.regionEnd(block)) {
        sum += norms[pieces.firstPiece[set] + i] * upstreamNorms[block + distance];
      }
    }
    return sum;
  }

  /** Multiplies at the frequencies of one run and its mirror image. */
  private void multiply(int item) {
    int run = RealBatchFft.spectrumRow(item);
    int mirroredRun = BatchFft.mirror(run);
    Scratch scratch = scratches.take();
    int xRun = RUN * pieces.count * ROW;
    int yRun = RUN * pieces.paddedBlocks() * ROW;
    scratch.reserve(2 * tileCount * xRun, 2 * tileCount * yRun, batches * ROW);
    Arrays.fill(scratch.y, 0);
    // Slots that nobody has share complex numbers with others.
    Arrays.fill(scratch.re, pieces.slots, batches * ROW, 0);
    Arrays.fill(scratch.im, pieces.slots, batches * ROW, 0);
    for (int t = 0; t < tileCount; t++) {
      load(run, t, scratch, t * xRun, t * yRun);
      if (run != mirroredRun) {
        load(mirroredRun, t, scratch, (tileCount + t) * xRun, (tileCount + t) * yRun);
      }
    }
    int firstRow = run * RUN;
    for (int row = firstRow; row < firstRow + RUN; row++) {
      int mirrored = BatchFft.mirror(row);
      if (row <= mirrored) {
        add(row - firstRow, 0, scratch, scratch.sums);
        add(mirrored % RUN, run == mirroredRun ? 0 : tileCount, scratch, scratch.mirrored);
        CorrelationKernels.reduce(
            scratch.sums, scratch.mirrored, factors, pieces.slots, scratch.re, scratch.im);
        CorrelationKernels.place(
            scratch.re,
            scratch.im,
            batches,
            firstTile > 0,
            slotRows,
            FloatScratch.OFFSET + row * ROW,
            FloatScratch.OFFSET + mirrored * ROW,
            fft.size() * ROW);
      }
    }
    scratches.give(scratch);
  }

  /** Copies a run to {@code [frequency][piece]} and {@code [frequency][padded block]}. */
  private void load(int run, int tile, Scratch scratch, int xAt, int yAt) {
    for (int f = 0; f < RUN; f++) {
      int row = run * RUN + f;
      int from = FloatScratch.OFFSET + SpectrumLayout.index(row, pieces.count);
      for (int p = 0; p < pieces.count; p++) {
        int to = xAt + (f * pieces.count + p) * ROW;
        System.arraycopy(spectra[tile], from + p * STRIDE, scratch.x, to, ROW);
      }
      from = FloatScratch.OFFSET + SpectrumLayout.index(row, pieces.blocks);
      for (int b = 0; b < pieces.blocks; b++) {
        int to = yAt + (f * pieces.paddedBlocks() + pieces.paddedBlock(b)) * ROW;
        System.arraycopy(upstreamSpectra[tile], from + b * STRIDE, scratch.y, to, ROW);
      }
    }
  }

  /** Adds up the products of all slots at one frequency of a loaded run. */
  private void add(int frequency, int loaded, Scratch scratch, float[] sums) {
    Arrays.fill(sums, 0, pieces.slots * ROW, 0);
    for (int t = loaded; t < loaded + tileCount; t++) {
      int xAt = (t * RUN + frequency) * pieces.count * ROW;
      int yAt = (t * RUN + frequency) * pieces.paddedBlocks() * ROW;
      for (int s = 0; s < pieces.sets; s++) {
        addSet(s, scratch.x, xAt + pieces.firstPiece[s] * ROW, scratch.y, yAt, sums);
      }
    }
  }

  private void addSet(int set, float[] x, int xAt, float[] y, int yAt, float[] sums) {
    int first = pieces.firstBlock[set];
    int end = first + pieces.pieces[set];
    for (int block = first; block < end; ) {
      int regionEnd = pieces.regionEnd(block);
      int until = Math.min(end, regionEnd);
      for (int d = 0; d < pieces.distances[set]; d += TILE) {
        int distance = pieces.least + d;
        // Distances after this one may leave the region: blocks behind it are zero.
        int count = Math.min(until, regionEnd - distance) - block;
        if (count <= 0) {
          break;
        }
        CorrelationKernels.accumulate(
            x,
            xAt + (block - first) * ROW,
            y,
            yAt + (pieces.paddedBlock(block) + distance) * ROW,
            count,
            sums,
            (pieces.firstSlot[set] + d) * ROW);
      }
      block = until;
    }
  }

  /** Adds the samples of all slots of a segment, nearest distance first. */
  private void addSlots(int segment, int lags, double factor, double[] gradient) {
    if (gradient == null) {
      return;
    }
    int length = pieces.blockSize;
    for (int s = 0; s < pieces.sets; s++) {
      if (pieces.segment[s] != segment) {
        continue;
      }
      for (int d = 0; d < pieces.distances[s]; d++) {
        int slot = pieces.firstSlot[s] + d;
        int lag = (pieces.least + d) * length - pieces.phase[s];
        double scale = factor * Math.scalb(1.0, exponents[slot]);
        int at = FloatScratch.OFFSET + slot / ROW * fft.size() * ROW + slot % ROW;
        addSamples(at, lag, 0, Math.min(length, lags - lag), scale, gradient);
        addSamples(
            at + fft.size() * ROW, lag, 1 - length, Math.min(0, lags - lag), scale, gradient);
      }
    }
  }

  /** Adds samples {@code from … to-1}, counted from a row, at their lags. */
  private void addSamples(int at, int lag, int from, int to, double scale, double[] gradient) {
    for (int t = Math.max(from, -lag); t < to; t++) {
      gradient[lag + t] += scale * slotRows[at + t * ROW];
    }
  }
}
