package io.github.convbasis.simd.spectral;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.SegmentedToeplitz;
import io.github.convbasis.simd.Pool;
import java.util.Arrays;

/**
 * Sums, for some rows i, {@code e^(H[i,j])·2^(-exponent)} over the columns j left of the row's
 * diagonal block that are not excluded, in double and without one subtraction: rows keep full
 * relative accuracy however small they are beside others; what is 2¹⁰⁰⁰ times smaller than the
 * greatest weight up to the row's region is lost, and the caller must not use it.
 *
 * <p>Excluded columns cut segments into runs. A run that ends before the block shows each row a
 * window of its kernel of fixed width; such sums come from running sums inside spans of that width,
 * the tail of one plus the head of the next (van Herk 1992). Of a run that reaches the block, rows
 * see all lags but the first ones, up to their distance from the block's start.
 *
 * <p>O(rows + band² + the run's width) per run. Mutable scratch; several tasks of one call may
 * work.
 */
final class FarSums {
  /** Runs are summed in this many groups, whatever the number of tasks. */
  private static final int GROUPS = 8;

  private static final double[] NOBODY = new double[0];
  private static final int[] NO_COLUMNS = new int[0];

  private final int band;
  private final int regionSize;
  private final double[][] parts = new double[GROUPS][0];
  private final Pool<Scan> scans = new Pool<>(Scan::new);
  private final ColumnRuns whole = new ColumnRuns();
  private int firstRow;

  /**
   * Makes scratch.
   *
   * @param band rows and columns of a diagonal block
   * @param regionSize rows with a common exponent, a multiple of the band
   */
  FarSums(int band, int regionSize) {
    this.band = band;
    this.regionSize = regionSize;
  }

  /**
   * Sums rows over all columns.
   *
   * @param logits H, no logit above {@link ScaledExp#MAX_LOGIT} in size
   * @param peaks the greatest logits, which the exponents come from
   * @param fromRow first row
   * @param toRow after the last row
   * @param parallelism how many tasks may work
   */
  void sum(
      SegmentedToeplitz logits, LogitPeaks peaks, int fromRow, int toRow, Parallelism parallelism) {
    whole.cut(logits, NO_COLUMNS);
    sum(logits, whole, peaks, fromRow, toRow, parallelism);
  }

  /**
   * Sums rows over some columns.
   *
   * @param logits H, no logit above {@link ScaledExp#MAX_LOGIT} in size
   * @param runs columns, of these segments
   * @param peaks the greatest logits, which the exponents come from
   * @param fromRow first row
   * @param toRow after the last row
   * @param parallelism how many tasks may work
   */
  void sum(
      SegmentedToeplitz logits,
      ColumnRuns runs,
      LogitPeaks peaks,
      int fromRow,
      int toRow,
      Parallelism parallelism) {
    firstRow = fromRow;
    int rows = toRow - fromRow;
    // At least one, which clears the sums where every column is excluded.
    int groups = Math.max(1, Math.min(GROUPS, runs.count));
    parallelism.forEach(
        groups,
        g -> {
          if (parts[g].length < rows) {
            parts[g] = new double[rows];
          }
          Arrays.fill(parts[g], 0, rows, 0);
          Scan scan = scans.take();
          for (int r = g; r < runs.count; r += groups) {
            scan.add(logits, runs, r, peaks, fromRow, toRow, parts[g]);
          }
          scans.give(scan);
        });
    for (int g = 1; g < groups; g++) {
      add(parts[g], parts[0], rows);
    }
  }

  private static void add(double[] part, double[] total, int rows) {
    for (int row = 0; row < rows; row++) {
      total[row] += part[row];
    }
  }

  /** Returns the exponent of a row's region. */
  static int exponent(LogitPeaks peaks, int row) {
    return ScaledExp.exponentOf(peaks.greatest(row));
  }

  /** Returns a row's sum. */
  double sum(int row) {
    return parts[0][row - firstRow];
  }

  /**
   * Scratch to scan one run after the other: its weights from lag {@link #low} to {@link #known} at
   * the exponent of the region at hand. Where the next region has a greater one, what is at hand is
   * scaled down to it, which changes no digit.
   */
  private final class Scan {
    private SegmentedToeplitz logits;
    private LogitPeaks peaks;
    private int segment;
    private int exponent;
    private int low;
    private int known;
    private double head;
    private double[] weights = new double[0];
    private double[] tails = new double[0];

    void add(
        SegmentedToeplitz matrix,
        ColumnRuns runs,
        int run,
        LogitPeaks logitPeaks,
        int fromRow,
        int toRow,
        double[] sums) {
      logits = matrix;
      peaks = logitPeaks;
      segment = runs.segment[run];
      if (tails.length <= logits.size()) {
        weights = new double[ScaledExp.padded(logits.size())];
        tails = new double[logits.size() + 1];
      }
      int start = runs.from[run];
      int end = runs.to[run];
      // Blocks that start inside the run, then those after its end.
      int firstBlock = (start / band + 1) * band;
      int firstClosed = (int) Math.min(logits.size(), ((long) end + band - 1) / band * band);
      addOpen(start, firstBlock, Math.max(fromRow, firstBlock), Math.min(toRow, firstClosed), sums);
      addClosed(start, end - start, Math.max(fromRow, firstClosed), toRow, sums);
    }

    /** Begins with the weights from a lag on, at the exponent of a row's region. */
    private void begin(int lag, int row) {
      low = lag;
      known = lag;
      head = 0;
      exponent = exponent(peaks, row);
    }

