package io.github.convbasis.inference.plan;

import io.github.convbasis.attention.ExactAttention;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.TiledLogits;
import java.util.Arrays;

/**
 * Attention weights of one head, an n × n lower triangle, reduced to a square of pixels by the
 * maximum or the mean of the entries a pixel covers.
 *
 * <p>The weights are what attention gives of the unit matrix as values, so they are those a backend
 * attends with, of exact attention or of modelled logits: n³ multiply-adds, and memory for a slice
 * of columns. Immutable and thread-safe.
 */
public final class WeightMap {
  /** Columns of the unit matrix at a time. */
  private static final int SLICE = 128;

  /** What a pixel shows of the entries on or below the diagonal that it covers. */
  public enum Reduction {
    /** The greatest. */
    MAXIMUM,
    /** The mean. */
    MEAN
  }

  private final int rows;
  private final int side;
  private final double[] pixels;

  private WeightMap(int rows, int side, double[] pixels) {
    this.rows = rows;
    this.side = side;
    this.pixels = pixels;
  }

  /**
   * Computes the weights of a head.
   *
   * @param backend what attends
   * @param inputs causal, one head; values do not matter
   * @param model modelled logits, or null for exact attention. Rows that the backend does not trust
   *     are exact.
   * @param mostPixels most pixels along a side, at least 1
   * @param reduction what a pixel shows
   * @param parallelism how many tasks may work
   * @return the map
   * @throws IllegalArgumentException if there is more than one head or no pixel
   * @throws ArithmeticException if a logit overflows
   */
  public static WeightMap of(
      Backend backend,
      AttentionInputs inputs,
      TiledLogits model,
      int mostPixels,
      Reduction reduction,
      Parallelism parallelism) {
    if (inputs.queries().heads() != 1) {
      throw new IllegalArgumentException(
          "inputs must be of 1 head, were of " + inputs.queries().heads());
    }
    if (mostPixels < 1) {
      throw new IllegalArgumentException("mostPixels must be at least 1, was " + mostPixels);
    }
    int n = inputs.rows();
    int side = Math.min(n, mostPixels);
    double[] pixels = new double[side * side];
    int[] pixelOf = pixelOf(n, side);
    Workspace workspace = backend.newWorkspace();
    for (int from = 0; from < n; from += SLICE) {
      int width = Math.min(SLICE, n - from);
      HeadTensor output = HeadTensor.allocate(inputs.isSinglePrecision(), 1, n, width);
      attend(backend, slice(inputs, from, width), model, output, workspace, parallelism);
      for (int row = from; row < n; row++) {
        for (int column = from; column <= Math.min(row, from + width - 1); column++) {
          double weight = output.get(0, row, column - from);
          int at = pixelOf[row] * side + pixelOf[column];
          pixels[at] =
              reduction == Reduction.MEAN ? pixels[at] + weight : Math.max(pixels[at], weight);
        }
      }
    }
    if (reduction == Reduction.MEAN) {
      divide(pixels, pixelOf, side);
    }
    return new WeightMap(n, side, pixels);
  }

  private static int[] pixelOf(int n, int side) {
    int[] pixelOf = new int[n];
    for (int pixel = 0; pixel < side; pixel++) {
      int from = (int) ((long) pixel * n / side);
      Arrays.fill(pixelOf, from, (int) ((pixel + 1L) * n / side), pixel);
    }
    return pixelOf;
  }

  private static void divide(double[] pixels, int[] pixelOf, int side) {
    long[] counts = new long[pixels.length];
    for (int row = 0; row < pixelOf.length; row++) {
      for (int column = 0; column <= row; column++) {
        counts[pixelOf[row] * side + pixelOf[column]]++;
      }
    }
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] /= Math.max(1, counts[i]);
    }
  }

  /** Returns the inputs with columns of the unit matrix as values. */
  private static AttentionInputs slice(AttentionInputs inputs, int from, int width) {
    HeadTensor unit = HeadTensor.allocate(inputs.isSinglePrecision(), 1, inputs.rows(), width);
    double[] row = new double[width];
    for (int column = 0; column < width; column++) {
      row[column] = 1;
      unit.setRow(0, from + column, row);
      row[column] = 0;
    }
    return new AttentionInputs(
        inputs.queries(), inputs.keys(), unit, inputs.scale(), inputs.mask());
  }

  private static void attend(
      Backend backend,
      AttentionInputs inputs,
      TiledLogits model,
      HeadTensor output,
      Workspace workspace,
      Parallelism parallelism) {
    ExactAttention exact = new ExactAttention(backend);
    if (model == null) {
      exact.forward(inputs, output, workspace, parallelism);
      return;
    }
    boolean[] untrusted = new boolean[inputs.rows()];
    backend.attendTiles(
        inputs,
        0,
        model,
        backend.defaultGuardTolerance(),
        output,
        untrusted,
        workspace,
        parallelism);
    exact.forwardRows(inputs, 0, untrusted, output, workspace, parallelism);
  }

  /**
   * Returns n.
   *
   * @return rows of the triangle
   */
  public int rows() {
    return rows;
  }

  /**
   * Returns the size of the picture.
   *
   * @return pixels along a side
   */
  public int side() {
    return side;
  }

  /**
   * Returns a pixel.
   *
   * @param row from the top
   * @param column from the left, at most {@code row}
   * @return maximum or mean of the weights it covers
   */
  public double get(int row, int column) {
    return pixels[row * side + column];
  }
}
