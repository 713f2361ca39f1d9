package io.github.convbasis.matrix;

import java.util.Arrays;
import java.util.Objects;

/**
 * A lower-triangular n × n matrix that is Toeplitz on each of its contiguous column blocks: the
 * segment view of a k-conv basis matrix.
 *
 * <p>Segment r covers columns {@code start(r) … end(r)-1}; there, entry (i, j) is {@code kernel_r[i
 * - j]}. Kernel r is the first column of its segment read downwards from the diagonal (the paper's
 * running sum of basis vectors), so it has {@code n - start(r)} entries. Columns before the first
 * start are zero.
 *
 * <p>Memory {@code Σ_r (n - start(r))}, at most terms·n doubles. Immutable and thread-safe, as long
 * as nobody writes to arrays that were wrapped.
 */
public final class SegmentedToeplitz implements LowerTriangular {
  private final int size;
  private final int[] starts;
  private final double[][] kernels;

  private SegmentedToeplitz(int size, int[] starts, double[][] kernels) {
    this.size = size;
    this.starts = starts;
    this.kernels = kernels;
  }

  /**
   * Checks and copies segments.
   *
   * @param size number of rows and columns, n
   * @param starts first column of each segment, strictly increasing in {@code 0 … n-1}
   * @param kernels for each segment the entries by lag, {@code n - starts[r]} of them, finite
   * @return the matrix
   * @throws IllegalArgumentException naming what does not hold
   */
  public static SegmentedToeplitz of(int size, int[] starts, double[][] kernels) {
    if (size < 1) {
      throw new IllegalArgumentException("size must be at least 1, was " + size);
    }
    if (kernels.length != starts.length) {
      throw new IllegalArgumentException(
          "kernels must be " + starts.length + " like starts, was " + kernels.length);
    }
    double[][] copies = new double[kernels.length][];
    requireIncreasing(size, starts);
    for (int r = 0; r < starts.length; r++) {
      if (kernels[r].length != size - starts[r]) {
        throw new IllegalArgumentException(
            String.format(
                "kernels[%d] must have %d entries, was %d",
                r, size - starts[r], kernels[r].length));
      }
      for (int lag = 0; lag < kernels[r].length; lag++) {
        if (!Double.isFinite(kernels[r][lag])) {
          throw new IllegalArgumentException(
              String.format(
                  "kernels must be finite, was %s in segment %d at lag %d",
                  kernels[r][lag], r, lag));
        }
      }
      copies[r] = kernels[r].clone();
    }
    return new SegmentedToeplitz(size, starts.clone(), copies);
  }

  private static void requireIncreasing(int size, int[] starts) {
    for (int r = 0; r < starts.length; r++) {
      int least = r == 0 ? 0 : starts[r - 1] + 1;
      if (starts[r] < least || starts[r] >= size) {
        throw new IllegalArgumentException(
            String.format(
                "starts[%d] must be between %d and %d, was %d", r, least, size - 1, starts[r]));
      }
    }
  }

  /**
   * Wraps segments without copying or reading their kernels, for arrays of terms·n entries that
   * were checked when they were filled. The caller must not change them while this matrix is used.
   *
   * @param size number of rows and columns, n
   * @param starts first column of each segment, strictly increasing in {@code 0 … n-1}
   * @param kernels for each segment the entries by lag, at least {@code n - starts[r]} of them, all
   *     of these finite; there may be more arrays than segments
   * @return the matrix
   * @throws IllegalArgumentException if the size is below 1, the starts do not increase or a kernel
   *     is missing or too short
   */
  public static SegmentedToeplitz wrap(int size, int[] starts, double[][] kernels) {
    if (size < 1) {
      throw new IllegalArgumentException("size must be at least 1, was " + size);
    }
    if (kernels.length < starts.length) {
      throw new IllegalArgumentException(
          "kernels must be at least " + starts.length + " like starts, was " + kernels.length);
    }
    requireIncreasing(size, starts);
    for (int r = 0; r < starts.length; r++) {
      if (kernels[r].length < size - starts[r]) {
        throw new IllegalArgumentException(
            String.format(
                "kernels[%d] must have at least %d entries, was %d",
                r, size - starts[r], kernels[r].length));
      }
    }
    return new SegmentedToeplitz(size, starts.clone(), kernels);
  }

  @Override
  public int size() {
    return size;
  }

  /**
   * Returns the number of segments, the paper's k.
   *
   * @return at least 0; 0 means the zero matrix
   */
  public int terms() {
    return starts.length;
  }

  /**
   * Returns the first column of a segment.
   *
   * @param segment segment, from 0
   * @return column, from 0
   */
  public int start(int segment) {
    return starts[segment];
  }

