package io.github.convbasis.decompose;

import io.github.convbasis.decompose.SegmentSearch.Outcome;
import io.github.convbasis.decompose.SegmentSearch.Strategy;
import io.github.convbasis.matrix.ColumnSource;
import io.github.convbasis.matrix.SegmentedToeplitz;
import java.util.Arrays;
import java.util.List;
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
  private final int[] given;

  private ConvBasisRecovery(
      Strategy strategy, int terms, int window, double delta, double epsilon) {
    this(strategy, terms, window, delta, epsilon, new int[0]);
  }

  private ConvBasisRecovery(
      Strategy strategy, int terms, int window, double delta, double epsilon, int[] given) {
    this.strategy = strategy;
    this.terms = terms;
    this.window = window;
    this.delta = delta;
    this.epsilon = epsilon;
    this.given = given;
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
   * Takes known starts and searches for nothing; for plans that are used again.
   *
   * @param starts first column of each segment, strictly increasing from 0
   * @return a recovery to use
   * @throws IllegalArgumentException if they do not begin at 0 or do not increase
   */
  public static ConvBasisRecovery ofStarts(int... starts) {
    if (starts.length == 0 || starts[0] != 0) {
      throw new IllegalArgumentException(
          "starts must begin with 0, was " + (starts.length == 0 ? "empty" : starts[0]));
    }
    for (int r = 1; r < starts.length; r++) {
      if (starts[r] <= starts[r - 1]) {
        throw new IllegalArgumentException(
            String.format(
                "starts[%d] must be greater than %d, was %d", r, starts[r - 1], starts[r]));
      }
    }
    return new ConvBasisRecovery(
        Strategy.GIVEN, starts.length, UNSET, UNSET, UNSET, starts.clone());
  }

  /**
   * Chooses the search.
   *
   * @param strategy literal or repaired
   * @return a changed copy
   * @throws IllegalArgumentException if it is {@link Strategy#GIVEN}, which needs {@link #ofStarts}
   */
  public ConvBasisRecovery withStrategy(Strategy strategy) {
    requireSearch("strategy");
    if (strategy == Strategy.GIVEN) {
      throw new IllegalArgumentException("strategy must be LITERAL or REPAIRED, was GIVEN");
    }
    return new ConvBasisRecovery(
        Objects.requireNonNull(strategy, "strategy"), terms, window, delta, epsilon);
  }

  /**
   * Sets T.
   *
   * @param window entries compared per column, at least 1
   * @return a changed copy
   * @throws IllegalArgumentException if it is below 1, or starts are given
   */
  public ConvBasisRecovery withWindow(int window) {
    requireSearch("window");
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
   * @throws IllegalArgumentException if it is negative or not finite, or starts are given
   */
  public ConvBasisRecovery withDelta(double delta) {
    requireSearch("delta");
    requireNonNegative("delta", delta);
    return new ConvBasisRecovery(strategy, terms, window, delta, epsilon);
  }

  /**
   * Sets ε.
   *
   * @param epsilon noise per entry, finite, at least 0
   * @return a changed copy
   * @throws IllegalArgumentException if it is negative or not finite, or starts are given
   */
  public ConvBasisRecovery withEpsilon(double epsilon) {
    requireSearch("epsilon");
    requireNonNegative("epsilon", epsilon);
    return new ConvBasisRecovery(strategy, terms, window, delta, epsilon);
  }

  private void requireSearch(String name) {
    if (strategy == Strategy.GIVEN) {
      throw new IllegalArgumentException(name + " must not be set where starts are given");
    }
  }

  private static void requireNonNegative(String name, double value) {
    if (!(value >= 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(name + " must be finite and at least 0, was " + value);
    }
  }

  /**
   * Searches a matrix for its segments and reads their kernels.
   *
   * @param source gives columns of H
   * @return the recovered matrix and how the search went
   * @throws IllegalArgumentException if T exceeds n, or {@code δ < 2Tε}; where both are equal every
   *     column counts as different, and the first columns become the terms; or if a given start is
   *     not below n
   * @throws ArithmeticException if entries are so large that distances overflow
   */
  public Recovery recover(ColumnSource source) {
    return recover(source, new KernelStore());
  }

  /**
   * Does the same, with kernels in a store that may hold those of an earlier matrix.
   *
   * @param source gives columns of H
   * @param store receives the kernels
   * @return the recovered matrix, valid until the store is used again, and how the search went
   * @throws IllegalArgumentException as {@link #recover(ColumnSource)}
   * @throws ArithmeticException as {@link #recover(ColumnSource)}
   */
  public Recovery recover(ColumnSource source, KernelStore store) {
    SegmentSearch search = search(source);
    int n = source.size();
    int[] starts = search.starts().stream().mapToInt(Integer::intValue).toArray();
    double[][] kernels = store.reserve(n, starts);
    // The literal search takes the columns before its first term for zero.
    int zero = starts.length - search.columns();
    if (zero > 0) {
      Arrays.fill(kernels[0], 0, n, 0);
    }
    source.copyColumns(
        Arrays.copyOfRange(starts, zero, starts.length),
        Arrays.copyOfRange(kernels, zero, starts.length));
    return new Recovery(SegmentedToeplitz.wrap(n, starts, kernels), search);
  }

  /**
   * Returns how many columns a matrix must have to be searched: the T that was set.
   *
   * @return at least 1; 1 if T is chosen from the matrix, or nothing is searched
   */
  public int leastColumns() {
    return Math.max(1, window);
  }

  /**
   * Searches a matrix for its segments and reads no kernel.
   *
   * @param source gives columns of H
   * @return where segments start and how the search went
   * @throws IllegalArgumentException as {@link #recover(ColumnSource)}
   * @throws ArithmeticException as {@link #recover(ColumnSource)}
   */
  public SegmentSearch search(ColumnSource source) {
    int n = source.size();
    if (strategy == Strategy.GIVEN) {
      return given(n);
    }
    boolean everyColumn = strategy == Strategy.REPAIRED && terms >= n && delta == UNSET;
    int t = window != UNSET ? window : everyColumn ? 1 : defaultWindow(n);
    if (t > n) {
      throw new IllegalArgumentException("window must be at most n = " + n + ", was " + t);
    }
    double noise = Math.max(epsilon, 0);
    PrefixSearch search = new PrefixSearch(source, t, Math.max(1, n / PROBES_PER_MATRIX));
    if (everyColumn) {
      int[] all = new int[n];
      Arrays.setAll(all, j -> j);
      return found(all, t, 0, noise, 0, n, 0, Outcome.COVERED);
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
    int[] columns = starts.columns();
    return found(columns, t, d, noise, search.probes(), columns.length, 0, starts.outcome());
  }

  private SegmentSearch given(int n) {
    int last = given[given.length - 1];
    if (last >= n) {
      throw new IllegalArgumentException("starts must be below n = " + n + ", was " + last);
    }
    return found(given, 0, 0, 0, 0, given.length, 0, Outcome.GIVEN);
  }

  private SegmentSearch found(
      int[] starts,
      int t,
      double d,
      double noise,
      int probes,
      int columns,
      int unconfirmed,
      Outcome outcome) {
    List<Integer> list = Arrays.stream(starts).boxed().toList();
    return new SegmentSearch(list, strategy, t, d, noise, probes, columns, unconfirmed, outcome);
  }

  /** The last T - 1 columns cannot start a segment, so T is kept small beside n. */
  private static int defaultWindow(int n) {
    return Math.max(1, Math.min(DEFAULT_WINDOW, n / 4));
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
  private SegmentSearch literal(PrefixSearch search, int t, double d, double noise) {
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
    Outcome outcome = found < terms ? Outcome.OUT_OF_COLUMNS : Outcome.TERM_LIMIT;
    // Recover takes the columns before the first term for zero. The exponential lemma needs the
    // first support to be n, so these get a segment of their own.
    int zero = starts[0] > 0 ? 1 : 0;
    int[] all = new int[found + zero];
    System.arraycopy(starts, 0, all, zero, found);
    return found(all, t, d, noise, search.probes(), found, unconfirmed, outcome);
  }

  /**
   * Segment starts of one search.
   *
   * @param columns first column of each segment
   * @param outcome how the search ended
   */
  record Starts(int[] columns, Outcome outcome) {}
}
