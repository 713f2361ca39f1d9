package io.github.convbasis.simd.decompose;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Steps of fits {@code logit ≈ w(i-j) + g(i) + c(j)} along one row, where {@code w} is stored
 * reversed, so that neighbouring columns read neighbouring lags. Stateless and thread-safe.
 */
final class OffsetKernel {
  private static final VectorSpecies<Double> D = Doubles.SPECIES;
  private static final int L = D.length();

  private OffsetKernel() {}

  static void add(double[] values, double[] sums, int sumsAt, int count) {
    int j = 0;
    for (; j <= count - L; j += L) {
      DoubleVector value = DoubleVector.fromArray(D, values, j);
      DoubleVector.fromArray(D, sums, sumsAt + j).add(value).intoArray(sums, sumsAt + j);
    }
    for (; j < count; j++) {
      sums[sumsAt + j] += values[j];
    }
  }

  /** Product and sum are rounded one by one, so that elements have the bits of the scalar loop. */
  static void addWeightedResiduals(
      double[] weights,
      double[] logits,
      double[] model,
      int modelAt,
      double offset,
      double[] sums,
      int sumsAt,
      int count) {
    int j = 0;
    for (; j <= count - L; j += L) {
      DoubleVector known = DoubleVector.fromArray(D, model, modelAt + j);
      DoubleVector residual = DoubleVector.fromArray(D, logits, j).sub(known).sub(offset);
      DoubleVector weighted = DoubleVector.fromArray(D, weights, j).mul(residual);
      DoubleVector.fromArray(D, sums, sumsAt + j).add(weighted).intoArray(sums, sumsAt + j);
    }
    for (; j < count; j++) {
      sums[sumsAt + j] += weights[j] * (logits[j] - model[modelAt + j] - offset);
    }
  }

  static double weightedResidual(
      double[] weights, double[] logits, double[] lags, int lagsAt, double[] columns, int count) {
    DoubleVector even = DoubleVector.zero(D);
    DoubleVector odd = even;
    int j = 0;
    for (; j <= count - 2 * L; j += 2 * L) {
      DoubleVector first = residual(logits, lags, lagsAt, columns, j);
      DoubleVector second = residual(logits, lags, lagsAt, columns, j + L);
      even = DoubleVector.fromArray(D, weights, j).fma(first, even);
      odd = DoubleVector.fromArray(D, weights, j + L).fma(second, odd);
    }
    double sum = Doubles.sum(even.add(odd));
    for (; j < count; j++) {
      sum += weights[j] * (logits[j] - lags[lagsAt + j] - columns[j]);
    }
    return sum;
  }

  static double weightedSquares(
      double[] weights,
      double[] logits,
      double[] lags,
      int lagsAt,
      double[] columns,
      double offset,
      int count) {
    DoubleVector even = DoubleVector.zero(D);
    DoubleVector odd = even;
    int j = 0;
    for (; j <= count - 2 * L; j += 2 * L) {
      DoubleVector first = residual(logits, lags, lagsAt, columns, j).sub(offset);
      DoubleVector second = residual(logits, lags, lagsAt, columns, j + L).sub(offset);
      even = DoubleVector.fromArray(D, weights, j).fma(first.mul(first), even);
      odd = DoubleVector.fromArray(D, weights, j + L).fma(second.mul(second), odd);
    }
    double sum = Doubles.sum(even.add(odd));
    for (; j < count; j++) {
      double residual = logits[j] - lags[lagsAt + j] - columns[j] - offset;
      sum += weights[j] * (residual * residual);
    }
    return sum;
  }

  private static DoubleVector residual(
      double[] logits, double[] lags, int lagsAt, double[] columns, int at) {
    return DoubleVector.fromArray(D, logits, at)
        .sub(DoubleVector.fromArray(D, lags, lagsAt + at))
        .sub(DoubleVector.fromArray(D, columns, at));
  }

  static void means(double[] sums, double[] weights, double[] means, int count) {
    DoubleVector least = DoubleVector.broadcast(D, Double.MIN_VALUE);
    int t = 0;
    for (; t <= count - L; t += L) {
      DoubleVector weight = DoubleVector.fromArray(D, weights, t).max(least);
      DoubleVector.fromArray(D, sums, t).div(weight).intoArray(means, t);
    }
    for (; t < count; t++) {
      means[t] = sums[t] / Math.max(weights[t], Double.MIN_VALUE);
    }
  }
}
