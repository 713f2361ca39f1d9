package io.github.convbasis.simd;

import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import java.util.Arrays;
import java.util.SplittableRandom;

/** Makes attention inputs from a seed. */
public final class Samples {
  private Samples() {}

  /** How the elements of a tensor lie in their array. */
  public enum Layout {
    /** Heads × rows × width. */
    DENSE,
    /** Rows × heads × width, as models give it. */
    INTERLEAVED,
    /** Heads × rows × width with gaps and an odd offset. */
    PADDED
  }

  /**
   * Makes a tensor of numbers between -size and size; gaps hold NaN.
   *
   * @param random where the numbers come from
   * @param layout layout
   * @param single float or double storage
   * @param heads heads
   * @param rows rows
   * @param width width
   * @param size greatest absolute value
   * @return the tensor
   */
  public static HeadTensor tensor(
      SplittableRandom random,
      Layout layout,
      boolean single,
      int heads,
      int rows,
      int width,
      double size) {
    HeadTensor tensor = empty(layout, single, heads, rows, width);
    double[] elements = new double[width];
    for (int head = 0; head < heads; head++) {
      for (int row = 0; row < rows; row++) {
        for (int c = 0; c < width; c++) {
          elements[c] = size * (2 * random.nextDouble() - 1);
        }
        tensor.setRow(head, row, elements);
      }
    }
    return tensor;
  }

  /**
   * Makes a tensor of NaN, the dirtiest of outputs.
   *
   * @param layout layout
   * @param single float or double storage
   * @param heads heads
   * @param rows rows
   * @param width width
   * @return the tensor
   */
  public static HeadTensor empty(Layout layout, boolean single, int heads, int rows, int width) {
    int gap = layout == Layout.PADDED ? 3 : 0;
    boolean interleaved = layout == Layout.INTERLEAVED;
    int rowStride = interleaved ? heads * width : width + gap;
    int headStride = interleaved ? width : rows * rowStride + gap;
    int length = gap + heads * rows * (width + gap) + heads * gap;
    if (single) {
      float[] data = new float[length];
      Arrays.fill(data, Float.NaN);
      return HeadTensor.of(data, gap, heads, headStride, rows, rowStride, width);
    }
    double[] data = new double[length];
    Arrays.fill(data, Double.NaN);
    return HeadTensor.of(data, gap, heads, headStride, rows, rowStride, width);
  }

  /**
   * Makes causal inputs of one head in dense floats, scale 1/√depth.
   *
   * @param seed seed
   * @param rows sequence length
   * @param depth width of queries and keys
   * @param width width of values
   * @param size greatest absolute value of queries and keys
   * @return the inputs
   */
  public static AttentionInputs causal(long seed, int rows, int depth, int width, double size) {
    SplittableRandom random = new SplittableRandom(seed);
    return AttentionInputs.causal(
        tensor(random, Layout.DENSE, true, 1, rows, depth, size),
        tensor(random, Layout.DENSE, true, 1, rows, depth, size),
        tensor(random, Layout.DENSE, true, 1, rows, width, 1));
  }

  /**
   * Makes inputs of any shape.
   *
   * @param seed seed
   * @param layout layout of all tensors
   * @param single float or double storage
   * @param queryHeads query heads
   * @param keyHeads key heads
   * @param rows query rows
   * @param keyRows key rows
   * @param depth width of queries and keys
   * @param width width of values
   * @param mask mask
   * @return the inputs
   */
  public static AttentionInputs inputs(
      long seed,
      Layout layout,
      boolean single,
      int queryHeads,
      int keyHeads,
      int rows,
      int keyRows,
      int depth,
      int width,
      AttentionMask mask) {
    SplittableRandom random = new SplittableRandom(seed);
    return new AttentionInputs(
        tensor(random, layout, single, queryHeads, rows, depth, 2),
        tensor(random, layout, single, keyHeads, keyRows, depth, 2),
        tensor(random, layout, single, keyHeads, keyRows, width, 1),
        1 / Math.sqrt(depth),
        mask);
  }
}
