package io.github.convbasis.plan;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.TileSums;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.TileGrid;
import io.github.convbasis.matrix.TileKind;
import io.github.convbasis.matrix.TileMap;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Plans one head: samples, chooses, and chooses again if rows it had not seen say that it must.
 * Mutable: one thread at a time.
 */
final class HeadPlanner {
  /**
   * Sampled errors are aimed at this share of the tolerance: the certificate must still hold with
   * the upper end of its interval.
   */
  private static final double AIM = 0.4;

  /** Planning rows in one row block. */
  static final int CLUSTER = 3;

  /** A second choice is aimed this much lower. */
  private static final double AGAIN = 0.5;

  /** A first look takes one in so many of the planning rows. */
  private static final int FIRST_LOOK = 3;

  private static final int LEAST_FIRST_LOOK = 6;

  /** Convolutions at most this expensive are looked for before tiles are. */
  private static final double CHEAP = 0.15;

  private static final double MOST_SEGMENT_COST = 0.6;

  private final Backend backend;
  private final AttentionInputs inputs;
  private final int head;
  private final double tolerance;
  private final PlanBudget budget;
  private final long seed;
  private final Workspace workspace;
  private final Parallelism parallelism;
  private final TileGrid grid;
  private final double scale;
  private int[] seen = new int[0];
  private double aim;

  HeadPlanner(
      Backend backend,
      AttentionInputs inputs,
      int head,
      double tolerance,
      PlanBudget budget,
      long seed,
      Workspace workspace,
      Parallelism parallelism) {
    this.backend = backend;
    this.inputs = inputs;
    this.head = head;
    this.tolerance = tolerance;
    this.budget = budget;
    this.seed = seed;
    this.workspace = workspace;
    this.parallelism = parallelism;
    grid = budget.grid();
    double greatest = inputs.values().maxAbs(inputs.keyHead(head));
    // A power of two, so that dividing by it rounds nothing.
    scale = greatest == 0 ? 1 : Math.scalb(1.0, Math.getExponent(greatest));
    aim = AIM * tolerance;
  }

  PlanBudget budget() {
    return budget;
  }

  /** Returns what outputs are divided by before they are squared. */
  double scale() {
    return scale;
  }

  /** Returns the rows that plans were made from, increasing. */
  int[] seen() {
    return seen;
  }

  /** Samples rows of this head. */
  TileSample sample(int[] rows, TileGrid tiles, boolean withModels) {
    return TileSample.of(backend, inputs, head, tiles, rows, withModels, workspace, parallelism);
  }

  /** Makes a plan without convolutions. */
  AttentionPlan planTiles() {
    PlanEvent event = new PlanEvent();
    event.begin();
    AttentionPlan plan = tiles();
    event.record(head, tolerance, plan);
    return plan;
  }

  /** Makes the first plan. */
  AttentionPlan plan() {
    PlanEvent event = new PlanEvent();
    event.begin();
    AttentionPlan plan = first();
    event.record(head, tolerance, plan);
    return plan;
  }

  private AttentionPlan first() {
    if (!budget.allowsPlanning()) {
      return exact("planning would cost too much of exact attention");
    }
    KernelPlanner.Candidate cheap = convolutions(CHEAP);
    if (cheap != null && cheap.error() <= tolerance) {
      return convolution(cheap);
    }
    AttentionPlan tiles = tiles();
    // Where convolutions cannot beat the tiles there is no need to look for more of them.
    double most = Math.min(MOST_SEGMENT_COST, tiles.predictedCost());
    if (most > 2 * CHEAP) {
      KernelPlanner.Candidate other = convolutions(most);
      if (other != null && other.error() <= tolerance && other.cost() < most) {
        return convolution(other);
      }
    }
    return tiles;
  }

  private KernelPlanner.Candidate convolutions(double mostCost) {
    return new KernelPlanner(backend, inputs, head, seed, workspace, parallelism)
        .best(tolerance, mostCost);
  }

  private AttentionPlan convolution(KernelPlanner.Candidate found) {
    int n = inputs.rows();
    TileMap map = AttentionPlan.convolution(n, found.kernels()).map();
    return new AttentionPlan(
        map,
        found.exactColumns(),
        found.kernels(),
        1,
        tolerance,
        found.cost(),
        found.error(),
        "sampled logits agree with few convolutions");
  }

  private AttentionPlan exact(String reason) {
    return AttentionPlan.exact(inputs.rows(), reason);
  }

  /** Plans without convolutions, from the rows seen before and the planning rows. */
  private AttentionPlan tiles() {
    int[] rows = spread(budget.planningRows());
    if (rows.length >= FIRST_LOOK * LEAST_FIRST_LOOK) {
      int[] few = new int[rows.length / FIRST_LOOK];
      // One row of a cluster, and every cluster's turn comes.
      Arrays.setAll(few, i -> rows[i * FIRST_LOOK + i % FIRST_LOOK]);
      TilePlanner.Choice look = choose(few);
      if (isTooDear(look.cost())) {
        seen = few;
        return exact("sampled rows need most tiles exactly");
      }
    }
    return tiles(rows);
  }

