package io.github.convbasis.simd.convolution;

import io.github.convbasis.simd.Lanes;
import io.github.convbasis.simd.fft.BatchFft;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The products of kernels of every lane's own: windows are vectors.
 *
 * <p>Window l at a frequency is a row at {@code window + l·distance}, the next frequency the next
 * row. Each method is one loop and makes no call that might not inline. Immutable and thread-safe.
 */
final class DepthwiseProduct extends ToeplitzProduct {
  private static final VectorSpecies<Float> SPECIES = Lanes.FLOATS;
  private static final int LANES = SPECIES.length();
  private static final int ROW = BatchFft.ROW;

  private final float[] windows;
  private final int distance;

  DepthwiseProduct(float[] windows, int distance) {
    this.windows = windows;
    this.distance = distance;
  }

  @Override
  void triangle(float[] data, int y, int stride, int rows, int window, float sign) {
    int k = window;
    for (int i = y; i < y + rows * ROW; i += ROW) {
      FloatVector x3Re = FloatVector.fromArray(SPECIES, data, i + 3 * stride);
      FloatVector x3Im = FloatVector.fromArray(SPECIES, data, i + 3 * stride + LANES);
      FloatVector x2Re = FloatVector.fromArray(SPECIES, data, i + 2 * stride);
      FloatVector x2Im = FloatVector.fromArray(SPECIES, data, i + 2 * stride + LANES);
      FloatVector x1Re = FloatVector.fromArray(SPECIES, data, i + stride);
      FloatVector x1Im = FloatVector.fromArray(SPECIES, data, i + stride + LANES);
      FloatVector x0Re = FloatVector.fromArray(SPECIES, data, i);
      FloatVector x0Im = FloatVector.fromArray(SPECIES, data, i + LANES);
      FloatVector x3Turn = x3Im.mul(-sign);
      FloatVector x3Side = x3Re.mul(sign);
      FloatVector x2Turn = x2Im.mul(-sign);
      FloatVector x2Side = x2Re.mul(sign);
      FloatVector x1Turn = x1Im.mul(-sign);
      FloatVector x1Side = x1Re.mul(sign);
      FloatVector x0Turn = x0Im.mul(-sign);
      FloatVector x0Side = x0Re.mul(sign);
      FloatVector wRe = FloatVector.fromArray(SPECIES, windows, k);
      FloatVector wIm = FloatVector.fromArray(SPECIES, windows, k + LANES);
      FloatVector y3Re = wIm.fma(x3Turn, wRe.mul(x3Re));
      FloatVector y3Im = wIm.fma(x3Side, wRe.mul(x3Im));
      FloatVector y2Re = wIm.fma(x2Turn, wRe.mul(x2Re));
      FloatVector y2Im = wIm.fma(x2Side, wRe.mul(x2Im));
      FloatVector y1Re = wIm.fma(x1Turn, wRe.mul(x1Re));
      FloatVector y1Im = wIm.fma(x1Side, wRe.mul(x1Im));
      FloatVector y0Re = wIm.fma(x0Turn, wRe.mul(x0Re));
      FloatVector y0Im = wIm.fma(x0Side, wRe.mul(x0Im));
      wRe = FloatVector.fromArray(SPECIES, windows, k + distance);
      wIm = FloatVector.fromArray(SPECIES, windows, k + distance + LANES);
      y3Re = wIm.fma(x2Turn, wRe.fma(x2Re, y3Re));
      y3Im = wIm.fma(x2Side, wRe.fma(x2Im, y3Im));
      y2Re = wIm.fma(x1Turn, wRe.fma(x1Re, y2Re));
      y2Im = wIm.fma(x1Side, wRe.fma(x1Im, y2Im));
      y1Re = wIm.fma(x0Turn, wRe.fma(x0Re, y1Re));
      y1Im = wIm.fma(x0Side, wRe.fma(x0Im, y1Im));
      wRe = FloatVector.fromArray(SPECIES, windows, k + 2 * distance);
      wIm = FloatVector.fromArray(SPECIES, windows, k + 2 * distance + LANES);
      y3Re = wIm.fma(x1Turn, wRe.fma(x1Re, y3Re));
      y3Im = wIm.fma(x1Side, wRe.fma(x1Im, y3Im));
      y2Re = wIm.fma(x0Turn, wRe.fma(x0Re, y2Re));
      y2Im = wIm.fma(x0Side, wRe.fma(x0Im, y2Im));
      wRe = FloatVector.fromArray(SPECIES, windows, k + 3 * distance);
      wIm = FloatVector.fromArray(SPECIES, windows, k + 3 * distance + LANES);
      y3Re = wIm.fma(x0Turn, wRe.fma(x0Re, y3Re));
      y3Im = wIm.fma(x0Side, wRe.fma(x0Im, y3Im));
      y0Re.intoArray(data, i);
      y0Im.intoArray(data, i + LANES);
      y1Re.intoArray(data, i + stride);
      y1Im.intoArray(data, i + stride + LANES);
      y2Re.intoArray(data, i + 2 * stride);
      y2Im.intoArray(data, i + 2 * stride + LANES);
      y3Re.intoArray(data, i + 3 * stride);
      y3Im.intoArray(data, i + 3 * stride + LANES);
      k += ROW;
    }
  }

