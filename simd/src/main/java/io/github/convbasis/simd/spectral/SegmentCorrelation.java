package io.github.convbasis.simd.spectral;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;
import java.util.Arrays;

/**
 * Correlates two heads segment by segment in float32, {@code Σ_j ⟨y_{j+l}, x_j⟩} over the columns j
 * of a segment: the derivative of {@code ⟨Y, H·X⟩} by the kernels of a segmented matrix H. On the
 * grid of nested blocks of {@link SegmentProduct}, so that rounding stays where that of the product
 * does: about {@code 2u·Σ ‖y of a block‖₂·‖x of a piece‖₂} over the pairs that meet at a lag.
 *
 * <p>Inputs whose greatest lies beyond 2^±20 are scaled by a power of two; products that are 2⁸⁰
 * smaller than the greatest may be lost. Mutable scratch: one call at a time, whose tasks may share
 * it.
 */
final class SegmentCorrelation {
  /** Products of inputs up to here leave a float room for what is 2⁸⁰ smaller. */
  private static final int SAFE_EXPONENT = 20;

  private final BlockPlan plan;
  private final CorrelationLevel[] levels;

  SegmentCorrelation(BlockPlan plan) {
    this.plan = plan;
    levels = new CorrelationLevel[plan.levels()];
    for (int level = 0; level < levels.length; level++) {
      levels[level] = new CorrelationLevel(plan.blockSize(level), level == 0 ? 0 : 1);
    }
  }

  /** Tells whether this can be used for another problem. */
  boolean fits(BlockPlan other) {
    return plan.equals(other);
  }

  /**
   * Computes all segments that matter.
   *
   * @param matrix where segments are
   * @param y n × columns, finite
   * @param x n × columns, finite
   * @param head head of both
   * @param gradients for each segment receives a number for each lag; null where it does not matter
   * @param parallelism how many tasks may work
   * @throws ArithmeticException if a result overflows
   */
  void apply(
      SegmentedToeplitz matrix,
      HeadTensor y,
      HeadTensor x,
      int head,
      double[][] gradients,
      Parallelism parallelism) {
    int n = matrix.size();
    for (int r = 0; r < gradients.length; r++) {
      if (gradients[r] != null) {
        Arrays.fill(gradients[r], 0, n - matrix.start(r), 0);
      }
    }
    double greatestY = y.maxAbs(head);
    double greatestX = x.maxAbs(head);
    if (greatestY == 0 || greatestX == 0) {
      return;
    }
    int exponentY = exponent(greatestY);
    int exponentX = exponent(greatestX);
    ValueColumns rows = new ValueColumns(y, head, Math.scalb(1.0, -exponentY));
    ValueColumns columns = new ValueColumns(x, head, Math.scalb(1.0, -exponentX));
    double factor = Math.scalb(1.0, exponentY + exponentX);
    for (int level = 0; level < levels.length; level++) {
      int region = level + 1 < levels.length ? plan.blockSize(level + 1) : n;
      levels[level].add(
          matrix, region, rows, columns, factor, plan.limit(), gradients, parallelism);
    }
    requireFinite(matrix, gradients);
  }

  private static int exponent(double greatest) {
    int exponent = Math.getExponent(greatest) + 1;
    return Math.abs(exponent) <= SAFE_EXPONENT ? 0 : exponent;
  }

  private static void requireFinite(SegmentedToeplitz matrix, double[][] gradients) {
    for (int r = 0; r < gradients.length; r++) {
      int lags = gradients[r] == null ? 0 : matrix.size() - matrix.start(r);
      for (int lag = 0; lag < lags; lag++) {
        if (!Double.isFinite(gradients[r][lag])) {
          throw new ArithmeticException("the gradient of kernel " + r + " overflows at lag " + lag);
        }
      }
    }
  }
}
