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
import java.util.function.Supplier;

/**
 * Plans one head: samples, chooses, and chooses again if rows it had not seen say that it must.
 * Mutable: one thread at a time.
 */
final class HeadPlanner {
  /**
   * Sampled errors are aimed at this share of the tolerance: the certificate must still hold with
   * the upper end of its interval.
   */
  private static final double AIM = 0.2;

  /** Planning rows in one row block. */
  static final int CLUSTER = 3;

  /** A second choice is aimed lower by what the certificate was too high, and by this. */
  private static final double AGAIN = 0.8;

  /** Convolutions at most this expensive are taken without a look at the tiles. */
  private static final double CHEAP = 0.15;

  /** Convolutions beyond are not looked for. */
  private static final double MOST_SEGMENT_COST = 0.6;

  /** A plan must promise to save so much of exact attention to be worth its risk. */
  private static final double LEAST_SAVING = 0.05;

  /** Sums over all rows, and logits, at most this great fit a float; means of what is no less. */
  private static final double GREATEST = 0x1p126;

  private static final double LEAST = 0x1p-120;

  private static final String OUT_OF_RANGE = "values, keys or logits leave the range of means";

  private final Backend backend;
  private final AttentionInputs inputs;
  private final int head;
  private final double tolerance;
  private final PlanBudget budget;
  private final long seed;
  private final Workspace workspace;
  private final Parallelism parallelism;
  private final TileGrid grid;

  /** Greatest |V| of the head, not known before it is asked for: reading all values takes time. */
  private double greatestValue = Double.NaN;

