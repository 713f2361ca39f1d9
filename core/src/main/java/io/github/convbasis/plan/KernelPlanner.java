package io.github.convbasis.plan;

import io.github.convbasis.attention.LogitColumns;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.SegmentedToeplitz;
import java.util.Arrays;

/**
 * Looks for convolutions in a head: segments by the repaired search, kernels by every fit that the
 * head is long enough for, each judged on entries that no fit has seen.
 *
 * <p>Columns that differ from both neighbours, where these agree, are heavy: they are taken out and
 * computed exactly. Segments whose kernels agree within the noise share one.
 *
 * <p>One use: one thread at a time.
 */
final class KernelPlanner {
  /** Columns read by the search cost half a row each: so at most a percent of exact attention. */
  private static final int COLUMN_SHARE = 64;

  private static final int MOST_TERMS = 1024;

  /** Fitting offsets costs about as much as exact attention of a few thousand rows. */
  private static final int LEAST_ROWS_FOR_OFFSETS = 1 << 15;

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

  private final Backend backend;
  private final AttentionInputs inputs;
  private final int head;
  private final Workspace workspace;
  private final Parallelism parallelism;
  private final long seed;
  private final KernelCheck check;

  /**
   * What was found.
   *
   * @param kernels structure
   * @param exactColumns heavy columns and sinks
   * @param error estimated relative output error
   * @param cost as a share of exact attention
   */
  record Candidate(KernelPlan kernels, int[] exactColumns, double error, double cost) {}

  KernelPlanner(
      Backend backend,
      AttentionInputs inputs,
      int head,
      long seed,
      Workspace workspace,
      Parallelism parallelism) {
    this.backend = backend;
    this.inputs = inputs;
    this.head = head;
    this.workspace = workspace;
    this.parallelism = parallelism;
    this.seed = seed;
    check = KernelCheck.of(inputs, head, seed);
  }

  /**
   * Finds the candidate with the least error.
   *
   * @param target relative error that is asked
   * @param mostCost greatest cost that is of interest, as a share of exact attention
   * @return the candidate; null if none is cheap enough or worth a search
   */
  Candidate best(double target, double mostCost) {
    int terms = mostTerms(mostCost);
    if (terms == 0) {
      return null;
    }
    RecoveryEvent event = new RecoveryEvent();
    event.begin();
    Candidate best = null;
    if (KernelCheck.neighbourDistance(inputs, head, seed) <= HOPELESS * target) {
      best = segments(terms, target);
    }
    boolean ample = best != null && best.error <= AMPLE * target;
    if (!ample && inputs.rows() >= LEAST_ROWS_FOR_OFFSETS) {
      int[] sinks = new int[FittedKernels.SINKS];
      Arrays.setAll(sinks, j -> j);
      best = better(best, judge(KernelPlan.of(KernelFit.OFFSETS, 0), sinks));
    }
    if (best != null) {
      event.record(head, inputs.rows(), best.kernels, best.error);
    }
    return best;
  }

  private Candidate segments(int terms, double target) {
    LogitColumns logits = new LogitColumns(backend, inputs, head, workspace, parallelism);
    SegmentedToeplitz found = ConvBasisRecovery.ofTerms(terms).recover(logits).matrix();
    FittedKernels sampled = new FittedKernels(found, null, null);
    Segments segments = new Segments(found, check.error(sampled));
    Candidate best = judge(segments.plan(KernelFit.SAMPLED_COLUMN), segments.heavy);
    if (best.error > AMPLE * target) {
      best = better(best, judge(segments.plan(KernelFit.DIAGONAL_MEANS), segments.heavy));
    }
    return best;
  }

  private static Candidate better(Candidate one, Candidate other) {
    return one == null || other.error < one.error ? other : one;
  }

  private Candidate judge(KernelPlan plan, int[] exactColumns) {
    FittedKernels fitted = FittedKernels.of(backend, inputs, head, plan, workspace, parallelism);
    return new Candidate(
        plan, exactColumns, check.error(fitted, exactColumns), cost(plan.segments()));
  }

  private double cost(int terms) {
    double n = inputs.rows();
    return segmentCost(terms) / (n * (n + 1) / 2);
  }

  private double segmentCost(int terms) {
    int depth = inputs.queries().width();
    return backend.segmentCost(inputs.rows(), depth, inputs.values().width(), terms);
  }

  private int mostTerms(double mostCost) {
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
