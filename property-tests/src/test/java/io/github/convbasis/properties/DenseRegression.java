package io.github.convbasis.properties;

import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.training.RegressionProblem;
import java.util.Arrays;

/**
 * The attention regression by definition, with n × n matrices f and p from any lower-triangular
 * logits, and how great its terms are: an error η of the rows of f, beside 1, moves loss and
 * gradients by at most about η times their sizes.
 */
final class DenseRegression {
  final double loss;
  final double[][] gradX;
  final double[][] gradW;
  final double lossSize;

  /** Beside the values that rows see. */
  final double[] sizesX;

  /** Beside all values, which is where transforms spread errors to. */
  final double[] spreadSizesX;

  final double[][] sizesW;

  private final double[][] a1;
  private final double[][] a2;
  private final double[][] a3;
  private final double[][] f;
  private final double[][] h;
  private final double[][] c;
  // Of each row of |A₃||W|, the greatest element; and of all rows.
  private final double[] valueSizes;
  private final double valueSup;

  private DenseRegression(RegressionProblem problem, HeadTensor w, double[][] logits) {
    a1 = rows(problem.a1());
    a2 = rows(problem.a2());
    a3 = rows(problem.a3());
    double[][] e = rows(problem.e());
    double[][] columnsW = Reference.transpose(rows(w));
    f = new double[logits.length][];
    h = new double[logits.length][];
    valueSizes = greatestProducts(a3, columnsW);
    valueSup = Reference.normSup(valueSizes);
    for (int i = 0; i < logits.length; i++) {
      h[i] = Reference.product(columnsW, a3[i]);
      f[i] = softmax(logits[i], i + 1);
    }
    double[][] columnsH = Reference.transpose(h);
    c = new double[logits.length][];
    double[] r = new double[logits.length];
    Reference.Accumulator squares = new Reference.Accumulator();
    double size = 0;
    for (int i = 0; i < c.length; i++) {
      double[] output = Reference.product(columnsH, f[i]);
      c[i] = new double[output.length];
      for (int k = 0; k < output.length; k++) {
        c[i][k] = output[k] - e[i][k];
        squares.addProduct(c[i][k], c[i][k]);
        size += (Math.abs(c[i][k]) + valueSup) * (valueSup + Math.abs(e[i][k]));
      }
      r[i] = Reference.dot(output, c[i]);
    }
    loss = squares.value() / 2;
    lossSize = size;
    double[][] pulls = pulls(r);
    gradX = sandwich(a1, pulls, a2);
    gradW = sandwich(a3, Reference.transpose(f), c);
    sizesX = sizesX(0);
    spreadSizesX = sizesX(valueSup);
    sizesW = sizesW();
  }

  static DenseRegression of(RegressionProblem problem, HeadTensor w, double[][] logits) {
    return new DenseRegression(problem, w, logits);
  }

  /** Returns {@code A₁XA₂ᵀ}, all entries. */
  static double[][] logits(RegressionProblem problem, HeadTensor x) {
    double[][] columnsX = Reference.transpose(rows(x));
    double[][] keys = rows(problem.a2());
    double[][] logits = new double[problem.a1().rows()][];
    double[][] features = rows(problem.a1());
    for (int i = 0; i < logits.length; i++) {
      logits[i] = Reference.product(keys, Reference.product(columnsX, features[i]));
    }
    return logits;
  }

  /** Returns the greatest entry of {@code |A₁||X||A₂|ᵀ}, which scales the rounding of logits. */
  static double logitSize(RegressionProblem problem, HeadTensor x) {
    double[] greatest = new double[problem.a2().width()];
    for (double[] key : rows(problem.a2())) {
      Arrays.setAll(greatest, k -> Math.max(greatest[k], Math.abs(key[k])));
    }
    double size = 0;
    double[][] rowsX = rows(x);
    for (double[] feature : rows(problem.a1())) {
      double sum = 0;
      for (int k = 0; k < feature.length; k++) {
        for (int l = 0; l < greatest.length; l++) {
          sum += Math.abs(feature[k] * rowsX[k][l]) * greatest[l];
        }
      }
      size = Math.max(size, sum);
    }
    return size;
  }

  static double[][] rows(HeadTensor tensor) {
    double[][] rows = new double[tensor.rows()][tensor.width()];
    for (int i = 0; i < rows.length; i++) {
      tensor.copyRow(0, i, rows[i]);
    }
    return rows;
  }

  private static double[] greatestProducts(double[][] rows, double[][] columns) {
    double[] greatest = new double[rows.length];
    for (int i = 0; i < rows.length; i++) {
      for (double[] column : columns) {
        double sum = 0;
        for (int k = 0; k < column.length; k++) {
          sum += Math.abs(rows[i][k] * column[k]);
        }
        greatest[i] = Math.max(greatest[i], sum);
      }
    }
    return greatest;
  }

  private static double[] softmax(double[] logits, int visible) {
    double greatest = Double.NEGATIVE_INFINITY;
    for (int j = 0; j < visible; j++) {
      greatest = Math.max(greatest, logits[j]);
    }
    double[] weights = new double[logits.length];
    Reference.Accumulator sum = new Reference.Accumulator();
    for (int j = 0; j < visible; j++) {
      weights[j] = Math.exp(logits[j] - greatest);
      sum.add(weights[j]);
    }
    for (int j = 0; j < visible; j++) {
      weights[j] /= sum.value();
    }
    return weights;
  }

  /** p, entry by entry. */
  private double[][] pulls(double[] r) {
    double[][] p = new double[f.length][f.length];
    for (int i = 0; i < f.length; i++) {
      for (int j = 0; j <= i; j++) {
        p[i][j] = f[i][j] * (Reference.dot(c[i], h[j]) - r[i]);
      }
    }
    return p;
  }

  /** Returns {@code LᵀMR} of tall L and R. */
  private static double[][] sandwich(double[][] left, double[][] middle, double[][] right) {
    double[][] columns = Reference.transpose(right);
    double[][] products = new double[middle.length][];
    for (int i = 0; i < middle.length; i++) {
      products[i] = Reference.product(columns, middle[i]);
    }
    double[][] leftColumns = Reference.transpose(left);
    double[][] productColumns = Reference.transpose(products);
    double[][] result = new double[leftColumns.length][];
    for (int a = 0; a < result.length; a++) {
      result[a] = Reference.product(productColumns, leftColumns[a]);
    }
    return result;
  }

  private double[] sizesX(double leastSup) {
    double keySup = 0;
    for (double[] key : a2) {
      keySup = Math.max(keySup, Reference.normSup(key));
    }
    double[] sizes = new double[a1[0].length];
    double visibleSup = leastSup;
    for (int i = 0; i < c.length; i++) {
      visibleSup = Math.max(visibleSup, valueSizes[i]);
      // c, h and fh each move with f.
      double moved = keySup * visibleSup * 3 * (Reference.norm1(c[i]) + c[i].length * visibleSup);
      for (int a = 0; a < sizes.length; a++) {
        sizes[a] += Math.abs(a1[i][a]) * moved;
      }
    }
    return sizes;
  }

  private double[][] sizesW() {
    double[][] sizes = new double[a3[0].length][c[0].length];
    for (int k = 0; k < c[0].length; k++) {
      double all = 0;
      for (double[] residual : c) {
        all += Math.abs(residual[k]) + valueSup;
      }
      for (double[] feature : a3) {
        for (int a = 0; a < sizes.length; a++) {
          // An error of f may lie in any column, and so it does where transforms spread it.
          sizes[a][k] += Math.abs(feature[a]) * all;
        }
      }
    }
    return sizes;
  }
}
