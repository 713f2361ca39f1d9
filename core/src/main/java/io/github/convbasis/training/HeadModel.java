package io.github.convbasis.training;

import io.github.convbasis.backend.GradientEntries;
import java.util.Arrays;

/**
 * Which logits of a causal head are exact and which are modelled: exact are lags below a band, some
 * columns, and rows that a forward pass adds; all others come from kernels, each of them one column
 * of logits. Immutable and thread-safe.
 *
 * <p>Runs of columns that are exact are segments without a kernel. A kernel is sampled at the first
 * column that uses it and is not exact: exact columns, such as sinks, are exact because they are
 * unlike the others.
 */
final class HeadModel {
  /** Kernel of a segment without one. */
  static final int NONE = -1;

  final int size;

  /** First column of each segment, increasing. */
  final int[] starts;

  /** For each segment its kernel, or {@link #NONE}. */
  final int[] kernelOf;

  /** For each kernel the column it is sampled at, increasing. */
  final int[] samples;

  /** Lags below are exact. */
  final int band;

  /** Columns that are exact for every row, increasing. */
  final int[] exactColumns;

  private HeadModel(
      int size, int[] starts, int[] kernelOf, int[] samples, int band, int[] exactColumns) {
    this.size = size;
    this.starts = starts;
    this.kernelOf = kernelOf;
    this.samples = samples;
    this.band = band;
    this.exactColumns = exactColumns;
  }

  /**
   * Lays exact columns over segments.
   *
   * @param size n
   * @param segmentStarts first column of each segment, increasing from 0; none if no logit is
   *     modelled and what is not exact has weight 0
   * @param segmentKernels for each segment the number of its kernel, from 0
   * @param band lags below are exact, at least 0
   * @param exactColumns columns that are exact for every row, increasing and below n
   */
  static HeadModel of(
      int size, int[] segmentStarts, int[] segmentKernels, int band, int[] exactColumns) {
    int most = segmentStarts.length + 2 * exactColumns.length + 1;
    int[] starts = new int[most];
    int[] kernelOf = new int[most];
    int[] samples = new int[segmentStarts.length];
    int[] sampleOf = new int[segmentStarts.length];
    Arrays.fill(sampleOf, NONE);
    int kernels = 0;
    int count = 0;
    int exact = 0;
    for (int r = 0; r < segmentStarts.length; r++) {
      int end = r + 1 < segmentStarts.length ? segmentStarts[r + 1] : size;
      for (int column = segmentStarts[r]; column < end; ) {
        int next = exact < exactColumns.length ? exactColumns[exact] : size;
        if (next == column) {
          if (count == 0 || kernelOf[count - 1] != NONE) {
            starts[count] = column;
            kernelOf[count++] = NONE;
          }
          exact++;
          column++;
          continue;
        }
        int kernel = segmentKernels[r];
        if (sampleOf[kernel] == NONE) {
          samples[kernels] = column;
          sampleOf[kernel] = kernels++;
        }
        starts[count] = column;
        kernelOf[count++] = sampleOf[kernel];
        column = Math.min(next, end);
      }
    }
    return new HeadModel(
        size,
        Arrays.copyOf(starts, count),
        Arrays.copyOf(kernelOf, count),
        Arrays.copyOf(samples, kernels),
        Math.min(band, size),
        exactColumns.clone());
  }

  /** Returns the first row that has a modelled logit, n if there is none. */
  int firstModelledRow() {
    return samples.length == 0 ? size : (int) Math.min(size, (long) samples[0] + band);
  }

  /** Returns the column after the last one of a segment. */
  int end(int segment) {
    return segment + 1 < starts.length ? starts[segment + 1] : size;
  }

  /** Returns the lags of a kernel: the rows from its sampled column on. */
  int lags(int kernel) {
    return size - samples[kernel];
  }

  /**
   * Returns the sets of entries that are exact in some rows for being in the band or in exact
   * columns; no entry is in two of them.
   *
   * @param rows the rows, null for all
   */
  GradientEntries[] entries(int[] rows) {
    GradientEntries near = new GradientEntries(rows, null, 0, band);
    GradientEntries columns = new GradientEntries(rows, exactColumns, band, Integer.MAX_VALUE);
    if (band == 0) {
      return exactColumns.length == 0 ? new GradientEntries[0] : new GradientEntries[] {columns};
    }
    return exactColumns.length == 0
        ? new GradientEntries[] {near}
        : new GradientEntries[] {near, columns};
  }

  /** Counts entries of the triangle that are exact, but for those of exact rows. */
  double exactEntries() {
    double inBand = band * (size - (band - 1) / 2.0);
    double inColumns = 0;
    for (int column : exactColumns) {
      inColumns += Math.max(0, size - column - band);
    }
    return inBand + inColumns;
  }
}
