package io.github.convbasis.decompose;

import io.github.convbasis.decompose.Recovery.Outcome;
import io.github.convbasis.decompose.Recovery.Strategy;
import io.github.convbasis.matrix.ColumnSource;
import io.github.convbasis.matrix.SegmentedToeplitz;
import java.util.Arrays;
import java.util.Objects;

/**
 * Recovers a k-conv basis from columns computed on demand, without the n × n matrix.
 *
 * <p>Two columns belong to one segment when their first T entries from the diagonal downwards, the
 * prefixes, agree: {@code ‖·‖₁ < δ - 2Tε}. Whole columns are read only at the starts found. For a
 * (T, δ)-non-degenerate basis with noise {@code ε ≤ δ/(5T)} per entry the starts are exact (Liang
 * et al. 2025, Recover and Search). Cost with logits from queries and keys: O(terms·n·d) for the
 * columns and O(probes·T·d) for the search.
 *
 * <p>What is not given is chosen: T = {@value #DEFAULT_WINDOW} or n/4 if that is less, and δ from
 * distances of sampled neighbouring columns, raised until the terms allowed reach the last column.
 *
 * <p>The repaired search sees every segment that is at least n/{@value #PROBES_PER_MATRIX} columns
 * long; a shorter one that interrupts a pattern which then returns may be stepped over.
 *
 * <p>Immutable and thread-safe; the column source is used from the calling thread.
 */
public final class ConvBasisRecovery {
  /** T when none is given. */
  public static final int DEFAULT_WINDOW = 16;

  /** Doubling steps grow up to n divided by this. */
  static final int PROBES_PER_MATRIX = 256;

  private static final int UNSET = -1;

  private final Strategy strategy;
  private final int terms;
  private final int window;
  private final double delta;
  private final double epsilon;

  private ConvBasisRecovery(
      Strategy strategy, int terms, int window, double delta, double epsilon) {
    this.strategy = strategy;
    this.terms = terms;
    this.window = window;
    this.delta = delta;
    this.epsilon = epsilon;
  }

  /**
   * Asks for up to a number of terms by the repaired search, T and δ chosen from the data.
   *
   * @param terms the most terms, the paper's k, at least 1; n or more gives every column its own
   * @return a recovery to refine or use
   * @throws IllegalArgumentException if terms is below 1
   */
  public static ConvBasisRecovery ofTerms(int terms) {
    if (terms < 1) {
      throw new IllegalArgumentException("terms must be at least 1, was " + terms);
    }
    return new ConvBasisRecovery(Strategy.REPAIRED, terms, UNSET, UNSET, UNSET);
  }

  /**
   * Chooses the search.
   *
   * @param strategy literal or repaired
   * @return a changed copy
   */
  public ConvBasisRecovery withStrategy(Strategy strategy) {
    return new ConvBasisRecovery(
        Objects.requireNonNull(strategy, "strategy"), terms, window, delta, epsilon);
  }

  /**
   * Sets T.
   *
   * @param window entries compared per column, at least 1
   * @return a changed copy
   * @throws IllegalArgumentException if it is below 1
   */
  public ConvBasisRecovery withWindow(int window) {
    if (window < 1) {
      throw new IllegalArgumentException("window must be at least 1, was " + window);
    }
    return new ConvBasisRecovery(strategy, terms, window, delta, epsilon);
  }

  /**
   * Sets δ.
   *
   * @param delta distance from which prefixes differ, finite, at least 0
   * @return a changed copy
   * @throws IllegalArgumentException if it is negative or not finite
   */
  public ConvBasisRecovery withDelta(double delta) {
    requireNonNegative("delta", delta);
    return new ConvBasisRecovery(strategy, terms, window, delta, epsilon);
  }

  /**
   * Sets ε.
   *
   * @param epsilon noise per entry, finite, at least 0
   * @return a changed copy
   * @throws IllegalArgumentException if it is negative or not finite
   */
  public ConvBasisRecovery withEpsilon(double epsilon) {
    requireNonNegative("epsilon", epsilon);
    return new ConvBasisRecovery(strategy, terms, window, delta, epsilon);
  }

