package io.github.convbasis.simd.spectral;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.SegmentPrefill;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;
import io.github.convbasis.simd.Pool;

/**
 * Keeps the scratch of the spectral form from call to call: one attention, one on a finer grid if
 * that was needed, one product and one correlation, made anew when the problem asks for another
 * grid. Mutable: one call at a time.
 */
public final class SpectralWorkspace {
  private SegmentAttention attention;
  private SegmentAttention finer;
  private SegmentProduct product;
  private SegmentCorrelation correlation;

  /** Makes an empty workspace. */
  public SpectralWorkspace() {}

  /**
   * Computes all rows of a head; see {@code Backend.attendSegments}. Where the cost model finds
   * exact attention cheaper every row is exact.
   *
   * @param inputs gives values, and queries and keys for the exact part
   * @param head query head
   * @param logits H, first segment at column 0
   * @param guardTolerance relative error from which a row is untrusted
   * @param output receives all rows of that head
   * @param untrusted receives true for untrusted rows, false for the others
   * @param parallelism how many tasks may work
   * @return the share of the lower triangle that was computed from queries and keys
   * @throws ArithmeticException if an exact logit overflows
   */
  public double attend(
      AttentionInputs inputs,
      int head,
      SegmentedToeplitz logits,
      double guardTolerance,
      HeadTensor output,
      boolean[] untrusted,
      Parallelism parallelism) {
    int depth = inputs.queries().width();
    int width = inputs.values().width();
    BlockPlan plan = BlockPlan.cheapest(logits.size(), depth, width, logits.terms());
    if (attention == null || !attention.fits(plan, depth, width)) {
      attention = SegmentAttention.atOnce(plan, depth, width);
    }
    attention.restart();
    return attention.advance(inputs, head, logits, guardTolerance, output, untrusted, parallelism);
  }

  private static int count(boolean[] flags, int rows) {
    int count = 0;
    for (int row = 0; row < rows; row++) {
      count += flags[row] ? 1 : 0;
    }
    return count;
  }

  /**
   * Computes all rows of a head whose logits left of the diagonal blocks are {@code w_r(i - j) +
   * g(i) + c(j)}, without some columns, and whose other weights come from somewhere else. Where the
   * cost model finds exact attention cheaper every row is exact attention from queries and keys,
   * whatever the near parts are; so are the rows from a block on whose offsets, logits or values
   * leave the range of the spectral form. If many rows cannot be trusted all are computed again on
   * a finer grid, so that the rounding of a row may depend on later ones.
   *
   * @param inputs gives values, and queries and keys for exact rows
   * @param head query head
   * @param kernels w, first segment at column 0
   * @param offsets g, c and the excluded columns
   * @param near near parts, one for each task that works at a time; null for the exact diagonal
   *     blocks, where no column may be excluded
   * @param guardTolerance relative error from which a row is untrusted
   * @param output receives all rows of that head; untrusted rows hold unspecified finite numbers
   * @param untrusted receives true for untrusted rows, false for the others
   * @param parallelism how many tasks may work
   * @return the share of the lower triangle in exact rows, and in diagonal blocks and excluded
   *     columns of the others; what the near parts correct does not count
   * @throws ArithmeticException if an exact logit overflows
   */
  public double attend(
      AttentionInputs inputs,
      int head,
      SegmentedToeplitz kernels,
      FarOffsets offsets,
      Pool<NearPart> near,
      double guardTolerance,
      HeadTensor output,
      boolean[] untrusted,
      Parallelism parallelism) {
    int depth = inputs.queries().width();
    int width = inputs.values().width();
    BlockPlan plan = plan(kernels.size(), depth, width, kernels.terms(), offsets);
    if (attention == null || !attention.fits(plan, depth, width)) {
      attention = SegmentAttention.atOnce(plan, depth, width);
    }
    attention.restart();
    double share =
        attention.advance(
            inputs, head, kernels, offsets, near, guardTolerance, output, untrusted, parallelism);
    BlockPlan finerPlan =
        plan.finer(inputs.rows(), depth, width, kernels.terms(), count(untrusted, inputs.rows()));
    if (finerPlan == null) {
      return share;
    }
    if (finer == null || !finer.fits(finerPlan, depth, width)) {
      finer = SegmentAttention.atOnce(finerPlan, depth, width);
    }
    finer.restart();
    return finer.advance(
        inputs, head, kernels, offsets, near, guardTolerance, output, untrusted, parallelism);
  }

