package io.github.convbasis.plan;

import io.github.convbasis.attention.LogitColumns;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.SegmentedToeplitz;
import io.github.convbasis.matrix.TileGrid;
import io.github.convbasis.matrix.TileKind;
import io.github.convbasis.matrix.TileMap;
import java.util.Arrays;

/**
 * Looks for convolutions in a head: segments by the repaired search, kernels by every fit that the
 * head is long enough for, each judged on entries that no fit has seen.
 *
 * <p>Columns that differ from both neighbours, where these agree, are heavy: they are taken out and
 * computed exactly. Segments whose kernels agree within the noise share one. Tiles that the kernels
 * do not fit are exact, as many as needed ({@link KernelTiles}).
 *
 * <p>One use: one thread at a time.
 */
final class KernelPlanner {
  /** Columns read by the search cost half a row each: so at most a percent of exact attention. */
  private static final int COLUMN_SHARE = 64;

  private static final int MOST_TERMS = 1024;

  /** Fitting offsets costs about as much as exact attention of a few thousand rows. */
  private static final int LEAST_ROWS_WORTH_OFFSETS = 1 << 15;

  /** A fit this much better than asked is not improved on. */
  static final double AMPLE = 0.25;

  /**
   * Neighbours along diagonals that differ by so many times the error that is asked are not of one
   * segment with noise that could be borne: noise σ makes a median difference of 0.95·σ.
   */
  private static final double HOPELESS = 3;

  /** Lags at which kernels are compared. */
  private static final int COMPARED_LAGS = 64;

  /**
   * Two noisy columns of one kernel differ by √2 times the noise, and so does a column from a new
   * one.
   */
  private static final double SAME = 1.5;

  private static final double ROUNDING = 1e-5;

  /** Rows on which candidates are judged. */
  private static final int JUDGED_ROWS = 64;

  /**
   * What exact tiles leave is aimed at this share of what is ample: it lies in few rows, each with
   * a great error, and a certificate counts on more of them than it has seen.
   */
  private static final double AIM = 0.1;

  /**
   * An entry of an exact tile amid convolutions, in pairs of exact attention: what the kernel adds
   * there is computed as well, and taken off. 2.0 to 2.6 were seen at n = 4,096 and 16,384.
   */
  private static final double EXACT_ENTRY = 2.2;

  private final Backend backend;
  private final AttentionInputs inputs;
  private final int head;
  private final Workspace workspace;
  private final Parallelism parallelism;
  private final long seed;
  private final double target;
  private final double ample;
  private final double mostCost;
  private final KernelCheck check;
  private final TileGrid grid;

  /** Entries that exact tiles are chosen by; null until they are needed. */
  private KernelCheck tileSample;

  /**
   * What was found.
   *
   * @param map tiles, all convolutions or some of them exact
   * @param kernels structure
   * @param fitted the kernels
   * @param exactColumns heavy columns and sinks
   * @param error estimated relative output error
   * @param cost as a share of exact attention
   */
  record Candidate(
      TileMap map,
      KernelPlan kernels,
      FittedKernels fitted,
      int[] exactColumns,
      double error,
      double cost) {}

  /**
   * Prepares a search.
   *
   * @param backend what computes
   * @param inputs causal inputs of at least 2 rows
   * @param head query head
   * @param target relative error that is asked
   * @param mostCost greatest cost that is of interest, as a share of exact attention
   * @param seed where entries are sampled
   * @param workspace from the backend
   * @param parallelism how many tasks may work
   */
  KernelPlanner(
      Backend backend,
      AttentionInputs inputs,
      int head,
      double target,
      double mostCost,
      long seed,
      Workspace workspace,
      Parallelism parallelism) {
    this.backend = backend;
    this.inputs = inputs;
    this.head = head;
    this.target = target;
    this.mostCost = mostCost;
    this.workspace = workspace;
    this.parallelism = parallelism;
    this.seed = seed;
    ample = AMPLE * target;
    check = KernelCheck.of(inputs, head, JUDGED_ROWS, seed);
    grid = KernelTiles.grid(inputs.rows());
  }

  /**
   * Finds the best candidate: the cheapest of those with an ample fit, or the one with the least
   * error.
   *
   * @return the candidate; null if none is cheap enough or worth a search
   */
  Candidate best() {
    int terms = mostTerms();
    if (terms == 0) {
      return null;
    }
    RecoveryEvent event = new RecoveryEvent();
    event.begin();
    Candidate best = null;
    if (KernelCheck.neighbourDistance(inputs, head, seed) <= HOPELESS * target) {
      best = segments(terms);
    }
    if (!isAmple(best) && inputs.rows() >= LEAST_ROWS_WORTH_OFFSETS) {
      int[] sinks = new int[FittedKernels.SINKS];
      Arrays.setAll(sinks, j -> j);
      best = better(best, fitted(KernelPlan.of(KernelFit.OFFSETS, 0), sinks));
    }
    if (best != null) {
      event.record(head, inputs.rows(), best.kernels, best.error);
    }
    return best;
  }

  private Candidate segments(int terms) {
    LogitColumns logits = new LogitColumns(backend, inputs, head, workspace, parallelism);
    SegmentedToeplitz found = ConvBasisRecovery.ofTerms(terms).recover(logits).matrix();
    FittedKernels sampled = new FittedKernels(found, null, null);
    Segments segments = new Segments(found, check.noise(sampled));
    Candidate best = fitted(segments.plan(KernelFit.SAMPLED_COLUMN), segments.heavy);
    if (!isAmple(best)) {
      best = better(best, fitted(segments.plan(KernelFit.DIAGONAL_MEANS), segments.heavy));
    }
    return best;
  }