  private AttentionPlan tiles(int[] rows) {
    seen = rows;
    TilePlanner.Choice choice = choose(rows);
    if (isTooDear(choice.cost())) {
      return exact("sampled rows need most tiles exactly");
    }
    TileMap map = map(choice);
    double cost = cost(map) + choice.exactRows();
    if (isTooDear(cost)) {
      return exact("most tiles carry too much attention");
    }
    return new AttentionPlan(
        map,
        new int[0],
        null,
        choice.mostRankOneShare(),
        tolerance,
        cost,
        choice.error(),
        "tiles by their attention");
  }

  private boolean isTooDear(double cost) {
    return cost + budget.least() > 1;
  }

  private TilePlanner.Choice choose(int[] rows) {
    int width = inputs.values().width();
    return new TilePlanner(grid, backend.costs(), sample(rows, grid, true), width, scale)
        .choose(aim);
  }

  /**
   * Plans again, with more rows and a lower aim.
   *
   * @param rows rows whose error was too great, increasing
   * @return another plan, or exact attention if it would be cheaper
   */
  AttentionPlan refine(int[] rows) {
    if (!budget.allowsRefinement()) {
      return exact("judged rows were beyond the tolerance, and another plan would cost too much");
    }
    aim *= AGAIN;
    PlanEvent event = new PlanEvent();
    event.begin();
    AttentionPlan plan = tiles(union(seen, rows));
    event.record(head, tolerance, plan);
    return plan;
  }

  private static int[] union(int[] one, int[] other) {
    int[] all = Arrays.copyOf(one, one.length + other.length);
    System.arraycopy(other, 0, all, one.length, other.length);
    return Arrays.stream(all).sorted().distinct().toArray();
  }

  /**
   * Returns rows in small clusters, one cluster in each of some equal strata: rows of one block
   * share its means, which cost more than the rows.
   */
  private int[] spread(int count) {
    int n = inputs.rows();
    SplittableRandom random = new SplittableRandom(seed);
    int clusters = (count + CLUSTER - 1) / CLUSTER;
    int[] rows = new int[clusters * CLUSTER];
    int size = 0;
    for (int s = 0; s < clusters; s++) {
      int from = (int) ((long) s * n / clusters);
      int stratum = Math.max(1, (int) ((s + 1L) * n / clusters) - from);
      int block = (from + random.nextInt(stratum)) / grid.rowBlock();
      int start = grid.rowStart(block);
      int length = grid.rowEnd(block) - start;
      for (int c = 0; c < CLUSTER; c++) {
        int low = start + c * length / CLUSTER;
        int high = Math.max(low + 1, start + (c + 1) * length / CLUSTER);
        rows[size++] = Math.min(n - 1, low + random.nextInt(high - low));
      }
    }
    return Arrays.stream(rows).sorted().distinct().toArray();
  }

  /** Looks at every tile with the mean query of its rows. */
  private TileMap map(TilePlanner.Choice choice) {
    int blocks = grid.rowBlocks();
    int depth = inputs.queries().width();
    TileSums sums = new TileSums(blocks, depth, inputs.rows(), grid.columnBlock(), 0, false);
    double[] query = new double[depth];
    for (int block = 0; block < blocks; block++) {
      MeanQueries.copy(inputs, head, grid, block, query);
      System.arraycopy(query, 0, sums.queries, block * depth, depth);
      sums.visible[block] = grid.rowEnd(block);
    }
    backend.tileSums(inputs, inputs.keyHead(head), sums, workspace, parallelism);
    double[] totals = new double[blocks];
    for (int block = 0; block < blocks; block++) {
      totals[block] = TileSample.logSum(sums.logSums, block * sums.tiles, grid.columnBlocks(block));
    }
    return TileMap.of(
        grid,
        (row, column) ->
            column >= grid.blocksBelowDiagonal(row)
                ? TileKind.EXACT
                : choice.kind(sums.logSums[row * sums.tiles + column] - totals[row]));
  }

  private double cost(TileMap map) {
    var costs = backend.costs();
    double tiles = (double) grid.columnBlock() * grid.rowBlock();
    double rankOne = map.entries(TileKind.RANK_ONE) / tiles;
    double pairs = map.entries(TileKind.EXACT) + costs.row() * inputs.rows();
    pairs += rankOne * grid.rowBlock() * costs.rankOnePair();
    pairs += rankOne * grid.columnBlock() * costs.meanPair();
    pairs += costs.tile() * grid.entries() / tiles;
    return pairs / grid.entries();
  }
}