  private static BlockPlan plan(int n, int depth, int width, int terms, FarOffsets offsets) {
    int columns = offsets.weighColumns() ? ValueColumns.sumColumn(width) + 1 : width;
    return BlockPlan.cheapest(n, depth, columns, terms);
  }

  /**
   * Returns the rows of the diagonal blocks that near parts compute.
   *
   * @param n rows
   * @param depth columns of queries and keys
   * @param width columns of values
   * @param terms segments
   * @param offsets g, c and the excluded columns
   * @return the smallest block size, 0 if every row is exact
   */
  public int band(int n, int depth, int width, int terms, FarOffsets offsets) {
    BlockPlan plan = plan(n, depth, width, terms, offsets);
    return plan.isExact() ? 0 : plan.blockSize(0);
  }

  /**
   * Predicts what attention from segmented logits costs, in the cheapest way.
   *
   * @param n rows
   * @param depth columns of queries and keys
   * @param width columns of values
   * @param terms segments
   * @return the cost in units of one exact pair of row and key, at most {@code n(n+1)/2}, which is
   *     exact attention
   */
  public static double segmentCost(int n, int depth, int width, int terms) {
    return BlockPlan.pairs(n, depth, width, terms);
  }

  /**
   * Plans attention by chunks; see {@code Backend.prefill}.
   *
   * @param capacity the most rows
   * @param depth columns of queries and keys
   * @param width columns of values
   * @param terms the most segments
   * @return the state before the first row
   */
  public static SegmentPrefill prefill(int capacity, int depth, int width, int terms) {
    BlockPlan plan = BlockPlan.cheapest(capacity, depth, width, terms);
    return SegmentAttention.byChunks(plan, capacity, depth, width, terms);
  }

  /**
   * Computes {@code y = H·x}, or {@code y = Hᵀ·x}.
   *
   * @param matrix H
   * @param x n × columns, finite
   * @param y n × columns
   * @param head head of both
   * @param transpose which
   * @param noises receives for each row a bound on the rounding of its elements, and {@code
   *     sumNoises} that of an x of ones; both null for a transposed product, or to do without
   * @param sumNoises see {@code noises}
   * @param parallelism how many tasks may work
   * @throws ArithmeticException if a result overflows float32
   */
  public void multiply(
      SegmentedToeplitz matrix,
      HeadTensor x,
      HeadTensor y,
      int head,
      boolean transpose,
      double[] noises,
      double[] sumNoises,
      Parallelism parallelism) {
    BlockPlan plan = BlockPlan.cheapestProduct(matrix.size(), x.width(), matrix.terms());
    if (product == null || !product.fits(plan)) {
      product = SegmentProduct.of(plan);
    }
    product.apply(matrix, x, y, head, transpose, noises, sumNoises, parallelism);
  }

  /**
   * Computes the derivative of {@code ⟨Y, H·X⟩} by the kernels of H; see {@code
   * SegmentPlan.kernelGradients}.
   *
   * @param matrix gives the segments of H
   * @param y n × columns, finite
   * @param x n × columns, finite
   * @param head head of both
   * @param gradients for each segment receives a number for each lag; null where it does not matter
   * @param parallelism how many tasks may work
   * @throws ArithmeticException if a result overflows
   */
  public void correlate(
      SegmentedToeplitz matrix,
      HeadTensor y,
      HeadTensor x,
      int head,
      double[][] gradients,
      Parallelism parallelism) {
    BlockPlan plan = BlockPlan.cheapestProduct(matrix.size(), x.width(), matrix.terms());
    if (correlation == null || !correlation.fits(plan)) {
      correlation = new SegmentCorrelation(plan);
    }
    correlation.apply(matrix, y, x, head, gradients, parallelism);
  }
}
