package io.github.convbasis.simd.spectral;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.SegmentPrefill;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;

/**
 * Keeps the scratch of the spectral form from call to call: one attention and one product, made
 * anew when the problem asks for another grid. Mutable: one call at a time.
 */
public final class SpectralWorkspace {
  private SegmentAttention attention;
  private SegmentProduct product;

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
   * @param parallelism how many tasks may work
   * @throws ArithmeticException if a result overflows float32
   */
  public void multiply(
      SegmentedToeplitz matrix,
      HeadTensor x,
      HeadTensor y,
      int head,
      boolean transpose,
      Parallelism parallelism) {
    BlockPlan plan = BlockPlan.cheapestProduct(matrix.size(), x.width(), matrix.terms());
    if (product == null || !product.fits(plan)) {
      product = SegmentProduct.of(plan);
    }
    product.apply(matrix, x, y, head, transpose, parallelism);
  }
}
