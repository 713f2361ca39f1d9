package io.github.convbasis.decompose;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.DecompositionLoops;
import java.util.Arrays;
import java.util.Objects;

/**
 * An offset convolution fitted to a tile of logits: {@code logit(i, j) ≈ w(i - j) + g(i) + c(j)},
 * one kernel w, an offset g for each row and an offset c for each column.
 *
 * <p>Minimises {@code Σ weight·(logit - w - g - c)²} over the samples by alternating weighted
 * means: every step is the exact minimiser over one of w, g and c, in this order, so the residual
 * never grows but by rounding. A sweep of all three costs O(samples · columns).
 *
 * <p>What is not determined is chosen. Constants may move between w, g and c, and {@code α·(i - j)}
 * between w on the one side and {@code α·i}, {@code -α·j} on the other: the weighted means of g and
 * of c are zero, and so is the weighted slope of g over the rows, so that what depends on the lag
 * is in w. Lags that no sample has are interpolated linearly between those next to them, and so are
 * the offsets of rows; beyond the outermost ones the nearest value is held. A column without weight
 * has offset 0, the mean. If the differences of all sampled row numbers share a divisor p, parts of
 * period p are not determined between w and c either, and rows in between may be modelled badly:
 * sample rows irregularly.
 *
 * <p>A fit to samples says nothing certain about other entries. Deterministic for one backend;
 * backends differ by rounding. Immutable and thread-safe.
 */
public final class OffsetFit {
  private final int firstRow;
  private final int firstColumn;
  private final int firstLag;
  private final double[] kernel;
  private final double[] rowOffsets;
  private final double[] columnOffsets;
  private final double[] residuals;

  private OffsetFit(
      SampledTile tile,
      int firstLag,
      double[] kernel,
      double[] rowOffsets,
      double[] columnOffsets,
      double[] residuals) {
    firstRow = tile.firstRow();
    firstColumn = tile.firstColumn();
    this.firstLag = firstLag;
    this.kernel = kernel;
    this.rowOffsets = rowOffsets;
    this.columnOffsets = columnOffsets;
    this.residuals = residuals;
  }

  /**
   * Fits a tile.
   *
   * @param backend what runs the loops
   * @param tile sampled rows and their weights
   * @param mostSweeps most times that w, g and c are each fitted, at least 1
   * @param leastDecrease the last sweep is the one that lowers the residual by no more than this
   *     share of it; at least 0, below 1
   * @return the fit
   * @throws IllegalArgumentException if {@code mostSweeps} or {@code leastDecrease} is out of range
   * @throws ArithmeticException if the weighted sum of squares overflows
   */
  public static OffsetFit of(
      Backend backend, SampledTile tile, int mostSweeps, double leastDecrease) {
    if (mostSweeps < 1) {
      throw new IllegalArgumentException("mostSweeps must be at least 1, was " + mostSweeps);
    }
    if (!(leastDecrease >= 0 && leastDecrease < 1)) {
      throw new IllegalArgumentException(
          "leastDecrease must be at least 0 and below 1, was " + leastDecrease);
    }
    DecompositionLoops loops = backend.decompositionLoops();
    int lastLag = tile.endRow() - 1 - tile.firstColumn();
    int firstLag = Math.max(0, tile.firstRow() - (tile.firstColumn() + tile.columns() - 1));
    OffsetSweeps state = new OffsetSweeps(loops, tile, lastLag, lastLag - firstLag + 1);
    double[] residuals = new double[2];
    residuals[0] = state.residual();
    int sweeps = 0;
    double before;
    do {
      before = residuals[sweeps++];
      state.fitKernel();
      state.fitRowsThenColumns();
      if (sweeps == residuals.length) {
        residuals = Arrays.copyOf(residuals, 2 * sweeps);
      }
      residuals[sweeps] = state.residual();
    } while (sweeps < mostSweeps && before - residuals[sweeps] > leastDecrease * before);
    chooseGauge(tile, state, lastLag);
    return new OffsetFit(
        tile,
        firstLag,
        reversed(filled(state.kernel, state.kernelWeights)),
        allRows(tile, state),
        state.columnOffsets,
        Arrays.copyOf(residuals, sweeps + 1));
  }

