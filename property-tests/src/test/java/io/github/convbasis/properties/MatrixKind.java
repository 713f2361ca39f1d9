package io.github.convbasis.properties;

import java.util.Arrays;
import java.util.SplittableRandom;

/** Shapes of lower-triangular matrices that have caused, or could cause, trouble. */
enum MatrixKind {
  DENSE,
  CONV_BASIS,
  TOEPLITZ,
  DIAGONAL,
  ZERO,
  NEAR_TOEPLITZ,
  /** Segments that differ from their neighbour in one kernel entry only. */
  EQUAL_NEIGHBOURS,
  WIDE_RANGE,
  /** Zeros of both signs and subnormal numbers. */
  TINY,
  /** Segments one column wide, one after the other. */
  ADJACENT_STARTS,
  /** A, B, A, C, A, …: kernels that come back. */
  RETURNING;

  double[][] fill(int n, int terms, double scale, SplittableRandom random) {
    int count = Math.min(terms, n);
    switch (this) {
      case DENSE:
        return triangle(n, row -> Draw.uniform(random, row, scale));
      case WIDE_RANGE:
        return triangle(n, row -> Draw.wide(random, row, scale, 30));
      case TINY:
        return triangle(n, row -> Draw.tiny(random, row));
      case ZERO:
        return new double[n][n];
      case DIAGONAL:
        return diagonal(Draw.uniform(random, n, scale));
      case NEAR_TOEPLITZ:
        return nearToeplitz(n, scale, random);
      case TOEPLITZ:
        return segments(new int[] {0}, kernels(n, 1, scale, random));
      case ADJACENT_STARTS:
        return segments(adjacent(n, count, random), kernels(n, count, scale, random));
      case EQUAL_NEIGHBOURS:
        return segments(Draw.subset(random, count, n), neighbours(n, count, scale, random));
      case RETURNING:
        return segments(Draw.subset(random, count, n), returning(n, count, scale, random));
      default:
        return segments(Draw.subset(random, count, n), kernels(n, count, scale, random));
    }
  }

  /** Makes the entries of a row up to the diagonal. */
  private interface Row {
    double[] of(int length);
  }

  private static double[][] triangle(int n, Row entries) {
    double[][] matrix = new double[n][n];
    for (int i = 0; i < n; i++) {
      System.arraycopy(entries.of(i + 1), 0, matrix[i], 0, i + 1);
    }
    return matrix;
  }

  private static double[][] diagonal(double[] entries) {
    double[][] matrix = new double[entries.length][entries.length];
    for (int i = 0; i < entries.length; i++) {
      matrix[i][i] = entries[i];
    }
    return matrix;
  }

  private static double[][] nearToeplitz(int n, double scale, SplittableRandom random) {
    double[][] matrix = segments(new int[] {0}, kernels(n, 1, scale, random));
    double noise = Math.scalb(scale, -20);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j <= i; j++) {
        matrix[i][j] += noise * (2 * random.nextDouble() - 1);
      }
    }
    return matrix;
  }

  private static double[][] kernels(int n, int count, double scale, SplittableRandom random) {
    double[][] kernels = new double[count][];
    Arrays.setAll(kernels, r -> Draw.uniform(random, n, scale));
    return kernels;
  }

  private static double[][] neighbours(int n, int count, double scale, SplittableRandom random) {
    double[][] kernels = kernels(n, count, scale, random);
    for (int r = 1; r < count; r++) {
      kernels[r] = kernels[r - 1].clone();
      kernels[r][random.nextInt(n)] += scale;
    }
    return kernels;
  }

  private static double[][] returning(int n, int count, double scale, SplittableRandom random) {
    double[][] kernels = kernels(n, count, scale, random);
    for (int r = 2; r < count; r += 2) {
      kernels[r] = kernels[0];
    }
    return kernels;
  }

  private static int[] adjacent(int n, int count, SplittableRandom random) {
    int first = random.nextInt(n - count + 1);
    int[] starts = new int[count];
    Arrays.setAll(starts, r -> first + r);
    return starts;
  }

  /** Columns before the first start are zero; the others follow the kernel of their segment. */
  static double[][] segments(int[] starts, double[][] kernels) {
    int n = kernels[0].length;
    double[][] matrix = new double[n][n];
    for (int r = 0; r < starts.length; r++) {
      int end = r + 1 < starts.length ? starts[r + 1] : n;
      for (int j = starts[r]; j < end; j++) {
        for (int i = j; i < n; i++) {
          matrix[i][j] = kernels[r][i - j];
        }
      }
    }
    return matrix;
  }
}
