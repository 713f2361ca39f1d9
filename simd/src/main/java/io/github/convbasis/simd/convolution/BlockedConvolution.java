package io.github.convbasis.simd.convolution;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.simd.Lanes;
import io.github.convbasis.simd.fft.BatchFft;
import io.github.convbasis.simd.fft.FloatScratch;
import io.github.convbasis.simd.fft.RealBatchFft;
import io.github.convbasis.simd.fft.RealPairs;

/**
 * Convolves one head by blocks (overlap-save): spectra of all blocks of L rows padded to 2L, a
 * triangle of products with the spectra of the kernel's windows, and one inverse per output block,
 * of which the upper half is kept.
 *
 * <p>Window l holds lag {@code (l-1)·L + m} at m, so that row o of an output block comes out at
 * {@code L + o} and nothing wraps onto it. For the transpose, {@code t - L} is the same as {@code t
 * + L}: with conjugate windows row t also comes out in the upper half, and with the blocks in
 * reverse order all else is the same.
 *
 * <p>Work items are blocks, and slices of the spectrum; each writes rows of its own. Immutable and
 * thread-safe.
 */
final class BlockedConvolution {
  private static final int LANES = Lanes.COUNT;
  private static final int ROW = BatchFft.ROW;

  /** Rows of a slice: with 8 blocks, 64 KiB at 16 lanes. */
  private static final int SLICE_ROWS = 64;

  /** Blocks to have in hand, from several tiles where one has fewer, so that tasks find work. */
  private static final int GROUP_BLOCKS = 16;

  private final int n;
  private final int width;
  private final boolean wide;
  private final int blockSize;
  private final int blocks;
  private final BatchFft fft;
  private final RealPairs pairs;
  private final int sliceRows;
  private final int blockStride;
  // One for all tiles, or each its own.
  private final ToeplitzProduct[] products;
  private final int windowsPerRow;
  private final int[] kernelExponents;

  /**
   * Assembles a plan.
   *
   * @param n rows
   * @param width columns, 0 for any number
   * @param wide whether 2·lanes columns share a real kernel, or lanes columns have their own
   * @param blockSize L
   * @param products one for all tiles, or one for each
   * @param windowStride distance between rows of the spectra in the products' windows
   * @param kernelExponents of each tile and lane, what its windows were divided by, or of any tile
   */
  BlockedConvolution(
      int n,
      int width,
      boolean wide,
      int blockSize,
      ToeplitzProduct[] products,
      int windowStride,
      int[] kernelExponents) {
    this.n = n;
    this.width = width;
    this.wide = wide;
    this.blockSize = blockSize;
    this.products = products;
    this.kernelExponents = kernelExponents;
    windowsPerRow = windowStride;
    blocks = blocks(n, blockSize);
    fft = new BatchFft(rows(blockSize, wide));
    sliceRows = sliceRows(blockSize, wide);
    pairs = wide ? null : new RealPairs(fft.size(), sliceRows);
    // Shifts neighbouring blocks against each other in caches whose sets repeat.
    blockStride = (fft.size() + sliceRows) * ROW;
  }

  /** Returns the number of blocks. */
  static int blocks(int n, int blockSize) {
    return (n + blockSize - 1) / blockSize;
  }

  /** Returns the rows of a block's spectrum. */
  static int rows(int blockSize, boolean wide) {
    return wide ? 2 * blockSize : blockSize;
  }

  /** Returns the rows of a slice. */
  static int sliceRows(int blockSize, boolean wide) {
    return Math.min(SLICE_ROWS, rows(blockSize, wide) / 2);
  }

  /** One call: what the work items share. */
  private static final class Call {
    boolean transpose;
    ColumnTile[] inputs;
    ColumnTile[] outputs;
    int firstTile;
    ConvolutionScratch scratch;
  }

  /** Computes {@code y = A·x}, or {@code y = Aᵀ·x}. */
  void apply(
      HeadTensor x,
      int xHead,
      HeadTensor y,
      int yHead,
      boolean transpose,
      ConvolutionScratch scratch,
      Parallelism parallelism) {
    require(x, xHead, "x");
    require(y, yHead, "y");
    if (x.width() != y.width()) {
      throw new IllegalArgumentException("y must be " + n + " × " + x.width() + ", was " + y);
    }
    int tiles = ColumnTile.tiles(x.width(), wide);
    int group = Math.min(tiles, Math.max(1, GROUP_BLOCKS / blocks));
    scratch.reserve((long) group * blocks * blockStride, group, group * blocks * LANES);
    Call call = new Call();
    call.transpose = transpose;
    call.scratch = scratch;
    for (int first = 0; first < tiles; first += group) {
      int count = Math.min(group, tiles - first);
      call.firstTile = first;
      call.inputs = new ColumnTile[count];
      call.outputs = new ColumnTile[count];
      for (int g = 0; g < count; g++) {
        call.inputs[g] = new ColumnTile(x, xHead, first + g, wide);
        call.outputs[g] = new ColumnTile(y, yHead, first + g, wide);
      }
      applyGroup(call, parallelism);
    }
  }

  private void require(HeadTensor tensor, int head, String name) {
    if (tensor.rows() != n || width != 0 && tensor.width() != width) {
      throw new IllegalArgumentException(
          String.format(
              "%s must be %d × %s, was %s", name, n, width == 0 ? "any" : "" + width, tensor));
    }
    if (head < 0 || head >= tensor.heads()) {
      throw new IllegalArgumentException(
          String.format("%s has %d heads, asked for %d", name, tensor.heads(), head));
    }
  }