  /** Moves slope and means out of g and c, where there is weight; the sum stays the same. */
  private static void chooseGauge(SampledTile tile, OffsetSweeps state, int lastLag) {
    double weight = 0;
    for (double rowWeight : state.rowWeights) {
      weight += rowWeight;
    }
    double meanRow = 0;
    double meanOffset = 0;
    for (int s = 0; s < tile.samples(); s++) {
      double share = state.rowWeights[s] / weight;
      meanRow += share * tile.row(s);
      meanOffset += share * state.rowOffsets[s];
    }
    double covariance = 0;
    double variance = 0;
    for (int s = 0; s < tile.samples(); s++) {
      double moment = state.rowWeights[s] / weight * (tile.row(s) - meanRow);
      covariance += moment * (state.rowOffsets[s] - meanOffset);
      variance += moment * (tile.row(s) - meanRow);
    }
    double slope = variance == 0 ? 0 : covariance / variance;
    for (int s = 0; s < tile.samples(); s++) {
      state.rowOffsets[s] -= meanOffset + slope * (tile.row(s) - meanRow);
    }
    double meanColumnOffset = 0;
    for (int c = 0; c < tile.columns(); c++) {
      if (state.columnWeights[c] > 0) {
        state.columnOffsets[c] += slope * (tile.firstColumn() + c - meanRow);
        meanColumnOffset += state.columnWeights[c] / weight * state.columnOffsets[c];
      }
    }
    for (int c = 0; c < tile.columns(); c++) {
      state.columnOffsets[c] -= state.columnWeights[c] > 0 ? meanColumnOffset : 0;
    }
    double constant = meanOffset + meanColumnOffset;
    for (int t = 0; t < state.kernel.length; t++) {
      state.kernel[t] += constant + slope * (lastLag - t);
    }
  }

  private static double[] allRows(SampledTile tile, OffsetSweeps state) {
    double[] offsets = new double[tile.endRow() - tile.firstRow()];
    double[] weights = new double[offsets.length];
    for (int s = 0; s < tile.samples(); s++) {
      offsets[tile.row(s) - tile.firstRow()] = state.rowOffsets[s];
      weights[tile.row(s) - tile.firstRow()] = state.rowWeights[s];
    }
    return filled(offsets, weights);
  }

  /** Interpolates between values with a weight, and holds the outermost ones. */
  private static double[] filled(double[] values, double[] weights) {
    int known = -1;
    for (int t = 0; t < values.length; t++) {
      if (weights[t] > 0) {
        for (int gap = known + 1; gap < t; gap++) {
          double share = known < 0 ? 1 : (double) (gap - known) / (t - known);
          double low = known < 0 ? 0 : values[known];
          values[gap] = (1 - share) * low + share * values[t];
        }
        known = t;
      }
    }
    Arrays.fill(values, known + 1, values.length, values[known]);
    return values;
  }

  private static double[] reversed(double[] values) {
    double[] result = new double[values.length];
    for (int t = 0; t < values.length; t++) {
      result[t] = values[values.length - 1 - t];
    }
    return result;
  }

  /**
   * Returns the least lag of the tile's rows and columns, on or below the diagonal.
   *
   * @return at least 0
   */
  public int firstLag() {
    return firstLag;
  }

  /**
   * Returns the end of the lags.
   *
   * @return lag after the greatest one
   */
  public int endLag() {
    return firstLag + kernel.length;
  }

  /**
   * Returns the kernel w at a lag.
   *
   * @param lag {@code row - column}, from {@code firstLag} to {@code endLag - 1}
   * @return w(lag)
   */
  public double kernel(int lag) {
    return kernel[Objects.checkIndex(lag - firstLag, kernel.length)];
  }

  /**
   * Copies the kernel w.
   *
   * @return entries by lag, from {@code firstLag} on
   */
  public double[] kernel() {
    return kernel.clone();
  }

  /**
   * Returns the offset g of a row of the tile, sampled or not.
   *
   * @param row row in the matrix
   * @return g(row)
   */
  public double rowOffset(int row) {
    return rowOffsets[Objects.checkIndex(row - firstRow, rowOffsets.length)];
  }

  /**
   * Copies the offsets g of all rows of the tile.
   *
   * @return one for each row from the first one on
   */
  public double[] rowOffsets() {
    return rowOffsets.clone();
  }

  /**
   * Returns the offset c of a column of the tile.
   *
   * @param column column in the matrix
   * @return c(column)
   */
  public double columnOffset(int column) {
    return columnOffsets[Objects.checkIndex(column - firstColumn, columnOffsets.length)];
  }

  /**
   * Copies the offsets c of the columns of the tile.
   *
   * @return one for each column from the first one on
   */
  public double[] columnOffsets() {
    return columnOffsets.clone();
  }

  /**
   * Returns the model of an entry of the tile on or below the diagonal.
   *
   * @param row row in the matrix
   * @param column column in the matrix
   * @return {@code w(row - column) + g(row) + c(column)}
   */
  public double logit(int row, int column) {
    return kernel(row - column) + rowOffset(row) + columnOffset(column);
  }

  /**
   * Copies the weighted sums of squared residuals over the samples: before the first sweep, where
   * the model is zero, and after every one.
   *
   * @return one more than there were sweeps
   */
  public double[] residuals() {
    return residuals.clone();
  }
}