  private static void requireNonNegative(String name, double value) {
    if (!(value >= 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(name + " must be finite and at least 0, was " + value);
    }
  }

  /**
   * Searches a matrix for its segments.
   *
   * @param source gives columns of H
   * @return the recovered matrix and how the search went
   * @throws IllegalArgumentException if T exceeds n, or {@code δ < 2Tε}; where both are equal every
   *     column counts as different, and the first columns become the terms
   * @throws ArithmeticException if entries are so large that distances overflow
   */
  public Recovery recover(ColumnSource source) {
    int n = source.size();
    boolean everyColumn = strategy == Strategy.REPAIRED && terms >= n && delta == UNSET;
    int t = window != UNSET ? window : everyColumn ? 1 : defaultWindow(n);
    if (t > n) {
      throw new IllegalArgumentException("window must be at most n = " + n + ", was " + t);
    }
    double noise = Math.max(epsilon, 0);
    PrefixSearch search = new PrefixSearch(source, t, Math.max(1, n / PROBES_PER_MATRIX));
    if (everyColumn) {
      return everyColumn(search, t, noise);
    }
    double d = delta != UNSET ? delta : epsilon > 0 ? 5 * t * epsilon : search.firstDelta();
    if (d < 2 * t * noise) {
      throw new IllegalArgumentException(
          String.format("delta must be at least 2·T·epsilon = %s, was %s", 2 * t * noise, d));
    }
    if (strategy == Strategy.LITERAL) {
      return literal(search, t, d, noise);
    }
    Starts starts = search.starts(terms, d - 2 * t * noise);
    if (delta == UNSET && starts.outcome() == Outcome.TERM_LIMIT) {
      d = leastCoveringDelta(search, d, 2 * t * noise);
      starts = search.starts(terms, d - 2 * t * noise);
    }
    SegmentedToeplitz matrix = readColumns(source, starts.columns());
    return new Recovery(
        matrix, strategy, t, d, noise, search.probes(), matrix.terms(), 0, starts.outcome());
  }

  /** The last T - 1 columns cannot start a segment, so T is kept small beside n. */
  private static int defaultWindow(int n) {
    return Math.max(1, Math.min(DEFAULT_WINDOW, n / 4));
  }

  private Recovery everyColumn(PrefixSearch search, int t, double noise) {
    int n = search.source().size();
    int[] all = new int[n];
    Arrays.setAll(all, j -> j);
    SegmentedToeplitz matrix = readColumns(search.source(), all);
    return new Recovery(matrix, strategy, t, 0, noise, 0, n, 0, Outcome.COVERED);
  }

  /** Raises δ until the allowed terms reach the last column, then bisects for the least such δ. */
  private double leastCoveringDelta(PrefixSearch search, double tooSmall, double margin) {
    double low = tooSmall;
    double high = 2 * tooSmall;
    while (search.starts(terms, high - margin).outcome() == Outcome.TERM_LIMIT) {
      low = high;
      high *= 2;
    }
    for (int step = 0; step < 5; step++) {
      double middle = Math.sqrt(low) * Math.sqrt(high);
      if (search.starts(terms, middle - margin).outcome() == Outcome.TERM_LIMIT) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return high;
  }

  /** The paper's Recover: k rounds of binary search against the last prefix found. */
  private Recovery literal(PrefixSearch search, int t, double d, double noise) {
    int n = search.source().size();
    int last = n - t;
    int[] starts = new int[Math.min(terms, last + 1)];
    int found = 0;
    int unconfirmed = 0;
    int next = 0;
    double[] prefix = new double[t];
    while (found < terms && next <= last) {
      int low = next;
      int high = last;
      boolean confirmed = false;
      while (low < high) {
        int middle = (low + high) >>> 1;
        if (search.distance(middle, prefix) >= d - 2 * t * noise) {
          high = middle;
          confirmed = true;
        } else {
          low = middle + 1;
        }
      }
      unconfirmed += confirmed ? 0 : 1;
      starts[found++] = low;
      search.source().copyColumn(low, low, low + t, prefix);
      next = low + 1;
    }
    SegmentedToeplitz matrix =
        withZeroColumnsModelled(readColumns(search.source(), Arrays.copyOf(starts, found)));
    Outcome outcome = found < terms ? Outcome.OUT_OF_COLUMNS : Outcome.TERM_LIMIT;
    return new Recovery(
        matrix, strategy, t, d, noise, search.probes(), found, unconfirmed, outcome);
  }

  /**
   * Puts a zero kernel before the first start, since Recover takes the columns before it for zero.
   * The exponential lemma needs the first support to be n.
   */
  private static SegmentedToeplitz withZeroColumnsModelled(SegmentedToeplitz matrix) {
    if (matrix.start(0) == 0) {
      return matrix;
    }
    int terms = matrix.terms();
    int[] starts = new int[terms + 1];
    double[][] kernels = new double[terms + 1][];
    kernels[0] = new double[matrix.size()];
    for (int r = 0; r < terms; r++) {
      starts[r + 1] = matrix.start(r);
      kernels[r + 1] = matrix.kernel(r);
    }
    return SegmentedToeplitz.of(matrix.size(), starts, kernels);
  }

  private static SegmentedToeplitz readColumns(ColumnSource source, int[] starts) {
    int n = source.size();
    double[][] kernels = new double[starts.length][];
    for (int r = 0; r < starts.length; r++) {
      kernels[r] = new double[n - starts[r]];
    }
    source.copyColumns(starts, kernels);
    return SegmentedToeplitz.of(n, starts, kernels);
  }

  /**
   * Segment starts of one search.
   *
   * @param columns first column of each segment
   * @param outcome how the search ended
   */
  record Starts(int[] columns, Outcome outcome) {}
}
