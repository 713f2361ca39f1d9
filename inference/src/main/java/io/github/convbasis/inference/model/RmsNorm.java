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
    double squares = 0;
    for (int c = 0; c < weights.length; c++) {
      squares += (double) x[c] * x[c];
    }
    if (!Double.isFinite(squares)) {
      Overflow.refuse(x, weights.length, "hidden state", layer, position);
    }
    double scale = 1 / Math.sqrt(squares / weights.length + epsilon);
    for (int c = 0; c < weights.length; c++) {
      y[c] = (float) (weights[c] * (x[c] * scale));
    }
  }
}
