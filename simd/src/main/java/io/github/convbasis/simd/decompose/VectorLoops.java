package io.github.convbasis.simd.decompose;

import io.github.convbasis.backend.DecompositionLoops;

/** Takes a vector of elements at a time; allocates nothing. Stateless and thread-safe. */
public final class VectorLoops implements DecompositionLoops {
  /** Makes the loops. */
  public VectorLoops() {}

  @Override
  public void addShiftedDifferences(
      double[] previous, double[] row, int from, int to, double[] norms) {
    DifferenceKernel.addShifted(previous, row, from, to, norms);
  }

  @Override
  public double distance(double[] a, double[] b, int from, int to) {
    return DifferenceKernel.distance(a, b, from, to);
  }

  @Override
  public double greatestDifference(double[] expected, double[] actual, int count) {
    return DifferenceKernel.greatest(expected, actual, count);
  }

  @Override
  public boolean spanExceeds(
      double[] least, double[] greatest, double[] column, int count, double width) {
    return EnvelopeKernel.spanExceeds(least, greatest, column, count, width);
  }

  @Override
  public void widen(double[] least, double[] greatest, double[] column, int count) {
    EnvelopeKernel.widen(least, greatest, column, count);
  }

  @Override
  public void midpoints(double[] least, double[] greatest, double[] middle, int count) {
    EnvelopeKernel.midpoints(least, greatest, middle, count);
  }

  @Override
  public void add(double[] values, double[] sums, int sumsAt, int count) {
    OffsetKernel.add(values, sums, sumsAt, count);
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
    OffsetKernel.addWeightedResiduals(weights, logits, model, modelAt, offset, sums, sumsAt, count);
  }

  @Override
  public double weightedResidual(
      double[] weights, double[] logits, double[] lags, int lagsAt, double[] columns, int count) {
    return OffsetKernel.weightedResidual(weights, logits, lags, lagsAt, columns, count);
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
    return OffsetKernel.weightedSquares(weights, logits, lags, lagsAt, columns, offset, count);
  }

  @Override
  public void means(double[] sums, double[] weights, double[] means, int count) {
    OffsetKernel.means(sums, weights, means, count);
  }
}
