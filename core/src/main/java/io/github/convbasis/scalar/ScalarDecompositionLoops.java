package io.github.convbasis.scalar;

import io.github.convbasis.backend.DecompositionLoops;

/** Takes one element after the other. Stateless and thread-safe. */
final class ScalarDecompositionLoops implements DecompositionLoops {
  @Override
  public void addShiftedDifferences(
      double[] previous, double[] row, int from, int to, double[] norms) {
    for (int j = from; j < to; j++) {
      norms[j] += Math.abs(row[j] - previous[j - 1]);
    }
  }

  @Override
  public double distance(double[] a, double[] b, int from, int to) {
    double sum = 0;
    for (int t = from; t < to; t++) {
      sum += Math.abs(a[t] - b[t]);
    }
    return sum;
  }

  @Override
  public double greatestDifference(double[] expected, double[] actual, int count) {
    double greatest = 0;
    for (int j = 0; j < count; j++) {
      greatest = Math.max(greatest, Math.abs(expected[j] - actual[j]));
    }
    return greatest;
  }

  @Override
  public boolean spanExceeds(
      double[] least, double[] greatest, double[] column, int count, double width) {
    for (int t = 0; t < count; t++) {
      if (Math.max(greatest[t], column[t]) - Math.min(least[t], column[t]) > width) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void widen(double[] least, double[] greatest, double[] column, int count) {
    for (int t = 0; t < count; t++) {
      least[t] = Math.min(least[t], column[t]);
      greatest[t] = Math.max(greatest[t], column[t]);
    }
  }

  @Override
  public void midpoints(double[] least, double[] greatest, double[] middle, int count) {
    for (int t = 0; t < count; t++) {
      middle[t] = least[t] + (greatest[t] - least[t]) / 2;
    }
  }

  @Override
  public void add(double[] values, double[] sums, int sumsAt, int count) {
    for (int j = 0; j < count; j++) {
      sums[sumsAt + j] += values[j];
    }
  }

  @Override
  public void addWeightedResiduals(
      double[] weights,
      double[] logits,
      double[] model,
      int modelAt,
      double offset,
      double[] sums,
      int sumsAt,
      int count) {
    for (int j = 0; j < count; j++) {
      sums[sumsAt + j] += weights[j] * (logits[j] - model[modelAt + j] - offset);
    }
  }

  @Override
  public double weightedResidual(
      double[] weights, double[] logits, double[] lags, int lagsAt, double[] columns, int count) {
    double sum = 0;
    for (int j = 0; j < count; j++) {
      sum += weights[j] * (logits[j] - lags[lagsAt + j] - columns[j]);
    }
    return sum;
  }

  @Override
  public double weightedSquares(
      double[] weights,
      double[] logits,
      double[] lags,
      int lagsAt,
      double[] columns,
      double offset,
      int count) {
    double sum = 0;
    for (int j = 0; j < count; j++) {
      double residual = logits[j] - lags[lagsAt + j] - columns[j] - offset;
      sum += weights[j] * (residual * residual);
    }
    return sum;
  }

  @Override
  public void means(double[] sums, double[] weights, double[] means, int count) {
    for (int t = 0; t < count; t++) {
      means[t] = sums[t] / Math.max(weights[t], Double.MIN_VALUE);
    }
  }
}