  private void applyGroup(Call call, Parallelism parallelism) {
    int count = call.inputs.length;
    BlockScales[] scales = call.scratch.scales;
    parallelism.forEach(count * blocks, item -> transform(call, item));
    boolean plain = true;
    for (int g = 0; g < count; g++) {
      scales[g].choose(call.scratch.greatest, g * blocks * LANES, blocks);
      plain &= scales[g].arePlain();
    }
    if (!plain) {
      parallelism.forEach(count * blocks, item -> transformScaled(call, item));
    }
    int slices = fft.size() / sliceRows;
    int sliceItems = wide ? slices : slices / 2 + 1;
    parallelism.forEach(count * sliceItems, item -> multiply(call, item, sliceItems));
    parallelism.forEach(count * blocks, item -> collect(call, item));
  }

  /** Returns the place of a block's spectrum, in the order in which blocks act on each other. */
  private int slot(Call call, int block) {
    return call.transpose ? blocks - 1 - block : block;
  }

  private int start(int tile, int slot) {
    return FloatScratch.OFFSET + (tile * blocks + slot) * blockStride;
  }

  private void transform(Call call, int item) {
    int tile = item / blocks;
    int block = item % blocks;
    int slot = slot(call, block);
    call.inputs[tile].transform(
        fft,
        block * blockSize,
        call.scratch.spectra,
        start(tile, slot),
        call.scratch.greatest,
        (tile * blocks + slot) * LANES);
  }

  private void transformScaled(Call call, int item) {
    int tile = item / blocks;
    int slot = slot(call, item % blocks);
    BlockScales scales = call.scratch.scales[tile];
    if (scales.arePlain(slot)) {
      return;
    }
    float[] spectra = call.scratch.spectra;
    call.inputs[tile].load(
        item % blocks * blockSize,
        fft.size() / 2,
        spectra,
        start(tile, slot),
        call.scratch.greatest,
        (tile * blocks + slot) * LANES);
    float[] factors = call.scratch.factors.take();
    scales.inputFactors(slot, factors);
    ColumnTile.scale(spectra, start(tile, slot), fft.size() / 2, factors);
    call.scratch.factors.give(factors);
    fft.forwardPadded(spectra, start(tile, slot));
  }

  private void multiply(Call call, int item, int items) {
    int tile = item / items;
    ToeplitzProduct product = products[products.length == 1 ? 0 : call.firstTile + tile];
    if (wide) {
      multiplySlice(call, tile, item % items, product, 0);
      return;
    }
    int slice = slice(item % items);
    int mirrored = BatchFft.mirror(slice);
    int at = start(tile, 0) + slice * sliceRows * ROW;
    int mirroredAt = start(tile, 0) + mirrored * sliceRows * ROW;
    float[] spectra = call.scratch.spectra;
    for (int b = 0; b < blocks; b++) {
      pairs.split(slice, spectra, at + b * blockStride, mirroredAt + b * blockStride);
    }
    if (slice == 0) {
      float[] factors = call.scratch.factors.take();
      BlockScales scales = call.scratch.scales[tile];
      ((DepthwiseProduct) product)
          .multiplyReal(spectra, at, blockStride, blocks, 0, scales, factors);
      call.scratch.factors.give(factors);
    }
    multiplySlice(call, tile, slice, product, slice == 0 ? 1 : 0);
    if (mirrored != slice) {
      multiplySlice(call, tile, mirrored, product, 0);
    }
    for (int b = 0; b < blocks; b++) {
      pairs.join(slice, spectra, at + b * blockStride, mirroredAt + b * blockStride);
    }
  }

  /** Numbers slices that are not after their mirror images, which are placed as rows are. */
  private static int slice(int item) {
    return RealBatchFft.spectrumRow(item);
  }

  private void multiplySlice(
      Call call, int tile, int slice, ToeplitzProduct product, int firstRow) {
    int at = start(tile, 0) + (slice * sliceRows + firstRow) * ROW;
    int rows = sliceRows - firstRow;
    int window =
        wide
            ? slice * sliceRows * windowsPerRow
            : slice * sliceRows * blocks * ROW + firstRow * ROW;
    float sign = call.transpose ? -1 : 1;
    BlockScales scales = call.scratch.scales[tile];
    float[] spectra = call.scratch.spectra;
    if (scales.areUniform()) {
      product.multiply(spectra, at, blockStride, blocks, rows, window, sign);
      return;
    }
    float[] factors = call.scratch.factors.take();
    product.multiplyScaled(spectra, at, blockStride, blocks, rows, window, sign, scales, factors);
    call.scratch.factors.give(factors);
  }

  private void collect(Call call, int item) {
    int tile = item / blocks;
    int block = item % blocks;
    int slot = slot(call, block);
    float[] spectra = call.scratch.spectra;
    int at = start(tile, slot);
    float[] factors = call.scratch.factors.take();
    int exponentsAt = kernelExponents.length == LANES ? 0 : (call.firstTile + tile) * LANES;
    call.scratch.scales[tile].outputFactors(slot, kernelExponents, exponentsAt, factors);
    call.outputs[tile].transformBack(fft, spectra, at, block * blockSize, factors);
    call.scratch.factors.give(factors);
  }
}