  @Override
  void square(float[] data, int y, int x, int stride, int rows, int window, int lag, float sign) {
    int apart = x - y;
    int k = window + (lag - 3) * distance;
    for (int i = y; i < y + rows * ROW; i += ROW) {
      FloatVector y0Re = FloatVector.fromArray(SPECIES, data, i);
      FloatVector y0Im = FloatVector.fromArray(SPECIES, data, i + LANES);
      FloatVector y1Re = FloatVector.fromArray(SPECIES, data, i + stride);
      FloatVector y1Im = FloatVector.fromArray(SPECIES, data, i + stride + LANES);
      FloatVector y2Re = FloatVector.fromArray(SPECIES, data, i + 2 * stride);
      FloatVector y2Im = FloatVector.fromArray(SPECIES, data, i + 2 * stride + LANES);
      FloatVector y3Re = FloatVector.fromArray(SPECIES, data, i + 3 * stride);
      FloatVector y3Im = FloatVector.fromArray(SPECIES, data, i + 3 * stride + LANES);
      FloatVector xRe = FloatVector.fromArray(SPECIES, data, i + apart + 3 * stride);
      FloatVector xIm = FloatVector.fromArray(SPECIES, data, i + apart + 3 * stride + LANES);
      FloatVector turn = xIm.mul(-sign);
      FloatVector side = xRe.mul(sign);
      FloatVector w0Re = FloatVector.fromArray(SPECIES, windows, k);
      FloatVector w0Im = FloatVector.fromArray(SPECIES, windows, k + LANES);
      y0Re = w0Im.fma(turn, w0Re.fma(xRe, y0Re));
      y0Im = w0Im.fma(side, w0Re.fma(xIm, y0Im));
      FloatVector w1Re = FloatVector.fromArray(SPECIES, windows, k + distance);
      FloatVector w1Im = FloatVector.fromArray(SPECIES, windows, k + distance + LANES);
      y1Re = w1Im.fma(turn, w1Re.fma(xRe, y1Re));
      y1Im = w1Im.fma(side, w1Re.fma(xIm, y1Im));
      FloatVector w2Re = FloatVector.fromArray(SPECIES, windows, k + 2 * distance);
      FloatVector w2Im = FloatVector.fromArray(SPECIES, windows, k + 2 * distance + LANES);
      y2Re = w2Im.fma(turn, w2Re.fma(xRe, y2Re));
      y2Im = w2Im.fma(side, w2Re.fma(xIm, y2Im));
      FloatVector w3Re = FloatVector.fromArray(SPECIES, windows, k + 3 * distance);
      FloatVector w3Im = FloatVector.fromArray(SPECIES, windows, k + 3 * distance + LANES);
      y3Re = w3Im.fma(turn, w3Re.fma(xRe, y3Re));
      y3Im = w3Im.fma(side, w3Re.fma(xIm, y3Im));
      xRe = FloatVector.fromArray(SPECIES, data, i + apart + 2 * stride);
      xIm = FloatVector.fromArray(SPECIES, data, i + apart + 2 * stride + LANES);
      turn = xIm.mul(-sign);
      side = xRe.mul(sign);
      y0Re = w1Im.fma(turn, w1Re.fma(xRe, y0Re));
      y0Im = w1Im.fma(side, w1Re.fma(xIm, y0Im));
      y1Re = w2Im.fma(turn, w2Re.fma(xRe, y1Re));
      y1Im = w2Im.fma(side, w2Re.fma(xIm, y1Im));
      y2Re = w3Im.fma(turn, w3Re.fma(xRe, y2Re));
      y2Im = w3Im.fma(side, w3Re.fma(xIm, y2Im));
      FloatVector w4Re = FloatVector.fromArray(SPECIES, windows, k + 4 * distance);
      FloatVector w4Im = FloatVector.fromArray(SPECIES, windows, k + 4 * distance + LANES);
      y3Re = w4Im.fma(turn, w4Re.fma(xRe, y3Re));
      y3Im = w4Im.fma(side, w4Re.fma(xIm, y3Im));
      xRe = FloatVector.fromArray(SPECIES, data, i + apart + stride);
      xIm = FloatVector.fromArray(SPECIES, data, i + apart + stride + LANES);
      turn = xIm.mul(-sign);
      side = xRe.mul(sign);
      y0Re = w2Im.fma(turn, w2Re.fma(xRe, y0Re));
      y0Im = w2Im.fma(side, w2Re.fma(xIm, y0Im));
      y1Re = w3Im.fma(turn, w3Re.fma(xRe, y1Re));
      y1Im = w3Im.fma(side, w3Re.fma(xIm, y1Im));
      y2Re = w4Im.fma(turn, w4Re.fma(xRe, y2Re));
      y2Im = w4Im.fma(side, w4Re.fma(xIm, y2Im));
      FloatVector w5Re = FloatVector.fromArray(SPECIES, windows, k + 5 * distance);
      FloatVector w5Im = FloatVector.fromArray(SPECIES, windows, k + 5 * distance + LANES);
      y3Re = w5Im.fma(turn, w5Re.fma(xRe, y3Re));
      y3Im = w5Im.fma(side, w5Re.fma(xIm, y3Im));
      xRe = FloatVector.fromArray(SPECIES, data, i + apart);
      xIm = FloatVector.fromArray(SPECIES, data, i + apart + LANES);
      turn = xIm.mul(-sign);
      side = xRe.mul(sign);
      y0Re = w3Im.fma(turn, w3Re.fma(xRe, y0Re));
      y0Im = w3Im.fma(side, w3Re.fma(xIm, y0Im));
      y1Re = w4Im.fma(turn, w4Re.fma(xRe, y1Re));
      y1Im = w4Im.fma(side, w4Re.fma(xIm, y1Im));
      y2Re = w5Im.fma(turn, w5Re.fma(xRe, y2Re));
      y2Im = w5Im.fma(side, w5Re.fma(xIm, y2Im));
      FloatVector w6Re = FloatVector.fromArray(SPECIES, windows, k + 6 * distance);
      FloatVector w6Im = FloatVector.fromArray(SPECIES, windows, k + 6 * distance + LANES);
      y3Re = w6Im.fma(turn, w6Re.fma(xRe, y3Re));
      y3Im = w6Im.fma(side, w6Re.fma(xIm, y3Im));
      y0Re.intoArray(data, i);
      y0Im.intoArray(data, i + LANES);
      y1Re.intoArray(data, i + stride);
      y1Im.intoArray(data, i + stride + LANES);
      y2Re.intoArray(data, i + 2 * stride);
      y2Im.intoArray(data, i + 2 * stride + LANES);
      y3Re.intoArray(data, i + 3 * stride);
      y3Im.intoArray(data, i + 3 * stride + LANES);
      k += ROW;
    }
  }

