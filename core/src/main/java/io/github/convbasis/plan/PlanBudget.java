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
  private static final int LEAST_CERTIFICATE_ROWS = 16;
  private static final int MOST_CERTIFICATE_ROWS = 64;

  /** Rows for each sampled row: at n = 2,048 planning takes 3 and a certificate 5 percent. */
  private static final int ROWS_PER_PLANNING_ROW = 42;

  private static final int ROWS_PER_CERTIFICATE_ROW = 50;

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
    if (n <= 1 << 12) {
      return new TileGrid(n, 32, 16);
    }
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

  /** Returns the cost of sampling rows with their models, as a share of exact attention. */
  private double sampling(double rows, double models) {
    return (rows + models * costs.meanPair()) / n;
  }

  private double planning() {
    return sampling(planningRows(), planningRows() / (double) HeadPlanner.CLUSTER) + choosing();
  }

  private double judging() {
    return sampling(certificateRows(), certificateRows());
  }

  /** Returns the cost of choosing the kind of every tile. */
  private double choosing() {
    return costs.probePair() / grid().rowBlock();
  }

  /** Tells whether a plan can be made and judged without spending too much. */
  boolean allowsPlanning() {
    return planning() + judging() <= most;
  }

  /** Tells whether, after that, it can be made and judged once more. */
  boolean allowsRefinement() {
    return planning() + choosing() + 2 * judging() <= most;
  }

  /** Returns the share of exact attention that a plan must save to be worth its risk. */
  double least() {
    return most / 2;
  }
}
