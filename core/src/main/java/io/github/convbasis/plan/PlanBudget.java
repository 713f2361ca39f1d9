package io.github.convbasis.plan;

import io.github.convbasis.backend.AttentionCosts;
import io.github.convbasis.matrix.TileGrid;

/**
 * How much of a head may be looked at: the size of its tiles and the numbers of sampled rows, so
 * that planning and judging cost at most a share of exact attention. Immutable and thread-safe.
 */
final class PlanBudget {
  private static final int LEAST_PLANNING_ROWS = 24;
  private static final int MOST_PLANNING_ROWS = 96;
  private static final int LEAST_CERTIFICATE_ROWS = 64;
  private static final int MOST_CERTIFICATE_ROWS = 128;

  /** Rows for each sampled row; judging costs their share of exact attention. */
  private static final int ROWS_PER_PLANNING_ROW = 256;

  private static final int ROWS_PER_CERTIFICATE_ROW = 32;

  /**
   * What a sampled row costs, in exact rows: its tiles and their means, and the search for a
   * choice. Medians of 7 to 13 were seen at n = 4,096 to 16,384, d = 64 (AMD Zen 5, 512 bits).
   */
  private static final int EXACT_ROWS_PER_PLANNING_ROW = 10;

  private final int n;
  private final double most;
  private final AttentionCosts costs;

  PlanBudget(int n, double mostOverhead, AttentionCosts costs) {
    this.n = n;
    most = mostOverhead;
    this.costs = costs;
  }

  /**
   * Returns the tiles: small ones save most but their means cost 1/R and 1/C of exact attention,
   * which longer heads can save further.
   */
  TileGrid grid() {
    if (n <= 1 << 14) {
      return new TileGrid(n, 32, 32);
    }
    int block = Math.max(64, n >> 10);
    return new TileGrid(n, block, block);
  }

  int planningRows() {
    int rows = n / ROWS_PER_PLANNING_ROW;
    return Math.max(LEAST_PLANNING_ROWS, Math.min(MOST_PLANNING_ROWS, rows));
  }

  int certificateRows() {
    int rows = n / ROWS_PER_CERTIFICATE_ROW;
    return Math.max(LEAST_CERTIFICATE_ROWS, Math.min(MOST_CERTIFICATE_ROWS, rows));
  }

  /** Returns the cost of a plan from sampled rows, as a share of exact attention. */
  double planning() {
    return (double) EXACT_ROWS_PER_PLANNING_ROW * planningRows() / n + choosing();
  }

  /** Returns the cost of choosing the kind of every tile, as a share of exact attention. */
  double choosing() {
    return costs.probePair() / grid().rowBlock();
  }

  /** Tells whether a plan can be made and judged without spending too much. */
  boolean allowsPlanning() {
    return allowsRun(planning(), 0);
  }

  /**
   * Tells whether a plan may be run and judged: if it does not hold its time is lost.
   *
   * @param spent what was spent on the head before, as a share of exact attention
   * @param cost predicted cost of the run
   */
  boolean allowsRun(double spent, double cost) {
    return spent + cost + judging() <= most;
  }

  /** Returns the cost of judging an output, as a share of exact attention. */
  double judging() {
    return (double) certificateRows() / n;
  }
}