  @Override
  void column(float[] data, int y, int x, int stride, int rows, int window, int lag, float sign) {
    int apart = x - y;
    int k = window + lag * distance;
    for (int i = y; i < y + rows * ROW; i += ROW) {
      FloatVector y0Re = FloatVector.fromArray(SPECIES, data, i);
      FloatVector y0Im = FloatVector.fromArray(SPECIES, data, i + LANES);
      FloatVector y1Re = FloatVector.fromArray(SPECIES, data, i + stride);
      FloatVector y1Im = FloatVector.fromArray(SPECIES, data, i + stride + LANES);
      FloatVector y2Re = FloatVector.fromArray(SPECIES, data, i + 2 * stride);
      FloatVector y2Im = FloatVector.fromArray(SPECIES, data, i + 2 * stride + LANES);
      FloatVector y3Re = FloatVector.fromArray(SPECIES, data, i + 3 * stride);
      FloatVector y3Im = FloatVector.fromArray(SPECIES, data, i + 3 * stride + LANES);
      FloatVector xRe = FloatVector.fromArray(SPECIES, data, i + apart);
      FloatVector xIm = FloatVector.fromArray(SPECIES, data, i + apart + LANES);
      FloatVector turn = xIm.mul(-sign);
      FloatVector side = xRe.mul(sign);
      FloatVector w0Re = FloatVector.fromArray(SPECIES, windows, k);
      FloatVector w0Im = FloatVector.fromArray(SPECIES, windows, k + LANES);
      y0Re = w0Im.fma(turn, w0Re.fma(xRe, y0Re));
      y0Im = w0Im.fma(side, w0Re.fma(xIm, y0Im));
      FloatVector w1Re = FloatVector.fromArray(SPECIES, windows, k + distance);
      FloatVector w1Im = FloatVector.fromArray(SPECIES, windows, k + distance + LANES);
      y1Re = w1Im.fma(turn, w1Re.fma(xRe, y1Re));
      y1Im = w1Im.fma(side, w1Re.fma(xIm, y1Im));
      FloatVector w2Re = FloatVector.fromArray(SPECIES, windows, k + 2 * distance);
      FloatVector w2Im = FloatVector.fromArray(SPECIES, windows, k + 2 * distance + LANES);
      y2Re = w2Im.fma(turn, w2Re.fma(xRe, y2Re));
      y2Im = w2Im.fma(side, w2Re.fma(xIm, y2Im));
      FloatVector w3Re = FloatVector.fromArray(SPECIES, windows, k + 3 * distance);
      FloatVector w3Im = FloatVector.fromArray(SPECIES, windows, k + 3 * distance + LANES);
      y3Re = w3Im.fma(turn, w3Re.fma(xRe, y3Re));
      y3Im = w3Im.fma(side, w3Re.fma(xIm, y3Im));
      y0Re.intoArray(data, i);
      y0Im.intoArray(data, i + LANES);
      y1Re.intoArray(data, i + stride);
      y1Im.intoArray(data, i + stride + LANES);
      y2Re.intoArray(data, i + 2 * stride);
      y2Im.intoArray(data, i + 2 * stride + LANES);
      y3Re.intoArray(data, i + 3 * stride);
      y3Im.intoArray(data, i + 3 * stride + LANES);
      k += ROW;
    }
  }

