package io.github.convbasis.simd.convolution;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.simd.Lanes;
import io.github.convbasis.simd.fft.BatchFft;
import io.github.convbasis.simd.fft.RealBatchFft;
import io.github.convbasis.simd.fft.RealPairs;
import java.util.Arrays;

/**
 * Applies to every column of a head a kernel of its own, as layers with long convolutions do:
 * {@code y[i,c] = Σ_{j≤i} a_c[i-j]·x[j,c]}, and the transpose {@code z[j,c] = Σ_{i≥j}
 * a_c[i-j]·y[i,c]}, in float.
 *
 * <p>Blocked overlap-save, see {@link BlockedConvolution}. A lane holds one column: samples 2t and
 * 2t + 1 are real and imaginary parts, so that a column's bits do not depend on its neighbours, nor
 * on their magnitude. Windows are kept as {@code [tile][slice][window][frequency]} rows: {@code
 * 8n·d} bytes, twice x in float.
 *
 * <p>About {@code n·d·(10·log₂2L + 4·n/L)} flops for blocks of L rows, {@link BlockSizes}. Error of
 * an element below {@code 2·u·log₂2L·‖a_c‖₂·‖x_c‖₂}, u = 2⁻²⁴. Magnitudes do not matter, as kernels
 * and blocks are scaled by powers of two: only results beyond float overflow, and only what is far
 * below {@code u·‖a_c‖·‖x_c‖} underflows.
 *
 * <p>Rows of an output block do not change by a bit when rows of x after that block change, nor
 * those of the transpose when rows before it change. Doubles are narrowed when read.
 *
 * <p>Immutable and thread-safe.
 */
public final class DepthwiseConvolution {
  private static final int LANES = Lanes.COUNT;
  private static final int ROW = BatchFft.ROW;

  private final BlockedConvolution convolution;

  /**
   * Plans the convolutions with one kernel for each column.
   *
   * @param kernels entries by lag and column, n × d, n from 1 to {@value BlockSizes#MAX_ROWS};
   *     copied
   * @param head which head of it
   * @throws IllegalArgumentException if there are too many rows or an entry is not finite
   */
  public DepthwiseConvolution(HeadTensor kernels, int head) {
    this(kernels, head, BlockSizes.of(kernels.rows()));
  }

  /** Plans for blocks of a given size, a power of two from 8. */
  DepthwiseConvolution(HeadTensor allKernels, int head, int blockSize) {
    HeadTensor kernels = allKernels.head(head);
    kernels.requireFinite("kernels");
    int n = kernels.rows();
    int tiles = ColumnTile.tiles(kernels.width(), false);
    int[] exponents = exponents(kernels, tiles);
    ToeplitzProduct[] products = new ToeplitzProduct[tiles];
    int distance = BlockedConvolution.sliceRows(blockSize, false) * ROW;
    for (int tile = 0; tile < tiles; tile++) {
      products[tile] = new DepthwiseProduct(windows(kernels, tile, exponents, blockSize), distance);
    }
    convolution =
        new BlockedConvolution(n, kernels.width(), false, blockSize, products, 0, exponents);
  }

  private static int[] exponents(HeadTensor kernels, int tiles) {
    double[] greatest = new double[tiles * LANES];
    for (int row = 0; row < kernels.rows(); row++) {
      for (int c = 0; c < kernels.width(); c++) {
        greatest[c] = Math.max(greatest[c], Math.abs(kernels.get(0, row, c)));
      }
    }
    int[] exponents = new int[greatest.length];
    for (int c = 0; c < exponents.length; c++) {
      exponents[c] = BlockScales.kernelExponent(greatest[c]);
    }
    return exponents;
  }

  private static float[] windows(HeadTensor kernels, int tile, int[] exponents, int blockSize) {
    int blocks = BlockedConvolution.blocks(kernels.rows(), blockSize);
    int sliceRows = BlockedConvolution.sliceRows(blockSize, false);
    BatchFft fft = new BatchFft(blockSize);
    RealPairs pairs = new RealPairs(blockSize, sliceRows);
    float[] windows = new float[Math.toIntExact((long) blockSize * blocks * ROW)];
    float[] rows = new float[blockSize * ROW];
    for (int l = 0; l < blocks; l++) {
      sample(kernels, tile, exponents, (l - 1L) * blockSize, rows);
      fft.forward(rows, 0);
      place(rows, pairs, sliceRows, blockSize / sliceRows, windows, l, blocks);
    }
    return windows;
  }

  /** Fills a window, times 1/N for the inverse. */
  private static void sample(
      HeadTensor kernels, int tile, int[] exponents, long firstLag, float[] rows) {
    int size = rows.length / LANES;
    // Splitting doubles, and joining does.
    double factor = 0.25 / size;
    int columns = Math.min(LANES, kernels.width() - tile * LANES);
    Arrays.fill(rows, 0);
    int from = (int) Math.max(0, -firstLag);
    int to = (int) Math.min(size, kernels.rows() - firstLag);
    for (int m = from; m < to; m++) {
      for (int j = 0; j < columns; j++) {
        int column = tile * LANES + j;
        double value = kernels.get(0, (int) (firstLag + m), column);
        rows[m * LANES + j] = (float) (Math.scalb(value, -exponents[column]) * factor);
      }
    }
  }

  /** Splits a window's spectrum and distributes it to the slices. */
  private static void place(
      float[] rows,
      RealPairs pairs,
      int sliceRows,
      int slices,
      float[] windows,
      int window,
      int blocks) {
    for (int item = 0; item <= slices / 2; item++) {
      int slice = RealBatchFft.spectrumRow(item);
      pairs.split(slice, rows, slice * sliceRows * ROW, BatchFft.mirror(slice) * sliceRows * ROW);
    }
    int length = sliceRows * ROW;
    for (int slice = 0; slice < slices; slice++) {
      System.arraycopy(rows, slice * length, windows, (slice * blocks + window) * length, length);
    }
  }

  /**
   * Computes {@code y = A·x}.
   *
   * @param x finite, n rows and d columns; float or double
   * @param xHead which head
   * @param y as many rows and columns, distinct; x itself, or no part of it
   * @param yHead which head
   * @param scratch not in use by another call
   * @param parallelism how many tasks may work
   * @throws IllegalArgumentException if a shape is wrong
   * @throws ArithmeticException naming row and column, if an input or a result is too large for
   *     float; y is then partly written
   */
  public void apply(
      HeadTensor x,
      int xHead,
      HeadTensor y,
      int yHead,
      ConvolutionScratch scratch,
      Parallelism parallelism) {
    convolution.apply(x, xHead, y, yHead, false, scratch, parallelism);
  }

  /**
   * Computes {@code z = Aᵀ·y}.
   *
   * @param y finite, n rows and d columns; float or double
   * @param yHead which head
   * @param z as many rows and columns, distinct; y itself, or no part of it
   * @param zHead which head
   * @param scratch not in use by another call
   * @param parallelism how many tasks may work
   * @throws IllegalArgumentException if a shape is wrong
   * @throws ArithmeticException naming row and column, if an input or a result is too large for
   *     float; z is then partly written
   */
  public void applyTranspose(
      HeadTensor y,
      int yHead,
      HeadTensor z,
      int zHead,
      ConvolutionScratch scratch,
      Parallelism parallelism) {
    convolution.apply(y, yHead, z, zHead, true, scratch, parallelism);
  }
}
