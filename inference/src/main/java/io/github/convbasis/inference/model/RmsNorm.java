package io.github.convbasis.inference.model;

/**
 * Scales a row to a root mean square of about one: {@code y_c = w_c·x_c/√(mean(x²) + ε)}, the mean
 * in double. Immutable and thread-safe.
 */
final class RmsNorm {
  private final float[] weights;
  private final double epsilon;

  RmsNorm(float[] weights, double epsilon) {
    this.weights = weights;
    this.epsilon = epsilon;
  }

  /**
   * Normalises a row.
   *
   * @param x the row
   * @param y receives the result
   * @param layer for messages
   * @param position for messages
   * @throws ArithmeticException if an element of x is not finite
   */
  void apply(float[] x, float[] y, int layer, int position) {
    double squares = squares(x, weights.length);
    if (!Double.isFinite(squares)) {
      Overflow.refuse(x, weights.length, "hidden state", layer, position);
    }
    double scale = 1 / Math.sqrt(squares / weights.length + epsilon);
    for (int c = 0; c < weights.length; c++) {
      y[c] = (float) (weights[c] * (x[c] * scale));
    }
  }

  /** Sums four chains, which do not wait for each other. */
  private static double squares(float[] x, int count) {
    double a = 0;
    double b = 0;
    double c = 0;
    double d = 0;
    int i = 0;
    for (; i + 3 < count; i += 4) {
      a += (double) x[i] * x[i];
      b += (double) x[i + 1] * x[i + 1];
      c += (double) x[i + 2] * x[i + 2];
      d += (double) x[i + 3] * x[i + 3];
    }
    for (; i < count; i++) {
      a += (double) x[i] * x[i];
    }
    return a + b + (c + d);
  }
}
