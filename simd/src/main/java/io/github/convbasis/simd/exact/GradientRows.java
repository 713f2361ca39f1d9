package io.github.convbasis.simd.exact;

import io.github.convbasis.backend.GradientEntries;
import io.github.convbasis.backend.SeenKeys;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import java.util.Arrays;

/**
 * Packs the chosen query rows of one head, and what they see, for {@link ExactGradients}: queries
 * and upstream gradients both in lanes and as panels, and the gradients of the queries.
 *
 * <p>About {@code 4·(3·d + 2·width)} bytes for each row. Tasks may pack and unpack different blocks
 * at a time; sizes are set by one thread.
 */
final class GradientRows {
  private static final int LANES = AttentionScratch.GROUP_ROWS;

  /** Rows chosen. */
  int count;

  int depth;
  int width;

  /** Padded widths, distances of rows of gradients. */
  int depthStride;

  int widthStride;

  /** Queries times {@code scale·log2(e)}, groups × depth × 2L. */
  float[] queryLanes = new float[0];

  /** Upstream gradients, groups × width × 2L. */
  float[] upstreamLanes = new float[0];

  /** Panels of whole blocks, {@link Packing#panelAt}. */
  float[] queries = new float[0];

  float[] upstream = new float[0];

  /** Gradients of the queries. */
  float[] gradients = new float[0];

  /** Logarithms of row sums to base 2, what they lack, and scaled dots. */
  float[] logSums = new float[0];

  float[] rests = new float[0];
  float[] dots = new float[0];

  /** First packed key that each row sees, and the end of these keys. */
  int[] from = new int[0];

  int[] to = new int[0];

  /** Least and greatest of these for each group. */
  int[] leastFrom = new int[0];

  int[] mostFrom = new int[0];
  int[] leastTo = new int[0];
  int[] mostTo = new int[0];

  private int[] rows;
  private SeenKeys seen;

  /** Returns a multiple of the lanes of a group that is no smaller. */
  static int paddedWidth(int width) {
    return (width + LANES - 1) / LANES * LANES;
  }

  /** Makes room for the rows of a call. */
  void size(AttentionInputs inputs, GradientEntries entries) {
    rows = entries.rows();
    seen = SeenKeys.of(inputs, entries);
    count = rows == null ? inputs.rows() : rows.length;
    depth = inputs.queries().width();
    width = inputs.values().width();
    depthStride = paddedWidth(depth);
    widthStride = paddedWidth(width);
    int block = GradientScratch.BLOCK_ROWS;
    int padded = Math.multiplyExact((count + block - 1) / block, block);
    queryLanes = room(queryLanes, padded, depth);
    upstreamLanes = room(upstreamLanes, padded, width);
    queries = room(queries, padded, depthStride);
    upstream = room(upstream, padded, widthStride);
    gradients = room(gradients, padded, depthStride);
    logSums = room(logSums, padded, 1);
    rests = room(rests, padded, 1);
    dots = room(dots, padded, 1);
    if (from.length < padded) {
      from = new int[padded];
      to = new int[padded];
      leastFrom = new int[padded / LANES];
      mostFrom = new int[padded / LANES];
      leastTo = new int[padded / LANES];
      mostTo = new int[padded / LANES];
    }
  }

  static float[] room(float[] kept, int rows, int width) {
    int needed = Math.multiplyExact(rows, width);
    return kept.length >= needed ? kept : new float[needed];
  }

  /** Returns the tensor's row of a packed one. */
  int row(int index) {
    return rows == null ? index : rows[index];
  }

