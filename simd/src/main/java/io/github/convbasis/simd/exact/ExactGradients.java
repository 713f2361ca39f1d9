package io.github.convbasis.simd.exact;

import io.github.convbasis.backend.GradientEntries;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.simd.Pool;
import java.util.function.IntConsumer;

/**
 * Differentiates exact attention in float32 tile by tile: with weights {@code f_ij =
 * exp(scale·⟨q_i, k_j⟩ - logSum_i)}, recomputed, and {@code p_ij = f_ij·(⟨G_i, v_j⟩ - dot_i)} it
 * adds {@code dV = fᵀG}, {@code dQ = scale·p·K} and {@code dK = scale·pᵀQ}; {@code 6·d + 4·width}
 * flops per entry.
 *
 * <p>Each tile is computed once and its products are added to sums of all rows and keys. Rows and
 * keys are cut into parts of fixed size; in round r row part I meets key part I + r, modulo the
 * greater number of parts, so that no two parts of a round share rows or keys. Every sum has one
 * order, whatever the number of tasks, without partial sums for each.
 *
 * <p>Logits are bit for bit those of {@link ExactAttentionKernel}. Holds packed copies, about
 * {@code 4·(6·d + 4·width)} bytes for each row and key, and grows to the largest call. Mutable: one
 * call at a time, whose tasks share it.
 */
public final class ExactGradients {
  private static final int LANES = AttentionScratch.GROUP_ROWS;
  private static final int TILE_KEYS = GradientScratch.TILE_KEYS;
  private static final int BLOCK_ROWS = GradientScratch.BLOCK_ROWS;
  private static final int STRIDE = GradientScratch.STRIDE;

  /** Rows and keys of a part, a multiple of the rows and of the keys of a tile. */
  private static final int PART = 384;

  private final GradientRows rows = new GradientRows();
  private final GradientKeys keys = new GradientKeys();
  private final Pool<GradientScratch> scratches = new Pool<>(GradientScratch::new);

  // Made once, so that a call makes no closures.
  private final IntConsumer packRows = this::packRows;
  private final IntConsumer packKeys = this::packKeys;
  private final IntConsumer meet = this::meet;
  private final IntConsumer unpackRows = this::unpackRows;
  private final IntConsumer unpackKeys = this::unpackKeys;

  private AttentionInputs inputs;
  private int head;
  private double[] logSums;
  private double[] dots;
  private HeadTensor upstream;
  private HeadTensor gradQueries;
  private HeadTensor gradKeys;
  private HeadTensor gradValues;
  private int round;

  /**
   * Adds what some entries of one query head contribute to the gradients. Lags count only under
   * masks with positions.
   *
   * @param inputs queries, keys, values, scale, mask
   * @param head query head
   * @param entries which entries
   * @param logSums logarithms of the row sums of the head, by row
   * @param dots inner products of upstream gradient and output, by row
   * @param upstream gradient of the output, query heads × rows × width
   * @param gradQueries receives more at the rows of the head
   * @param gradKeys receives more at the rows of its key head
   * @param gradValues receives more at the rows of its key head
   * @param parallelism how many tasks may work
   * @throws ArithmeticException if a logit or a gradient overflows float32; gradients are then
   *     unspecified
   */
  public void add(
      AttentionInputs inputs,
      int head,
      GradientEntries entries,
      double[] logSums,
      double[] dots,
      HeadTensor upstream,
      HeadTensor gradQueries,
      HeadTensor gradKeys,
      HeadTensor gradValues,
      Parallelism parallelism) {
    this.inputs = inputs;
    this.head = head;
    this.logSums = logSums;
    this.dots = dots;
    this.upstream = upstream;
    this.gradQueries = gradQueries;
    this.gradKeys = gradKeys;
    this.gradValues = gradValues;
    rows.size(inputs, entries);
    keys.size(inputs, entries);
    int rowParts = parts(rows.count);
    int keyParts = parts(keys.count);
    if (rowParts == 0 || keyParts == 0) {
      return;
    }
    parallelism.forEach(rowParts, packRows);
    parallelism.forEach(keyParts, packKeys);
    int rounds = Math.max(rowParts, keyParts);
    for (round = 0; round < rounds; round++) {
      parallelism.forEach(rowParts, meet);
    }
    parallelism.forEach(rowParts, unpackRows);
    parallelism.forEach(keyParts, unpackKeys);
  }

  private static int parts(int count) {
    return (count + PART - 1) / PART;
  }

  /** Returns the end of a part, which may be padded to a whole block. */
  private static int end(int part, int count, int block) {
    return Math.min((part + 1) * PART, (count + block - 1) / block * block);
  }

  private void packRows(int part) {
    GradientScratch scratch = scratches.take();
    int end = end(part, rows.count, BLOCK_ROWS);
    rows.pack(inputs, head, logSums, dots, upstream, part * PART, end, scratch);
    scratches.give(scratch);
  }

  private void packKeys(int part) {
    keys.pack(inputs, inputs.keyHead(head), part * PART, end(part, keys.count, TILE_KEYS));
  }

  private void unpackRows(int part) {
    rows.unpack(gradQueries, head, part * PART, (part + 1) * PART);
  }

