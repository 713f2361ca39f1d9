package io.github.convbasis.decompose;

import java.util.List;

/**
 * Where {@link ConvBasisRecovery} says segments start, how much it looked at and how it ended.
 * Immutable and thread-safe.
 *
 * @param starts first column of each segment, increasing from 0
 * @param strategy the search that was used
 * @param window T, entries compared per column; 0 if nothing was compared
 * @param delta δ, the distance from which two prefixes count as different
 * @param epsilon ε, the noise per entry that was allowed for
 * @param probes columns of which a prefix of T entries was read
 * @param columns columns that are read whole, one for each term found; the literal search may put a
 *     zero segment before them that is no term
 * @param unconfirmedTerms terms that the literal search returned without having seen their prefix
 *     differ: it invents them when asked for more than exist; always 0 for the repaired search
 * @param outcome how the search ended
 */
public record SegmentSearch(
    List<Integer> starts,
    Strategy strategy,
    int window,
    double delta,
    double epsilon,
    int probes,
    int columns,
    int unconfirmedTerms,
    Outcome outcome) {

  /** Copies the starts. */
  public SegmentSearch {
    starts = List.copyOf(starts);
  }

  /** Which search to use. */
  public enum Strategy {
    /** The paper's Recover and Search as written. */
    LITERAL,
    /**
     * First segment forced at column 0, doubling steps from the current start, then bisection;
     * stops when nothing differs any more.
     */
    REPAIRED,
    /** None: starts known from elsewhere, such as the same head on an earlier prompt. */
    GIVEN
  }

  /** How a search ended. */
  public enum Outcome {
    /** Nothing that was probed after the last segment's start differs from it. */
    COVERED,
    /** The allowed number of terms was found; more segments may exist. */
    TERM_LIMIT,
    /** No column was left in which a further term could start. */
    OUT_OF_COLUMNS,
    /** Nothing was searched. */
    GIVEN
  }
}