  /** Packs whole blocks of rows {@code first … end-1} and clears their gradients. */
  void pack(
      AttentionInputs inputs,
      int head,
      double[] rowLogSums,
      double[] rowDots,
      HeadTensor upstreamTensor,
      int first,
      int end,
      GradientScratch scratch) {
    int buffer = Transposition.bufferSize(Math.max(depth, width));
    if (scratch.transposition.length < buffer) {
      scratch.transposition = new float[buffer];
    }
    Arrays.fill(gradients, first * depthStride, end * depthStride, 0);
    Arrays.fill(queries, first * depthStride, end * depthStride, 0);
    Arrays.fill(upstream, first * widthStride, end * widthStride, 0);
    for (int r = first; r < end; r++) {
      if (r < count) {
        int row = row(r);
        panels(inputs.queries(), head, row, depthStride, queries, r, scratch);
        panels(upstreamTensor, head, row, widthStride, upstream, r, scratch);
        from[r] = seen.first(row);
        to[r] = seen.end(row);
        setSums(row, rowLogSums[row], inputs.scale() * rowDots[row], r);
      } else {
        from[r] = 0;
        to[r] = 0;
        setSums(0, 0, 0, r);
      }
    }
    double factor = inputs.scale() * ExactAttentionKernel.LOG2_E;
    for (int r = first; r < end; r += LANES) {
      summarise(r);
      if (r < count) {
        lanes(inputs.queries(), head, r, factor, queryLanes, r * depth, scratch);
        lanes(upstreamTensor, head, r, 1, upstreamLanes, r * width, scratch);
      }
    }
  }

  private static void panels(
      HeadTensor source,
      int head,
      int row,
      int stride,
      float[] target,
      int r,
      GradientScratch scratch) {
    if (scratch.row.length < stride) {
      scratch.row = new float[stride];
    }
    Packing.row(source, head, row, stride, scratch.row, 0);
    Packing.panels(scratch.row, 0, stride, GradientScratch.BLOCK_ROWS, target, r);
  }

  private void lanes(
      HeadTensor source,
      int head,
      int first,
      double factor,
      float[] target,
      int at,
      GradientScratch scratch) {
    for (int lane = 0; lane < LANES; lane++) {
      scratch.starts[lane] = source.index(head, row(Math.min(first + lane, count - 1)));
    }
    Packing.queries(source, scratch.starts, 0, factor, target, at, scratch.transposition);
  }

  private void setSums(int row, double logSum, double dot, int r) {
    double base2 = logSum * ExactAttentionKernel.LOG2_E;
    if (!(Math.abs(base2) <= Float.MAX_VALUE)) {
      throw new ArithmeticException(
          String.format("log sum %s of query row %d overflows float32", logSum, row));
    }
    logSums[r] = (float) base2;
    rests[r] = (float) (base2 - logSums[r]);
    dots[r] = (float) dot;
  }

  private void summarise(int first) {
    int group = first / LANES;
    leastFrom[group] = Integer.MAX_VALUE;
    mostFrom[group] = 0;
    leastTo[group] = Integer.MAX_VALUE;
    mostTo[group] = 0;
    for (int r = first; r < first + LANES; r++) {
      leastFrom[group] = Math.min(leastFrom[group], from[r]);
      mostFrom[group] = Math.max(mostFrom[group], from[r]);
      leastTo[group] = Math.min(leastTo[group], to[r]);
      mostTo[group] = Math.max(mostTo[group], to[r]);
    }
  }

  /** Tells whether any row of a group may see packed keys {@code begin … end-1}. */
  boolean sees(int group, int begin, int end) {
    return leastFrom[group] < end && mostTo[group] > begin;
  }

  /** Tells whether all rows of a group see packed keys {@code begin … end-1}. */
  boolean seesAll(int group, int begin, int end) {
    return mostFrom[group] <= begin && leastTo[group] >= end;
  }

  /** Adds the gradients of packed rows {@code first … end-1} to theirs in a tensor. */
  void unpack(HeadTensor target, int head, int first, int end) {
    for (int r = first; r < Math.min(end, count); r++) {
      add("queries", gradients, r * depthStride, target, head, row(r));
    }
  }

  /** Adds a packed row to one of a tensor and refuses what is not finite. */
  static void add(String name, float[] source, int at, HeadTensor target, int head, int row) {
    int width = target.width();
    int to = target.index(head, row);
    double check = 0;
    if (target.isSinglePrecision()) {
      check = GradientTile.add(source, at, width, target.floats(), to);
    } else {
      double[] doubles = target.doubles();
      for (int c = 0; c < width; c++) {
        doubles[to + c] += source[at + c];
        check += doubles[to + c] * 0;
      }
    }
    if (check != 0) {
      throw new ArithmeticException(
          String.format(
              "the gradient of %s of head %d overflows float32 in row %d", name, head, row));
    }
  }
}