  private int[] seen = new int[0];
  private double aim;
  private TilePlanner tilePlanner;

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
    aim = AIM * tolerance;
  }

  PlanBudget budget() {
    return budget;
  }

  /** Returns what outputs are divided by before they are squared. */
  double scale() {
    double greatest = greatestValue();
    // A power of two, so that dividing by it rounds nothing.
    return greatest == 0 ? 1 : Math.scalb(1.0, Math.getExponent(greatest));
  }

  private double greatestValue() {
    if (Double.isNaN(greatestValue)) {
      greatestValue = inputs.values().maxAbs(inputs.keyHead(head));
    }
    return greatestValue;
  }

  /** Returns the rows that plans were made from, increasing. */
  int[] seen() {
    return seen;
  }

  /** Makes the first plan. */
  AttentionPlan plan() {
    return recorded(this::first);
  }

  /**
   * Applies a plan that was made for another input.
   *
   * @param earlier the plan
   * @return its structure for this input; null if it has none that can be carried over
   */
  AttentionPlan again(AttentionPlan earlier) {
    return recorded(() -> applied(earlier));
  }

  /**
   * Plans once more, after a plan did not hold.
   *
   * @param high the error that it may have had
   * @return another plan, or exact attention if it would be no cheaper
   */
  AttentionPlan refine(double high) {
    if (tilePlanner == null) {
      return recorded(this::tiles);
    }
    aim *= Math.min(0.5, AGAIN * tolerance / high);
    return recorded(() -> tiles(tilePlanner.choose(aim)));
  }

  private AttentionPlan recorded(Supplier<AttentionPlan> planning) {
    PlanEvent event = new PlanEvent();
    event.begin();
    AttentionPlan plan = planning.get();
    if (plan != null) {
      event.record(head, tolerance, plan);
    }
    return plan;
  }

  private AttentionPlan applied(AttentionPlan earlier) {
    int n = inputs.rows();
    // With a rule, tiles that were exact at another length need not be.
    if (earlier.rule() == null && earlier.isExact()) {
      return earlier.rows() >= n ? earlier.firstRows(n) : null;
    }
    if (!isInRange()) {
      return exact(OUT_OF_RANGE);
    }
    if (earlier.kernels() != null
        && earlier.kernels().fit() == KernelFit.OFFSETS
        && n < FittedKernels.LEAST_ROWS_FOR_OFFSETS) {
      return exact("too few rows to fit offsets to");
    }
    if (earlier.rule() != null) {
      TileRule rule = earlier.rule();
      return tiles(rule, earlier.mostRankOneShare(), 0, Double.NaN, "the rule of an earlier plan");
    }
    if (earlier.map().entries(TileKind.CONVOLUTION) == earlier.map().grid().entries()) {
      AttentionPlan same = AttentionPlan.convolution(n, earlier.kernels().first(n));
      int[] columns = Arrays.stream(earlier.exactColumns()).filter(c -> c < n).toArray();
      return new AttentionPlan(
          same.map(),
          null,
          columns,
          same.kernels(),
          1,
          tolerance,
          earlier.predictedCost(),
          Double.NaN,
          "the segments of an earlier plan");
    }
    return earlier.rows() >= n ? earlier.firstRows(n) : null;
  }

  private AttentionPlan first() {
    if (!budget.allowsPlanning()) {
      return exact("planning would cost too much of exact attention");
    }
    if (!isInRange()) {
      return exact(OUT_OF_RANGE);
    }
    KernelPlanner.Candidate found =
        new KernelPlanner(
                backend, inputs, head, tolerance, MOST_SEGMENT_COST, seed, workspace, parallelism)
            .best();
    boolean holds = found != null && found.error() <= tolerance;
    if (holds && found.cost() <= CHEAP) {
      return convolution(found);
    }
    AttentionPlan tiles = tiles();
    return holds && found.cost() < tiles.predictedCost() ? convolution(found) : tiles;
  }

  /**
   * Tells whether keys and values can be averaged under any weights, and any query can meet any
   * key. Planning does both where exact attention may not, and must not overflow where it would
   * not.
   */
  private boolean isInRange() {
    double query = inputs.queries().maxAbs(head);
    double key = inputs.keys().maxAbs(inputs.keyHead(head));
    double logit = Math.abs(inputs.scale()) * query * key * inputs.keys().width();
    double rows = inputs.rows();
    return key * rows <= GREATEST
        && logit <= GREATEST
        && greatestValue() * rows <= GREATEST
        && (greatestValue() >= LEAST || greatestValue() == 0);
  }

  private AttentionPlan convolution(KernelPlanner.Candidate found) {
    return new AttentionPlan(
        found.map(),
        null,
        found.exactColumns(),
        found.kernels(),
        1,
        tolerance,
        found.cost(),
        found.error(),
        found.map().has(TileKind.EXACT)
            ? "sampled logits agree with few convolutions outside exact tiles"
            : "sampled logits agree with few convolutions");
  }

  private AttentionPlan exact(String reason) {
    return AttentionPlan.exact(inputs.rows(), reason);
  }

  /** Plans without convolutions, from the rows seen before and the planning rows. */
  private AttentionPlan tiles() {
    int[] rows = spread(budget.planningRows());
    seen = rows;
    tilePlanner = planner(rows);
    return tiles(tilePlanner.choose(aim));
  }

  private AttentionPlan tiles(TilePlanner.Choice choice) {
    if (isTooDear(choice.cost())) {
      return exact("sampled rows need most tiles exactly");
    }
    return tiles(
        choice.rule(),
        choice.mostRankOneShare(),
        choice.exactRows(),
        choice.error(),
        "tiles by their attention");
  }

  private AttentionPlan tiles(
      TileRule rule, double mostRankOneShare, double exactRows, double error, String reason) {
    TileMap map = map(rule);
    double cost = cost(map) + exactRows;
    if (isTooDear(cost)) {
      return exact("most tiles carry too much attention");
    }
    return new AttentionPlan(
        map, rule, new int[0], null, mostRankOneShare, tolerance, cost, error, reason);
  }

  private boolean isTooDear(double cost) {
    return cost + LEAST_SAVING > 1;
  }

  private TilePlanner planner(int[] rows) {
    TileSample sample = TileSample.of(backend, inputs, head, grid, rows, workspace, parallelism);
    int width = inputs.values().width();
    return new TilePlanner(grid, backend.costs(), sample, width, scale());
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
  private TileMap map(TileRule rule) {
    int blocks = grid.rowBlocks();
    int depth = inputs.queries().width();
    TileSums sums = new TileSums(blocks, depth, inputs.rows(), grid.columnBlock(), 0, false);
    double[] query = new double[depth];
    for (int block = 0; block < blocks; block++) {
      inputs.meanQuery(head, grid.rowStart(block), grid.rowEnd(block), query);
      System.arraycopy(query, 0, sums.queries, block * depth, depth);
      sums.visible[block] = grid.rowEnd(block);
    }
    backend.tileSums(inputs, inputs.keyHead(head), sums, workspace, parallelism);
    double[] totals = new double[blocks];
    for (int block = 0; block < blocks; block++) {
      totals[block] = TileSample.logSum(sums.logSums, block * sums.tiles, grid.columnBlocks(block));
    }
    boolean[] summarised = new boolean[blocks];
    for (int block = 0; block < blocks; block++) {
      summarised[block] = neglected(rule, sums, block, totals[block]) > tolerance;
    }
    return TileMap.of(
        grid,
        (row, column) -> {
          if (column >= grid.blocksBelowDiagonal(row)) {
            return TileKind.EXACT;
          }
          TileKind kind = rule.kind(share(sums, row, column, totals[row]));
          return summarised[row] && kind == TileKind.NEGLIGIBLE ? TileKind.RANK_ONE : kind;
        });
  }

  private static double share(TileSums sums, int block, int tile, double total) {
    return Math.exp(sums.logSums[block * sums.tiles + tile] - total);
  }

  /**
   * Returns the share of a block's weights in tiles that a rule neglects. One tile's share falls as
   * rows grow longer, so that a rule may come to neglect most of a row that no sampled row is near.
   */
  private double neglected(TileRule rule, TileSums sums, int block, double total) {
    double sum = 0;
    for (int tile = 0; tile < grid.blocksBelowDiagonal(block); tile++) {
      double share = share(sums, block, tile, total);
      sum += rule.kind(share) == TileKind.NEGLIGIBLE ? share : 0;
    }
    return sum;
  }

  private double cost(TileMap map) {
    var costs = backend.costs();
    double tiles = (double) grid.columnBlock() * grid.rowBlock();
    double rankOne = map.entries(TileKind.RANK_ONE) / tiles;
    double pairs = map.entries(TileKind.EXACT) + costs.row() * inputs.rows();
    pairs += rankOne * grid.rowBlock() * costs.rankOnePair();
    if (rankOne > 0) {
      // Means are taken for many row blocks at a time, whether all of them want them or one.
      pairs += costs.meanPair() * grid.entries() / grid.rowBlock();
    }
    pairs += costs.tile() * grid.entries() / tiles;
    return pairs / grid.entries();
  }
}
