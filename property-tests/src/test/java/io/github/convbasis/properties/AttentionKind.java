package io.github.convbasis.properties;

import java.util.Arrays;
import java.util.SplittableRandom;

/** Contents of queries, keys and values. */
enum AttentionKind {
  GAUSSIAN,
  /** All rows of queries and of keys alike: equal logits. */
  CONSTANT,
  /** Queries are zero: the running mean of the values. */
  ZERO_QUERIES,
  /** The first key outweighs all others. */
  SINK,
  /** Logits that rise with the row, so early normalisers are small beside late ones. */
  RAMP,
  /** Keys constant within stretches of rows. */
  STRETCHES,
  /** Values with one row far greater than the rest, near the end. */
  LATE_GIANT_VALUE;

  double[] queries(SplittableRandom random, int heads, int n, int d) {
    double[] x = Draw.gaussian(random, heads * n * d, 1);
    switch (this) {
      case CONSTANT:
        return repeated(x, n, d, n);
      case ZERO_QUERIES:
        Arrays.fill(x, 0);
        return x;
      case RAMP:
        Arrays.setAll(x, i -> 20.0 * (i / d % n) / n);
        return x;
      default:
        return x;
    }
  }

  double[] keys(SplittableRandom random, int heads, int n, int d) {
    double[] x = Draw.gaussian(random, heads * n * d, 1);
    switch (this) {
      case CONSTANT:
        return repeated(x, n, d, n);
      case STRETCHES:
        return repeated(x, n, d, Math.max(1, n / 4));
      case RAMP:
        Arrays.setAll(x, i -> 1 + x[i] / 16);
        return x;
      case SINK:
        for (int head = 0; head < heads; head++) {
          for (int c = 0; c < d; c++) {
            x[head * n * d + c] *= 10;
          }
        }
        return x;
      default:
        return x;
    }
  }

  double[] values(SplittableRandom random, int heads, int n, int width) {
    double[] x = Draw.gaussian(random, heads * n * width, 1);
    if (this == LATE_GIANT_VALUE) {
      for (int head = 0; head < heads; head++) {
        for (int c = 0; c < width; c++) {
          x[(head * n + n - 1) * width + c] *= 1e6;
        }
      }
    }
    return x;
  }

  /** Every row repeats the first one of its stretch. */
  private static double[] repeated(double[] x, int n, int width, int stretch) {
    double[] result = x.clone();
    for (int row = 0; row < x.length / width; row++) {
      int within = row % n % stretch;
      System.arraycopy(x, (row - within) * width, result, row * width, width);
    }
    return result;
  }
}
