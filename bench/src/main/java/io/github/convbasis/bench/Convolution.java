package io.github.convbasis.bench;

import io.github.convbasis.matrix.HeadTensor;
import java.util.Arrays;

/** A causal convolution of {@value #WIDTH} row-major float32 columns with one planned kernel. */
interface Convolution {
  /** Columns of x and y. */
  int WIDTH = 64;

  /** Writes {@code y_i = Σ_{j≤i} kernel[i-j]·x_j}. */
  void apply(HeadTensor x, HeadTensor y);

  /**
   * Requires sixteen rows of y, the first and the last among them, to be what the sum says.
   *
   * <p>Float32 transforms of length 2n err by about 0.5·u·log₂(2n) of the norm, 1e-6 at the
   * greatest n, and the greatest of some millions of errors is five times that.
   */
  static void requireCorrect(String what, double[] kernel, HeadTensor x, HeadTensor y) {
    int n = kernel.length;
    int samples = 16;
    float[] expected = new float[samples * WIDTH];
    float[] actual = new float[samples * WIDTH];
    double[] row = new double[WIDTH];
    for (int sample = 0; sample < samples; sample++) {
      int i = (int) ((n - 1L) * sample / (samples - 1));
      Arrays.fill(row, 0);
      for (int j = 0; j <= i; j++) {
        x.addScaledRow(0, j, kernel[i - j], row);
      }
      for (int c = 0; c < WIDTH; c++) {
        expected[sample * WIDTH + c] = (float) row[c];
        actual[sample * WIDTH + c] = (float) y.get(0, i, c);
      }
    }
    Agreement.require(what, expected, actual, 5e-6);
  }
}