  private boolean isAmple(Candidate candidate) {
    return candidate != null && candidate.error <= ample;
  }

  /** Returns the better of two, either of which may be null. */
  private Candidate better(Candidate one, Candidate other) {
    if (one == null || other == null) {
      return one == null ? other : one;
    }
    if (isAmple(one) && isAmple(other)) {
      return other.cost < one.cost ? other : one;
    }
    return other.error < one.error ? other : one;
  }

  /** Fits kernels, and makes exact what they do not fit if that serves. */
  private Candidate fitted(KernelPlan plan, int[] exactColumns) {
    FittedKernels fitted = FittedKernels.of(backend, inputs, head, plan, workspace, parallelism);
    TileMap map = TileMap.uniform(grid, TileKind.CONVOLUTION);
    double error = check.error(fitted, map, exactColumns);
    Candidate all = new Candidate(map, plan, fitted, exactColumns, error, cost(plan.segments()));
    return isAmple(all) ? all : better(all, withExactTiles(all));
  }

  /** Returns a candidate with some tiles exact instead, null if that is too dear. */
  private Candidate withExactTiles(Candidate all) {
    if (tileSample == null) {
      tileSample = KernelCheck.of(inputs, head, KernelTiles.rows(grid), ~seed);
    }
    double[][] squares = tileSample.squares(all.fitted, grid, all.exactColumns);
    TileMap map = KernelTiles.choose(grid, squares, AIM * ample);
    if (cost(all, map) > mostCost) {
      return null;
    }
    // What the kernels do not fit ends inside some tiles, where few sampled entries may tell.
    KernelTiles.forEachBeside(
        map,
        (row, column) ->
            squares[row][column] =
                tileSample.square(all.fitted, grid, row, column, all.exactColumns));
    map = KernelTiles.choose(grid, squares, AIM * ample);
    double cost = cost(all, map);
    double error = check.error(all.fitted, map, all.exactColumns);
    return cost > mostCost
        ? null
        : new Candidate(map, all.kernels, all.fitted, all.exactColumns, error, cost);
  }

  private static double cost(Candidate all, TileMap map) {
    return all.cost + EXACT_ENTRY * map.share(TileKind.EXACT);
  }

  private double cost(int terms) {
    double n = inputs.rows();
    return segmentCost(terms) / (n * (n + 1) / 2);
  }

  private double segmentCost(int terms) {
    int depth = inputs.queries().width();
    return backend.segmentCost(inputs.rows(), depth, inputs.values().width(), terms);
  }

  private int mostTerms() {
    int most = Math.min(MOST_TERMS, inputs.rows() / COLUMN_SHARE);
    int terms = most;
    while (terms > 0 && cost(terms) > mostCost) {
      terms /= 2;
    }
    return terms;
  }

  /** Segments that share kernels, and columns that belong to none. */
  private static final class Segments {
    private final int[] starts;
    private final int[] kernelOf;
    final int[] heavy;

    Segments(SegmentedToeplitz found, double noise) {
      int terms = found.terms();
      int[] kernels = new int[terms];
      int[] columns = new int[terms];
      int heavyCount = 0;
      for (int r = 0; r < terms; r++) {
        kernels[r] = sameKernel(found, kernels, r, noise);
        boolean single = r > 0 && r + 1 < terms && found.end(r) - found.start(r) == 1;
        if (single && kernels[r] == r && agree(found, kernels[r - 1], r + 1, noise)) {
          columns[heavyCount++] = found.start(r);
          // Left out of the products, so its kernel may be that of its neighbours.
          kernels[r] = kernels[r - 1];
        }
      }
      heavy = Arrays.copyOf(columns, heavyCount);
      int[] merged = new int[terms];
      int[] mergedKernels = new int[terms];
      int[] newNumber = new int[terms];
      int count = 0;
      for (int r = 0; r < terms; r++) {
        if (r > 0 && kernels[r] == kernels[r - 1]) {
          continue;
        }
        if (kernels[r] == r) {
          newNumber[r] = count;
        }
        merged[count] = found.start(r);
        mergedKernels[count++] = newNumber[kernels[r]];
      }
      starts = Arrays.copyOf(merged, count);
      kernelOf = Arrays.copyOf(mergedKernels, count);
    }

    /** Returns the earliest kernel that agrees with a segment's, or the segment's own number. */
    private static int sameKernel(
        SegmentedToeplitz found, int[] kernels, int segment, double noise) {
      for (int r = 0; r < segment; r++) {
        if (kernels[r] == r && agree(found, r, segment, noise)) {
          return r;
        }
      }
      return segment;
    }

    /**
     * Tells whether two kernels differ by no more than noise at log-spaced lags of the later one.
     */
    private static boolean agree(SegmentedToeplitz found, int one, int other, double noise) {
      int lags = found.size() - found.start(other);
      double squares = 0;
      double size = 0;
      for (int s = 0; s < COMPARED_LAGS; s++) {
        int lag = (int) (Math.pow(lags + 1.0, s / (double) COMPARED_LAGS) - 1);
        double difference = found.kernel(one, lag) - found.kernel(other, lag);
        squares += difference * difference;
        size = Math.max(size, Math.abs(found.kernel(other, lag)));
      }
      return Math.sqrt(squares / COMPARED_LAGS) <= SAME * noise + ROUNDING * size;
    }

    KernelPlan plan(KernelFit fit) {
      return new KernelPlan(starts, kernelOf, fit);
    }
  }
}
