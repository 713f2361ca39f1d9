package io.github.convbasis.properties;

import io.github.convbasis.conv.ConvBasis;
import io.github.convbasis.matrix.SegmentedToeplitz;

/**
 * Computes by definition, on dense arrays and with compensated sums, what the library computes
 * cleverly: its own rounding error is negligible beside any tolerance.
 */
final class Reference {
  private Reference() {}

  /** A sum in twice the working precision (Ogita, Rump and Oishi 2005, Dot2). */
  static final class Accumulator {
    private double high;
    private double low;

    void add(double x) {
      double sum = high + x;
      double virtual = sum - high;
      low += (high - (sum - virtual)) + (x - virtual);
      high = sum;
    }

    void addProduct(double x, double y) {
      double product = x * y;
      low += Math.fma(x, y, -product);
      add(product);
    }

    double value() {
      return high + low;
    }
  }

  static double dot(double[] x, double[] y) {
    Accumulator sum = new Accumulator();
    for (int i = 0; i < x.length; i++) {
      sum.addProduct(x[i], y[i]);
    }
    return sum.value();
  }

  /** Sums absolute values. */
  static double norm1(double[] x) {
    double sum = 0;
    for (double value : x) {
      sum += Math.abs(value);
    }
    return sum;
  }

  /** The 2-norm of a part, safe from underflow and overflow of squares. */
  static double norm2(double[] x, int from, int to) {
    double greatest = 0;
    for (int i = from; i < to; i++) {
      greatest = Math.max(greatest, Math.abs(x[i]));
    }
    Accumulator squares = new Accumulator();
    for (int i = from; i < to && greatest > 0; i++) {
      squares.addProduct(x[i] / greatest, x[i] / greatest);
    }
    return greatest * Math.sqrt(squares.value());
  }

  static double norm2(double[] x) {
    return norm2(x, 0, x.length);
  }

  static double normSup(double[] x) {
    double greatest = 0;
    for (double value : x) {
      greatest = Math.max(greatest, Math.abs(value));
    }
    return greatest;
  }

  /** Returns {@code Σ_j matrix[i][j]·x[j]}. */
  static double[] product(double[][] matrix, double[] x) {
    double[] y = new double[matrix.length];
    for (int i = 0; i < y.length; i++) {
      y[i] = dot(matrix[i], x);
    }
    return y;
  }

  /** Returns {@code Σ_{j≤i} kernel[i-j]·x[j]}. */
  static double[] convolve(double[] kernel, double[] x) {
    double[] y = new double[x.length];
    for (int i = 0; i < y.length; i++) {
      Accumulator sum = new Accumulator();
      for (int j = 0; j <= i; j++) {
        sum.addProduct(kernel[i - j], x[j]);
      }
      y[i] = sum.value();
    }
    return y;
  }

  /** Adds up conv(b_r, m_r) entry by entry, in the order of the terms. */
  static double[][] dense(ConvBasis basis) {
    int n = basis.size();
    double[][] matrix = new double[n][n];
    for (int r = 0; r < basis.terms(); r++) {
      double[] b = basis.coefficients(r);
      for (int j = n - basis.support(r); j < n; j++) {
        for (int i = j; i < n; i++) {
          matrix[i][j] += b[i - j];
        }
      }
    }
    return matrix;
  }

  /** Spreads segments over a square array. */
  static double[][] dense(SegmentedToeplitz segments) {
    int n = segments.size();
    double[][] matrix = new double[n][n];
    for (int r = 0; r < segments.terms(); r++) {
      for (int j = segments.start(r); j < segments.end(r); j++) {
        for (int i = j; i < n; i++) {
          matrix[i][j] = segments.kernel(r, i - j);
        }
      }
    }
    return matrix;
  }

  /** M∘exp(H), M the lower-triangular mask. */
  static double[][] maskedExp(double[][] matrix) {
    int n = matrix.length;
    double[][] result = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j <= i; j++) {
        result[i][j] = Math.exp(matrix[i][j]);
      }
    }
    return result;
  }

  /** Lower-triangular Toeplitz matrix of a kernel. */
  static double[][] toeplitz(double[] kernel) {
    int n = kernel.length;
    double[][] matrix = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j <= i; j++) {
        matrix[i][j] = kernel[i - j];
      }
    }
    return matrix;
  }

  /** Transposes rows of one length. */
  static double[][] transpose(double[][] matrix) {
    double[][] transposed = new double[matrix[0].length][matrix.length];
    for (int i = 0; i < matrix.length; i++) {
      for (int j = 0; j < transposed.length; j++) {
        transposed[j][i] = matrix[i][j];
      }
    }
    return transposed;
  }

  /** One row of attention: softmax of logits times values (value rows × width). */
  static double[] attend(double[] logits, int visible, double[][] values) {
    double greatest = Double.NEGATIVE_INFINITY;
    for (int j = 0; j < visible; j++) {
      greatest = Math.max(greatest, logits[j]);
    }
    int width = values[0].length;
    Accumulator rowSum = new Accumulator();
    Accumulator[] sums = new Accumulator[width];
    for (int c = 0; c < width; c++) {
      sums[c] = new Accumulator();
    }
    for (int j = 0; j < visible; j++) {
      double weight = Math.exp(logits[j] - greatest);
      rowSum.add(weight);
      for (int c = 0; c < width; c++) {
        sums[c].addProduct(weight, values[j][c]);
      }
    }
    double[] result = new double[width];
    for (int c = 0; c < width; c++) {
      result[c] = sums[c].value() / rowSum.value();
    }
    return result;
  }
}
