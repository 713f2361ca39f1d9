package io.github.convbasis.training;

import io.github.convbasis.attention.LogitColumns;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.GradientEntries;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One pass: attention with queries A₁X, keys A₂, values A₃W and scale 1, the residual {@code c = fh
 * - E} as upstream gradient, and gradients by queries and values from it. Every row of f is either
 * modelled or exact, in all of them alike. One thread at a time.
 */
final class RegressionPass {
  private static final int ROWS_PER_ITEM = 256;

  private final Backend backend;
  private final Parallelism parallelism;
  private final Workspace workspace;
  private final AttentionInputs inputs;
  // Null where f is exact.
  private final ModelledWeights weights;
  private final int terms;
  private final int[] exactRows;
  private final double[] logSums;
  private final HeadTensor residual;
  private final double[] dots;
  private final double loss;

  /** Computes loss and residual; recovery is null where f is exact. */
  RegressionPass(
      Backend backend,
      ConvBasisRecovery recovery,
      double guardTolerance,
      RegressionProblem problem,
      HeadTensor x,
      HeadTensor w,
      Parallelism parallelism) {
    this.backend = backend;
    this.parallelism = parallelism;
    workspace = backend.newWorkspace();
    int n = problem.rows();
    inputs =
        new AttentionInputs(
            FactorProduct.of("a1·x", problem.a1(), x, parallelism),
            problem.a2(),
            FactorProduct.of("a3·w", problem.a3(), w, parallelism),
            1,
            AttentionMask.CAUSAL);
    residual = HeadTensor.allocate(false, 1, n, problem.e().width());
    boolean[] exact = new boolean[n];
    if (recovery == null) {
      weights = null;
      terms = 0;
      Arrays.fill(exact, true);
    } else {
      LogitColumns logits = new LogitColumns(backend, inputs, 0, workspace, parallelism);
      SegmentedToeplitz recovered = recovery.recover(logits).matrix();
      terms = recovered.terms();
      weights = new ModelledWeights(backend, inputs, recovered, workspace, parallelism);
      weights.attend(guardTolerance, residual, exact);
    }
    exactRows = indices(exact);
    logSums = new double[n];
    attendExactRows();
    dots = new double[n];
    loss = subtract(problem.e());
  }

  private static int[] indices(boolean[] flags) {
    int[] indices = new int[flags.length];
    int count = 0;
    for (int row = 0; row < flags.length; row++) {
      if (flags[row]) {
        indices[count++] = row;
      }
    }
    return Arrays.copyOf(indices, count);
  }

  /** A range of exact rows. */
  private record Run(int from, int to) {}

  private void attendExactRows() {
    List<Run> runs = new ArrayList<>();
    for (int at = 0; at < exactRows.length; ) {
      int from = exactRows[at];
      int to = from;
      while (at < exactRows.length && exactRows[at] == to && to - from < ROWS_PER_ITEM) {
        to++;
        at++;
      }
      runs.add(new Run(from, to));
    }
    double[][] sums = {logSums};
    parallelism.forEach(
        runs.size(),
        item -> {
          Run run = runs.get(item);
          backend.attendGroup(inputs, 0, run.from(), run.to(), residual, sums, workspace);
        });
  }

  /** Turns outputs into residuals, fills r and returns the loss. */
  private double subtract(HeadTensor target) {
    double squares = 0;
    double[] output = new double[target.width()];
    double[] row = new double[target.width()];
    for (int j = 0; j < dots.length; j++) {
      residual.copyRow(0, j, output);
      target.copyRow(0, j, row);
      for (int c = 0; c < row.length; c++) {
        row[c] = output[c] - row[c];
        dots[j] += output[c] * row[c];
        squares += row[c] * row[c];
      }
      residual.setRow(0, j, row);
    }
    if (!Double.isFinite(squares)) {
      throw new ArithmeticException("loss overflows to " + squares / 2);
    }
    return squares / 2;
  }

  /**
   * Adds {@code p·A₂} and {@code fᵀ·c}.
   *
   * @param gradQueries 1 × n × d
   * @param gradValues 1 × n × m
   */
  void addGradients(HeadTensor gradQueries, HeadTensor gradValues) {
    boolean all = exactRows.length == dots.length;
    if (!all) {
      weights.addQueryGradients(residual, dots, gradQueries);
      weights.addValueGradients(residual, gradValues);
    }
    if (exactRows.length > 0) {
      // The gradient by keys comes along; A₂ is not trained.
      HeadTensor gradKeys = HeadTensor.allocate(false, 1, dots.length, inputs.keys().width());
      backend.exactGradients(
          inputs,
          0,
          all ? GradientEntries.all() : GradientEntries.ofRows(exactRows),
          logSums,
          dots,
          residual,
          gradQueries,
          gradKeys,
          gradValues,
          workspace,
          parallelism);
    }
  }

  double loss() {
    return loss;
  }

  int terms() {
    return terms;
  }

  int exactRows() {
    return exactRows.length;
  }
}