  private void unpackKeys(int part) {
    keys.unpack(gradKeys, gradValues, inputs.keyHead(head), part * PART, (part + 1) * PART);
  }

  private void meet(int rowPart) {
    int keyParts = parts(keys.count);
    int keyPart = (rowPart + round) % Math.max(parts(rows.count), keyParts);
    if (keyPart >= keyParts) {
      return;
    }
    GradientScratch scratch = scratches.take();
    int endRow = end(rowPart, rows.count, BLOCK_ROWS);
    int endKey = end(keyPart, keys.count, TILE_KEYS);
    for (int block = rowPart * PART; block < endRow; block += BLOCK_ROWS) {
      for (int begin = keyPart * PART; begin < endKey; begin += TILE_KEYS) {
        meet(block, begin, scratch);
      }
    }
    scratches.give(scratch);
  }

  /** Lets a block of rows meet a tile of keys. */
  private void meet(int block, int begin, GradientScratch scratch) {
    int count = Math.min(TILE_KEYS, keys.count - begin);
    int group = block / LANES;
    int end = group + BLOCK_ROWS / LANES;
    while (group < end && !rows.sees(group, begin, begin + count)) {
      group++;
    }
    if (group == end) {
      return;
    }
    while (!rows.sees(end - 1, begin, begin + count)) {
      end--;
    }
    for (int g = group; g < end; g++) {
      weigh(g, block, begin, count, scratch);
    }
    int at = group * LANES - block;
    addToKeys(scratch, block + at, at, (end - group) * LANES, begin);
    addToRows(scratch, block, at, end * LANES - block, begin, count);
  }

  /** Fills the columns of a group of rows in both tiles. */
  private void weigh(int group, int block, int begin, int count, GradientScratch scratch) {
    int lane = group * LANES;
    int at = lane - block;
    LogitTile.compute(
        rows.queryLanes,
        lane * rows.depth,
        keys.keys,
        begin * keys.depthStride,
        keys.depthStride,
        rows.depth,
        TILE_KEYS,
        scratch.weights,
        at,
        STRIDE);
    LogitTile.compute(
        rows.upstreamLanes,
        lane * rows.width,
        keys.values,
        begin * keys.widthStride,
        keys.widthStride,
        rows.width,
        TILE_KEYS,
        scratch.gradients,
        at,
        STRIDE);
    if (count < TILE_KEYS || !rows.seesAll(group, begin, begin + count)) {
      for (int i = 0; i < LANES; i++) {
        scratch.from[i] = Math.max(0, rows.from[lane + i] - begin);
        scratch.to[i] = Math.min(count, rows.to[lane + i] - begin);
      }
      GradientTile.hide(
          scratch.weights, scratch.gradients, at, STRIDE, TILE_KEYS, scratch.from, scratch.to);
    }
    GradientTile.weigh(
        scratch.weights,
        scratch.gradients,
        at,
        STRIDE,
        TILE_KEYS,
        rows.logSums,
        rows.rests,
        rows.dots,
        lane,
        (float) inputs.scale());
  }

  /** Adds products with {@code terms} rows from {@code row} on to the sums of a tile of keys. */
  private void addToKeys(GradientScratch scratch, int row, int at, int terms, int begin) {
    int stride = rows.widthStride;
    for (int column = 0; column < stride; column += LANES) {
      ProductTile.addAlongRows(
          scratch.weights,
          at,
          STRIDE,
          rows.upstream,
          Packing.panelAt(row, column, stride, BLOCK_ROWS),
          terms,
          TILE_KEYS,
          keys.valueGradients,
          begin * stride + column,
          stride);
    }
    stride = rows.depthStride;
    for (int column = 0; column < stride; column += LANES) {
      ProductTile.addAlongRows(
          scratch.gradients,
          at,
          STRIDE,
          rows.queries,
          Packing.panelAt(row, column, stride, BLOCK_ROWS),
          terms,
          TILE_KEYS,
          keys.keyGradients,
          begin * stride + column,
          stride);
    }
  }

  /** Adds products with a tile of keys to the sums of rows {@code from … to-1} of a block. */
  private void addToRows(
      GradientScratch scratch, int block, int from, int to, int begin, int count) {
    int first = from / ProductTile.ROWS * ProductTile.ROWS;
    int end = (to + ProductTile.ROWS - 1) / ProductTile.ROWS * ProductTile.ROWS;
    for (int j = 0; j < count; j++) {
      // Rows that share a register block with these see nothing here.
      for (int i = first; i < from; i++) {
        scratch.gradients[j * STRIDE + i] = 0;
      }
      for (int i = to; i < end; i++) {
        scratch.gradients[j * STRIDE + i] = 0;
      }
    }
    int stride = rows.depthStride;
    for (int column = 0; column < stride; column += LANES) {
      ProductTile.addAcrossRows(
          scratch.gradients,
          first,
          keys.keyPanels,
          Packing.panelAt(begin, column, stride, TILE_KEYS),
          count,
          end - first,
          rows.gradients,
          (block + first) * stride + column,
          stride);
    }
  }
}
