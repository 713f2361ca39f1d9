package io.github.convbasis.simd.matrix;

import io.github.convbasis.backend.LinearOperator;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.simd.Lanes;
import java.util.Arrays;

/**
 * A matrix of weights in panels of 2L outputs, {@code panel[input·2L + lane]}, so that products
 * read it in order, whether of many rows or of one.
 *
 * <p>Every element of a result is one chain of fused multiply-adds, inputs ascending, whatever rows
 * are computed together. Sums of a block of inputs wait in y for the next block. Memory: {@code
 * 4·inputs·outputs} bytes, outputs rounded up to whole panels. Immutable and thread-safe.
 */
public final class PackedMatrix implements LinearOperator {
  private static final int PANEL = 2 * Lanes.COUNT;

  /** Rows of a work item: whole tiles, and a block of their inputs fits the second-level cache. */
  private static final int ROW_BLOCK = 20 * ProductTile.ROWS;

  /** Inputs per block: their weights in a panel and five rows fit the first-level cache. */
  private static final int INPUT_BLOCK = 192;

  /** Outputs of a work item. */
  private static final int OUTPUT_BLOCK = 512;

  private final float[] panels;
  private final int outputs;
  private final int inputs;

  /**
   * Packs weights.
   *
   * @param weights outputs × inputs, row-major; not kept
   * @param outputs elements of a result
   * @param inputs elements of an argument
   * @throws ArithmeticException if the panels are more than an array holds
   */
  public PackedMatrix(float[] weights, int outputs, int inputs) {
    this.outputs = outputs;
    this.inputs = inputs;
    int count = (outputs + PANEL - 1) / PANEL;
    panels = new float[Math.toIntExact((long) count * inputs * PANEL)];
    for (int output = 0; output < outputs; output++) {
      int to = at(output);
      int from = output * inputs;
      for (int input = 0; input < inputs; input++) {
        panels[to + input * PANEL] = weights[from + input];
      }
    }
  }

  /** Returns where the weight of an output's first input lies. */
  private int at(int output) {
    return output / PANEL * PANEL * inputs + output % PANEL;
  }

  @Override
  public int outputs() {
    return outputs;
  }

  @Override
  public int inputs() {
    return inputs;
  }

  @Override
  public void copyOutput(int output, float[] target) {
    int from = at(output);
    for (int input = 0; input < inputs; input++) {
      target[input] = panels[from + input * PANEL];
    }
  }

  @Override
  public void apply(float[][] x, float[][] y, int rows, Parallelism parallelism) {
    int across = (outputs + OUTPUT_BLOCK - 1) / OUTPUT_BLOCK;
    int down = (rows + ROW_BLOCK - 1) / ROW_BLOCK;
    if (across * (long) down == 1) {
      block(x, y, rows, 0, 0);
    } else {
      parallelism.forEach(
          Math.multiplyExact(across, down),
          item -> block(x, y, rows, item / across, item % across));
    }
  }

  private void block(float[][] x, float[][] y, int rows, int down, int across) {
    int fromRow = down * ROW_BLOCK;
    int toRow = Math.min(rows, fromRow + ROW_BLOCK);
    int first = across * OUTPUT_BLOCK;
    int last = Math.min(outputs, first + OUTPUT_BLOCK);
    for (int row = fromRow; row < toRow; row++) {
      Arrays.fill(y[row], first, last, 0);
    }
    int tiled = fromRow + (toRow - fromRow) / ProductTile.ROWS * ProductTile.ROWS;
    int full = first + (last - first) / PANEL * PANEL;
    for (int from = 0; from < inputs; from += INPUT_BLOCK) {
      int to = Math.min(inputs, from + INPUT_BLOCK);
      for (int o = first; o < full; o += PANEL) {
        for (int row = fromRow; row < tiled; row += ProductTile.ROWS) {
          ProductTile.add(panels, o * inputs, from, to, x, y, row, o);
        }
      }
      for (int row = tiled; row < toRow; row++) {
        row(x[row], y[row], from, to, first, full);
      }
      if (full < last) {
        for (int row = fromRow; row < toRow; row++) {
          TailProduct.add(panels, full * inputs, from, to, x[row], y[row], full, outputs);
        }
      }
    }
  }

  /** Adds the products of one row with whole panels. */
  private void row(float[] x, float[] y, int from, int to, int first, int full) {
    int o = first;
    for (; o + RowProduct.PANELS * PANEL <= full; o += RowProduct.PANELS * PANEL) {
      RowProduct.addFour(panels, o * inputs, PANEL * inputs, from, to, x, y, o);
    }
    for (; o < full; o += PANEL) {
      RowProduct.add(panels, o * inputs, from, to, x, y, o);
    }
  }
}