  @Override
  void diagonal(float[] data, int y, int rows, int window, float sign) {
    int k = window;
    for (int i = y; i < y + rows * ROW; i += ROW) {
      FloatVector xRe = FloatVector.fromArray(SPECIES, data, i);
      FloatVector xIm = FloatVector.fromArray(SPECIES, data, i + LANES);
      FloatVector wRe = FloatVector.fromArray(SPECIES, windows, k);
      FloatVector wIm = FloatVector.fromArray(SPECIES, windows, k + LANES);
      wIm.fma(xIm.mul(-sign), wRe.mul(xRe)).intoArray(data, i);
      wIm.fma(xRe.mul(sign), wRe.mul(xIm)).intoArray(data, i + LANES);
      k += ROW;
    }
  }

  @Override
  void single(
      float[] data, int y, int x, int rows, int window, int lag, float sign, float[] factors) {
    FloatVector factor = FloatVector.broadcast(SPECIES, 1);
    if (factors != null) {
      factor = FloatVector.fromArray(SPECIES, factors, 0);
    }
    int apart = x - y;
    int k = window + lag * distance;
    for (int i = y; i < y + rows * ROW; i += ROW) {
      FloatVector xRe = FloatVector.fromArray(SPECIES, data, i + apart);
      FloatVector xIm = FloatVector.fromArray(SPECIES, data, i + apart + LANES);
      FloatVector wRe = FloatVector.fromArray(SPECIES, windows, k).mul(factor);
      FloatVector wIm = FloatVector.fromArray(SPECIES, windows, k + LANES).mul(factor);
      FloatVector yRe = FloatVector.fromArray(SPECIES, data, i);
      FloatVector yIm = FloatVector.fromArray(SPECIES, data, i + LANES);
      wIm.fma(xIm.mul(-sign), wRe.fma(xRe, yRe)).intoArray(data, i);
      wIm.fma(xRe.mul(sign), wRe.fma(xIm, yIm)).intoArray(data, i + LANES);
      k += ROW;
    }
  }

  /**
   * Multiplies the row that holds two real values of a spectrum instead of one complex, as {@link
   * #multiplyScaled} does the others.
   */
  void multiplyReal(
      float[] data,
      int at,
      int stride,
      int blocks,
      int window,
      BlockScales scales,
      float[] factors) {
    for (int b = blocks - 1; b >= 0; b--) {
      int y = at + b * stride;
      for (int half = 0; half < ROW; half += LANES) {
        FloatVector w = FloatVector.fromArray(SPECIES, windows, window + half);
        FloatVector.fromArray(SPECIES, data, y + half).mul(w).intoArray(data, y + half);
      }
      for (int c = b - 1; c >= 0; c--) {
        scales.relativeFactors(c, b, factors);
        addReal(data, y, at + c * stride, windows, window + (b - c) * distance, factors);
      }
    }
  }

  private static void addReal(
      float[] data, int y, int x, float[] windows, int window, float[] factors) {
    FloatVector factor = FloatVector.fromArray(SPECIES, factors, 0);
    for (int half = 0; half < ROW; half += LANES) {
      FloatVector w = FloatVector.fromArray(SPECIES, windows, window + half).mul(factor);
      FloatVector product = FloatVector.fromArray(SPECIES, data, x + half);
      w.fma(product, FloatVector.fromArray(SPECIES, data, y + half)).intoArray(data, y + half);
    }
  }
}
