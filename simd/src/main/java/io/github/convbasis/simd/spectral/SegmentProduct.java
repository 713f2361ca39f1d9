package io.github.convbasis.simd.spectral;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;
import io.github.convbasis.simd.Pool;
import io.github.convbasis.simd.fft.BatchFft;

/**
 * Multiplies a segmented matrix, or its transpose, with the columns of one head in float32 with the
 * blocked spectral form on a grid of nested blocks ({@link BlockPlan}), diagonal blocks included.
 *
 * <p>Every block of the output has its own exponent. A head whose greatest input lies beyond 2^±40
 * is scaled by one power of two; then what is 2⁸⁰ smaller may be lost. Rounding error per element
 * about {@code 2u·Σ ‖kernel window‖₂·‖input of the piece‖₂·log₂(2L)/3} over the pieces that count
 * for its block. Rows of a product do not depend on inputs after their block of the largest size,
 * those of a transposed one not on inputs before it, but for that scale.
 *
 * <p>Mutable scratch: one call at a time, whose tasks may share it.
 */
public final class SegmentProduct {
  /** Sums and squares of inputs up to here fit a float with room to spare. */
  private static final int SAFE_EXPONENT = 40;

  private final BlockPlan plan;
  private final BlockConvolution top;
  private final FarField field;
  private final Pool<BlockConvolution[]> inner;

  private SegmentProduct(BlockPlan plan) {
    this.plan = plan;
    int levels = plan.levels();
    BlockConvolution.Plans[] transforms = new BlockConvolution.Plans[levels];
    for (int level = 0; level < levels; level++) {
      transforms[level] = new BlockConvolution.Plans(plan.blockSize(level));
    }
    top = convolution(transforms, levels - 1);
    field = new FarField(plan.blockSize(0));
    inner =
        new Pool<>(
            () -> {
              BlockConvolution[] convolutions = new BlockConvolution[levels - 1];
              for (int level = 0; level < levels - 1; level++) {
                convolutions[level] = convolution(transforms, level);
              }
              return convolutions;
            });
  }

  private static BlockConvolution convolution(BlockConvolution.Plans[] transforms, int level) {
    return new BlockConvolution(transforms[level], Weighting.LINEAR, level == 0);
  }

  /**
   * Plans products on a grid.
   *
   * @param plan a grid of at least one block size
   * @return scratch
   */
  static SegmentProduct of(BlockPlan plan) {
    return new SegmentProduct(plan);
  }

  /** Tells whether this can be used for another problem. */
  boolean fits(BlockPlan other) {
    return plan.equals(other);
  }

  /** Computes a product without bounds on its rounding. */
  void apply(
      SegmentedToeplitz matrix,
      HeadTensor x,
      HeadTensor y,
      int head,
      boolean transpose,
      Parallelism parallelism) {
    apply(matrix, x, y, head, transpose, null, null, parallelism);
  }

  /**
   * Computes {@code y = H·x}, or {@code y = Hᵀ·x}.
   *
   * @param matrix H
   * @param x n × columns, finite
   * @param y n × columns
   * @param head head of both
   * @param transpose which
   * @param noises receives for each row a bound on the rounding of its elements; null for a
   *     transposed product, or to do without
   * @param sumNoises receives for each row the same for an x of ones; null to do without
   * @param parallelism how many tasks may work
   * @throws ArithmeticException if a result overflows float32
   */
  void apply(
      SegmentedToeplitz matrix,
      HeadTensor x,
      HeadTensor y,
      int head,
      boolean transpose,
      double[] noises,
      double[] sumNoises,
      Parallelism parallelism) {
    int n = matrix.size();
    int inputExponent = inputExponent(x.maxAbs(head));
    ValueColumns values = new ValueColumns(x, head, Math.scalb(1.0, -inputExponent));
    field.reset(0, n, values.tiles());
    add(top, matrix, values, 0, n, plan.limit(), transpose, parallelism);
    int size = plan.blockSize(plan.levels() - 1);
    parallelism.forEach(
        (n + size - 1) / size,
        region -> {
          int from = region * size;
          int to = Math.min(n, from + size);
          if (plan.levels() > 1) {
            BlockConvolution[] convolutions = inner.take();
            addInner(convolutions, matrix, values, from, to, transpose);
            inner.give(convolutions);
          }
          write(values.tiles(), from, to, inputExponent, y, head);
          if (noises != null) {
            writeNoises(from, to, inputExponent, noises, sumNoises);
          }
        });
  }