    /** Goes on to a row's region. */
    private void enter(int row) {
      int next = exponent(peaks, row);
      if (next > exponent) {
        double factor = Math.scalb(1.0, Math.max(-2000, exponent - next));
        for (int lag = low; lag < known; lag++) {
          weights[lag] *= factor;
          tails[lag] *= factor;
        }
        head *= factor;
        exponent = next;
      }
    }

    /** Computes weights up to a lag. */
    private void need(int toLag) {
      if (toLag > known) {
        logits.copyKernel(segment, known, toLag, weights, known);
        ScaledExp.apply(weights, known, toLag - known, exponent);
        known = toLag;
      }
    }

    private int regionEnd(int row) {
      return (row / regionSize + 1) * regionSize;
    }

    private void addOpen(int start, int firstBlock, int fromRow, int toRow, double[] sums) {
      if (fromRow >= toRow) {
        return;
      }
      begin(0, fromRow);
      int firstEnd = Math.min(toRow, firstBlock + band);
      for (int row = fromRow; row < firstEnd; row++) {
        need(row - start + 1);
        double sum = 0;
        for (int lag = row - firstBlock + 1; lag <= row - start; lag++) {
          sum += weights[lag];
        }
        sums[row - firstRow] += sum;
      }
      int row = Math.max(fromRow, firstEnd);
      if (row >= toRow) {
        return;
      }
      enter(row);
      need(row - start);
      // From the second block on every window holds lag band.
      tails[band] = 0;
      for (int lag = band - 1; lag > 0; lag--) {
        tails[lag] = tails[lag + 1] + weights[lag];
      }
      for (int lag = band; lag < row - start; lag++) {
        head += weights[lag];
      }
      while (row < toRow) {
        enter(row);
        int end = Math.min(toRow, regionEnd(row));
        need(end - start);
        double sum = head;
        for (; row < end; row++) {
          sum += weights[row - start];
          sums[row - firstRow] += sum + tails[row % band + 1];
        }
        head = sum;
      }
    }

    private void addClosed(int start, int width, int fromRow, int toRow, double[] sums) {
      if (fromRow >= toRow) {
        return;
      }
      int firstLag = fromRow - start;
      int span = firstLag - firstLag % width;
      // The run has ended, so a whole span lies before this one.
      begin(span - width, fromRow);
      need(span);
      fillTails(weights, tails, span - width, span);
      for (; span < toRow - start; span += width) {
        int to = Math.min(toRow - start, span + width);
        int lag = Math.max(span, firstLag);
        need(lag);
        head = slide(weights, start, span, lag, 0, tails, width, NOBODY, 0);
        while (lag < to) {
          enter(start + lag);
          int end = Math.min(to, regionEnd(start + lag) - start);
          need(end);
          // The last row of a span sees no tail.
          tails[span] = 0;
          head = slide(weights, start, lag, end, head, tails, width, sums, firstRow);
          lag = end;
        }
        if (to == span + width) {
          fillTails(weights, tails, span, span + width);
          low = span;
        }
      }
    }
  }

  /**
   * Adds to each row of a span the head, the span's weights up to the row, and the tail of the span
   * before. Four rows at a time, so that one addition in four waits for the one before it; groups
   * begin at rows that are multiples of four, wherever a call begins.
   *
   * @param weights by lag
   * @param start row of lag 0
   * @param from first lag
   * @param to end of the lags, exclusive
   * @param before the head before the first lag
   * @param tails by lag; tail of lag l belongs to lag {@code l + width - 1}
   * @param width lags of a span
   * @param sums receive, unless they are {@link #NOBODY}
   * @param firstRow row of the first sum
   * @return the head after the last lag
   */
  private static double slide(
      double[] weights,
      int start,
      int from,
      int to,
      double before,
      double[] tails,
      int width,
      double[] sums,
      int firstRow) {
    double head = before;
    int at = start - firstRow;
    int back = 1 - width;
    boolean adds = sums != NOBODY;
    int lag = from;
    for (; lag < to && (start + lag) % 4 != 0; lag++) {
      head += weights[lag];
      if (adds) {
        sums[at + lag] += head + tails[lag + back];
      }
    }
    for (; lag + 3 < to; lag += 4) {
      double two = weights[lag] + weights[lag + 1];
      if (adds) {
        sums[at + lag] += head + weights[lag] + tails[lag + back];
        sums[at + lag + 1] += head + two + tails[lag + back + 1];
        sums[at + lag + 2] += head + (two + weights[lag + 2]) + tails[lag + back + 2];
      }
      head += two + (weights[lag + 2] + weights[lag + 3]);
      if (adds) {
        sums[at + lag + 3] += head + tails[lag + back + 3];
      }
    }
    for (; lag < to; lag++) {
      head += weights[lag];
      if (adds) {
        sums[at + lag] += head + tails[lag + back];
      }
    }
    return head;
  }

  /** Sets tails[lag] to the sum of a span's weights from lag on, four at a time from the end. */
  private static void fillTails(double[] weights, double[] tails, int from, int to) {
    double tail = 0;
    int lag = to - 1;
    for (; lag - 3 >= from; lag -= 4) {
      double two = weights[lag] + weights[lag - 1];
      tails[lag] = tail + weights[lag];
      tails[lag - 1] = tail + two;
      tails[lag - 2] = tail + (two + weights[lag - 2]);
      tail += two + (weights[lag - 2] + weights[lag - 3]);
      tails[lag - 3] = tail;
    }
    for (; lag >= from; lag--) {
      tail += weights[lag];
      tails[lag] = tail;
    }
  }
}
