package io.github.convbasis.simd.spectral;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.SegmentedToeplitz;

/**
 * Sums, for every row i, {@code e^(H[i,j])·2^(-exponent)} over the columns j left of the row's
 * diagonal block, in double and without one subtraction: rows keep full relative accuracy however
 * small they are beside others; what is 2¹⁰⁰⁰ times smaller than the greatest weight is lost, and
 * the caller must not use it.
 *
 * <p>A segment that ends before the block shows each row a window of its kernel of fixed width;
 * such sums come from running sums inside spans of that width, the tail of one plus the head of the
 * next (van Herk 1992). Of a segment that reaches the block, rows see all lags but the first ones,
 * up to their distance from the block's start.
 *
 * <p>O(n + blockSize²) per segment. Immutable after construction and thread-safe.
 */
final class FarSums {
  /** Segments are summed in this many groups, whatever the number of tasks. */
  private static final int GROUPS = 8;

  private final int exponent;
  private final double[] sums;

  /**
   * Sums all rows.
   *
   * @param logits H, no logit above {@link ScaledExp#MAX_LOGIT} in size
   * @param greatest its greatest logit
   * @param blockSize rows and columns of a diagonal block
   * @param parallelism how many tasks may work
   */
  FarSums(SegmentedToeplitz logits, double greatest, int blockSize, Parallelism parallelism) {
    int n = logits.size();
    int groups = Math.min(GROUPS, logits.terms());
    exponent = ScaledExp.exponentOf(greatest);
    double[][] parts = new double[groups][n];
    Pool<Scan> scans = new Pool<>(() -> new Scan(logits, blockSize));
    parallelism.forEach(
        groups,
        g -> {
          Scan scan = scans.take();
          for (int r = g; r < logits.terms(); r += groups) {
            scan.add(r, exponent, parts[g]);
          }
          scans.give(scan);
        });
    sums = parts[0];
    for (int g = 1; g < groups; g++) {
      add(parts[g], sums);
    }
  }

  private static void add(double[] part, double[] total) {
    for (int row = 0; row < total.length; row++) {
      total[row] += part[row];
    }
  }

  /** Returns the common exponent. */
  int exponent() {
    return exponent;
  }

  /** Returns a row's sum. */
  double sum(int row) {
    return sums[row];
  }

  /** Scratch to scan one segment after the other. Not thread-safe. */
  private static final class Scan {
    private final SegmentedToeplitz logits;
    private final int blockSize;
    private final double[] weights;
    private final double[] tails;

    Scan(SegmentedToeplitz logits, int blockSize) {
      this.logits = logits;
      this.blockSize = blockSize;
      weights = new double[ScaledExp.padded(logits.size())];
      tails = new double[logits.size() + 1];
    }

    void add(int segment, int exponent, double[] sums) {
      int n = logits.size();
      int start = logits.start(segment);
      int end = logits.end(segment);
      logits.copyColumn(start, start, n, weights);
      ScaledExp.apply(weights, n - start, exponent);
      // Blocks that start inside the segment, then those after its end.
      int firstBlock = (start / blockSize + 1) * blockSize;
      int firstClosed = Math.min(n, (end + blockSize - 1) / blockSize * blockSize);
      addOpen(start, firstBlock, firstClosed, sums);
      addClosed(start, end - start, firstClosed, sums);
    }

    private void addOpen(int start, int firstBlock, int toRow, double[] sums) {
      if (firstBlock >= toRow) {
        return;
      }
      int firstEnd = Math.min(toRow, firstBlock + blockSize);
      for (int row = firstBlock; row < firstEnd; row++) {
        double sum = 0;
        for (int lag = row - firstBlock + 1; lag <= row - start; lag++) {
          sum += weights[lag];
        }
        sums[row] += sum;
      }
      if (firstEnd == toRow) {
        return;
      }
      // From the second block on every window holds lag blockSize.
      tails[blockSize] = 0;
      for (int lag = blockSize - 1; lag > 0; lag--) {
        tails[lag] = tails[lag + 1] + weights[lag];
      }
      double head = 0;
      for (int lag = blockSize; lag < firstEnd - start; lag++) {
        head += weights[lag];
      }
      for (int row = firstEnd; row < toRow; row++) {
        head += weights[row - start];
        sums[row] += head + tails[row % blockSize + 1];
      }
    }

    private void addClosed(int start, int width, int fromRow, double[] sums) {
      int n = logits.size();
      if (fromRow >= n) {
        return;
      }
      int firstLag = fromRow - start;
      int span = firstLag - firstLag % width;
      if (firstLag + 1 - width < span) {
        fillTails(span - width, width, firstLag + 1 - width);
      }
      for (; span < n - start; span += width) {
        int to = Math.min(n - start, span + width);
        double head = 0;
        for (int lag = span; lag < Math.min(to, firstLag); lag++) {
          head += weights[lag];
        }
        for (int lag = Math.max(span, firstLag); lag < to; lag++) {
          head += weights[lag];
          sums[start + lag] += lag + 1 == span + width ? head : head + tails[lag + 1 - width];
        }
        if (to == span + width) {
          fillTails(span, width, span + 1);
        }
      }
    }

    /** Sets tails[lag] to the sum of a span's weights from lag on, down to {@code least}. */
    private void fillTails(int span, int width, int least) {
      double tail = 0;
      for (int lag = span + width - 1; lag >= Math.max(least, 0); lag--) {
        tail += weights[lag];
        tails[lag] = tail;
      }
    }
  }
}