  private void writeNoises(
      int fromRow, int toRow, int inputExponent, double[] noises, double[] sumNoises) {
    for (int row = fromRow; row < toRow; row++) {
      int exponent = field.exponent(row);
      boolean empty = exponent == SpectrumProduct.NOTHING;
      noises[row] =
          empty ? 0 : Math.scalb(field.noise(row), clamp((long) exponent + inputExponent));
      if (sumNoises != null) {
        sumNoises[row] = empty ? 0 : Math.scalb(field.sumNoise(row), clamp(exponent));
      }
    }
  }

  private static int inputExponent(double greatest) {
    int exponent = Math.getExponent(greatest) + 1;
    return greatest == 0 || Math.abs(exponent) <= SAFE_EXPONENT ? 0 : exponent;
  }

  private void addInner(
      BlockConvolution[] convolutions,
      SegmentedToeplitz matrix,
      ValueColumns values,
      int from,
      int to,
      boolean transpose) {
    for (int level = plan.levels() - 2; level >= 0; level--) {
      int size = plan.blockSize(level + 1);
      for (int origin = from; origin < to; origin += size) {
        add(
            convolutions[level],
            matrix,
            values,
            origin,
            Math.min(to, origin + size),
            Long.MAX_VALUE,
            transpose,
            Parallelism.sequential());
      }
    }
  }

  private void add(
      BlockConvolution convolution,
      SegmentedToeplitz matrix,
      ValueColumns values,
      int from,
      int to,
      long limit,
      boolean transpose,
      Parallelism parallelism) {
    if (transpose) {
      convolution.addTransposed(matrix, values, from, to, limit, field, parallelism);
    } else {
      convolution.add(matrix, values, from, to, 0, limit, field, parallelism);
    }
  }

  private void write(int tiles, int fromRow, int toRow, int inputExponent, HeadTensor y, int head) {
    for (int row = fromRow; row < toRow; row++) {
      int exponent = field.exponent(row);
      boolean empty = exponent == SpectrumProduct.NOTHING;
      double factor = empty ? 0 : Math.scalb(1.0, clamp((long) exponent + inputExponent));
      for (int tile = 0; tile < tiles; tile++) {
        int column = tile * BatchFft.ROW;
        int count = Math.min(BatchFft.ROW, y.width() - column);
        int at = y.index(head, row) + column;
        int from = field.index(tile, row);
        boolean finite =
            y.isSinglePrecision()
                ? scale(field.sums(), from, factor, y.floats(), at, count)
                : scale(field.sums(), from, factor, y.doubles(), at, count);
        if (!finite) {
          throw new ArithmeticException("product, or its rounding, overflows in row " + row);
        }
      }
    }
  }

  private static int clamp(long exponent) {
    return (int) Math.max(-2000, Math.min(2000, exponent));
  }

  private static boolean scale(
      float[] source, int from, double factor, float[] target, int at, int count) {
    float sum = 0;
    for (int i = 0; i < count; i++) {
      float value = factor == 0 ? 0 : (float) (source[from + i] * factor);
      target[at + i] = value;
      sum += value - value;
    }
    return sum == 0;
  }

  private static boolean scale(
      float[] source, int from, double factor, double[] target, int at, int count) {
    double sum = 0;
    for (int i = 0; i < count; i++) {
      double value = factor == 0 ? 0 : source[from + i] * factor;
      target[at + i] = value;
      sum += value - value;
    }
    return sum == 0;
  }
}