  /**
   * Returns the end of a segment's columns.
   *
   * @param segment segment, from 0
   * @return column after the last one
   */
  public int end(int segment) {
    return segment + 1 < starts.length ? starts[segment + 1] : size;
  }

  /**
   * Returns one kernel entry.
   *
   * @param segment segment, from 0
   * @param lag {@code row - column}, from 0 to {@code n - start(segment) - 1}
   * @return the matrix entry at that lag
   */
  public double kernel(int segment, int lag) {
    return kernels[segment][lag];
  }

  /**
   * Copies a kernel.
   *
   * @param segment segment, from 0
   * @return {@code n - start(segment)} entries by lag
   */
  public double[] kernel(int segment) {
    return Arrays.copyOf(kernels[segment], size - starts[segment]);
  }

  /**
   * Copies a part of a kernel.
   *
   * @param segment segment, from 0
   * @param fromLag first lag
   * @param toLag end of the lags, exclusive, at most {@code n - start(segment)}
   * @param target receives {@code toLag - fromLag} entries
   * @param at index of the first
   */
  public void copyKernel(int segment, int fromLag, int toLag, double[] target, int at) {
    System.arraycopy(kernels[segment], fromLag, target, at, toLag - fromLag);
  }

  /**
   * Returns the segment a column lies in.
   *
   * @param column column, from 0
   * @return segment, or -1 for the zero columns before the first start
   */
  public int segmentOf(int column) {
    int at = Arrays.binarySearch(starts, Objects.checkIndex(column, size));
    return at >= 0 ? at : -at - 2;
  }

  /**
   * Returns the greatest entry on or below the diagonal.
   *
   * @return negative infinity if there is no segment; zero columns before the first do not count
   */
  public double greatestEntry() {
    double greatest = Double.NEGATIVE_INFINITY;
    for (int r = 0; r < starts.length; r++) {
      for (int lag = 0; lag < size - starts[r]; lag++) {
        greatest = Math.max(greatest, kernels[r][lag]);
      }
    }
    return greatest;
  }

  /**
   * Returns {@code M∘exp(H - shift)}, M the mask of the columns from the first start on at and
   * below the diagonal.
   *
   * @param shift finite; the greatest entry makes the greatest weight 1
   * @return kernels of its own
   * @throws IllegalArgumentException if a weight overflows
   */
  public SegmentedToeplitz exponential(double shift) {
    double[][] weights = new double[starts.length][];
    for (int r = 0; r < starts.length; r++) {
      weights[r] = kernel(r);
      for (int lag = 0; lag < weights[r].length; lag++) {
        weights[r][lag] = Math.exp(weights[r][lag] - shift);
      }
    }
    return of(size, starts, weights);
  }

  /**
   * Sums every row, in O(n) per segment, adding only entries of that row: no difference of running
   * sums, so rows of positive entries keep full relative accuracy however small they are beside
   * others.
   *
   * <p>Row i holds a window of segment r's kernel, of fixed width while i moves. Sums of a moving
   * window come from running sums inside blocks of its width: the tail of one block plus the head
   * of the next (van Herk 1992).
   *
   * @return n sums
   */
  public double[] rowSums() {
    double[] sums = new double[size];
    double[] tails = new double[size];
    for (int r = 0; r < starts.length; r++) {
      double[] kernel = kernels[r];
      int lags = size - starts[r];
      int width = end(r) - starts[r];
      for (int lag = lags - 1; lag >= 0; lag--) {
        boolean blockEnds = (lag + 1) % width == 0 || lag + 1 == lags;
        tails[lag] = kernel[lag] + (blockEnds ? 0 : tails[lag + 1]);
      }
      double head = 0;
      for (int lag = 0; lag < lags; lag++) {
        head = kernel[lag] + (lag % width == 0 ? 0 : head);
        boolean reachesBack = lag >= width && (lag + 1) % width != 0;
        sums[starts[r] + lag] += reachesBack ? tails[lag - width + 1] + head : head;
      }
    }
    return sums;
  }

  @Override
  public void copyRow(int row, double[] target) {
    int firstStart = starts.length == 0 ? size : starts[0];
    Arrays.fill(target, 0, Math.min(row + 1, firstStart), 0);
    for (int r = 0; r < starts.length && starts[r] <= row; r++) {
      int end = Math.min(end(r), row + 1);
      for (int column = starts[r]; column < end; column++) {
        target[column] = kernels[r][row - column];
      }
    }
  }

  @Override
  public void copyColumn(int column, int fromRow, int toRow, double[] target) {
    int segment = segmentOf(column);
    if (segment < 0) {
      Arrays.fill(target, 0, toRow - fromRow, 0);
    } else {
      System.arraycopy(kernels[segment], fromRow - column, target, 0, toRow - fromRow);
    }
  }
}
