package io.github.convbasis.attention;

import io.github.convbasis.matrix.HeadTensor;
import java.util.Objects;
import java.util.function.IntToDoubleFunction;

/**
 * Rotates queries or keys by their position (RoPE): pair m of a row at position p turns by the
 * angle {@code p·base^(-2m/d)}, so that logits depend on content and on the distance of positions
 * only.
 *
 * <p>Constant content gives Toeplitz logits; constant queries with piecewise-constant keys give
 * logits that are exactly a sum of as many convolution matrices as there are pieces.
 *
 * <p>Angles and products are computed in double. O(n·d) sines. Immutable and thread-safe.
 */
public final class RotaryEmbedding {
  /** Which two elements of a row form pair m. */
  public enum Pairing {
    /** Elements m and m + d/2; the Hugging Face convention of Llama models. */
    HALF_SPLIT,
    /** Elements 2m and 2m + 1; the convention of the original paper. */
    INTERLEAVED
  }

  private final double base;
  private final Pairing pairing;

  /**
   * Chooses base and pairing.
   *
   * @param base greatest wavelength over 2π, usually 10,000; greater than 1 and finite
   * @param pairing which elements are rotated together
   * @throws IllegalArgumentException if the base is not greater than 1 and finite
   */
  public RotaryEmbedding(double base, Pairing pairing) {
    if (!(base > 1) || Double.isInfinite(base)) {
      throw new IllegalArgumentException("base must be finite and greater than 1, was " + base);
    }
    this.base = base;
    this.pairing = Objects.requireNonNull(pairing, "pairing");
  }

  /**
   * Rotates every row in place.
   *
   * @param rows heads × n × d, d even; changed
   * @param firstPosition position of row 0
   * @throws IllegalArgumentException if d is odd
   */
  public void rotate(HeadTensor rows, int firstPosition) {
    turn(rows, row -> (double) firstPosition + row);
  }

  /**
   * Rotates every row in place by a position of its own, as in packed documents that each begin at
   * position 0.
   *
   * @param rows heads × n × d, d even; changed
   * @param positions for each row its position
   * @throws IllegalArgumentException if d is odd or there are not as many positions as rows
   */
  public void rotate(HeadTensor rows, int[] positions) {
    if (positions.length != rows.rows()) {
      throw new IllegalArgumentException(
          "positions must be " + rows.rows() + " like rows, was " + positions.length);
    }
    turn(rows, row -> positions[row]);
  }

  /**
   * Rotates every row in place by the negative of its position, which undoes {@link
   * #rotate(HeadTensor, int)} up to rounding; gradients of rotated rows become gradients of rows.
   *
   * @param rows heads × n × d, d even; changed
   * @param firstPosition position of row 0
   * @throws IllegalArgumentException if d is odd
   */
  public void rotateBack(HeadTensor rows, int firstPosition) {
    turn(rows, row -> -((double) firstPosition + row));
  }

  private void turn(HeadTensor rows, IntToDoubleFunction positions) {
    int d = rows.width();
    if (d % 2 != 0) {
      throw new IllegalArgumentException("width must be even to be rotated in pairs, was " + d);
    }
    double[] row = new double[d];
    double[] cosines = new double[d / 2];
    double[] sines = new double[d / 2];
    for (int r = 0; r < rows.rows(); r++) {
      double position = positions.applyAsDouble(r);
      for (int m = 0; m < d / 2; m++) {
        double angle = position * Math.pow(base, -2.0 * m / d);
        cosines[m] = Math.cos(angle);
        sines[m] = Math.sin(angle);
      }
      for (int head = 0; head < rows.heads(); head++) {
        rows.copyRow(head, r, row);
        turn(row, cosines, sines);
        rows.setRow(head, r, row);
      }
    }
  }

  private void turn(double[] row, double[] cosines, double[] sines) {
    int pairs = row.length / 2;
    for (int m = 0; m < pairs; m++) {
      int first = pairing == Pairing.HALF_SPLIT ? m : 2 * m;
      int second = pairing == Pairing.HALF_SPLIT ? m + pairs : 2 * m + 1;
      double x = row[first];
      double y = row[second];
      row[first] = x * cosines[m] - y * sines[m];
      row[second] = y * cosines[m] + x * sines[m];
    }
  }
}
