package io.github.convbasis.training;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.GradientEntries;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * The forward pass of one head in training: modelled weights by transforms, exact entries beside
 * them, and rows that rounding could spoil exactly as a whole. Unlike attention for inference it
 * leaves no choice to the backend which entries are exact, so that what is differentiated is what
 * was computed.
 *
 * <p>With D the row sum in units of {@code e^shift}, a row is trusted if the bounds on the rounding
 * of its weighted values, beside the greatest |V| it sees, and of its weights are within the guard
 * tolerance of D. Both matter: the second one bounds what its {@code 1/D} does to others in the
 * backward pass, where transforms mix the rows of a block. D must also be within {@value #RANGE} of
 * the greatest of the head, and not so far below the greatest weight that its own weights vanish.
 *
 * <p>Mutable: one use, one thread.
 */
final class HeadForward {
  /** Sums of floats lose nothing of rows whose D differ by less. */
  private static final double RANGE = 0x1p60;

  /** Weights are lost below e^-708; rows whose D is above e^-200 do not miss them. */
  private static final double LEAST_LOG_SUM = -200;

  private static final int ROWS_PER_ITEM = 512;

  private final Backend backend;
  private final AttentionInputs inputs;
  private final int head;
  private final HeadModel model;
  private final HeadTensor output;
  private final Workspace workspace;
  private final Parallelism parallelism;
  private final int n;
  private final double[] logSums;
  private final double[] noises;
  private final double[] sumNoises;
  private HeadKernels kernels;
  private double[] rowSums;

  HeadForward(
      Backend backend,
      AttentionInputs inputs,
      int head,
      HeadModel model,
      HeadTensor output,
      Workspace workspace,
      Parallelism parallelism) {
    this.backend = backend;
    this.inputs = inputs;
    this.head = head;
    this.model = model;
    this.output = output;
    this.workspace = workspace;
    this.parallelism = parallelism;
    n = inputs.rows();
    logSums = new double[n];
    noises = new double[n];
    sumNoises = new double[n];
  }

  /**
   * Attends all rows.
   *
   * @param mode what the backward pass will do
   * @param reason why
   * @param guardTolerance relative error from which a row is exact
   * @param retention whether kernels are kept
   */
  HeadContext attend(GradientMode mode, String reason, double guardTolerance, Retention retention) {
    kernels = HeadKernels.sample(backend, inputs, head, model, workspace, parallelism);
    multiply();
    merge();
    boolean[] exact = untrusted(guardTolerance);
    int[] exactRows = IntStream.range(0, n).filter(row -> exact[row]).toArray();
    if (exactRows.length > 0) {
      attend(GradientEntries.ofRows(exactRows), output, logSums);
    }
    boolean[] modelled = new boolean[n];
    for (int row = 0; row < n; row++) {
      modelled[row] = rowSums[row] > 0 && !exact[row];
    }
    HeadKernels kept = retention == Retention.KEPT ? kernels : null;
    return new HeadContext(head, mode, reason, model, kept, logSums, modelled, exactRows);
  }

  /** Leaves {@code W·V} in the output and {@code W·1} in the row sums. */
  private void multiply() {
    if (kernels.weights() == null) {
      rowSums = new double[n];
      return;
    }
    rowSums = kernels.weights().rowSums();
    backend
        .segmentConvolution(kernels.weights())
        .apply(
            inputs.values().head(inputs.keyHead(head)),
            output.head(head),
            0,
            noises,
            sumNoises,
            workspace,
            parallelism);
  }

  private void attend(GradientEntries entries, HeadTensor target, double[] targetLogSums) {
    backend.attendEntries(inputs, head, entries, target, targetLogSums, workspace, parallelism);
  }

  /** Normalises, with exact entries if there are any. */
  private void merge() {
    GradientEntries[] sets = model.entries(null);
    HeadTensor[] parts = new HeadTensor[sets.length];
    double[][] partLogSums = new double[sets.length][n];
    for (int s = 0; s < sets.length; s++) {
      parts[s] = oneHead();
      attend(sets[s], parts[s], partLogSums[s]);
    }
    parallelism.forEachRange(
        n,
        ROWS_PER_ITEM,
        (from, to) -> {
          double[] sum = new double[output.width()];
          double[] row = new double[output.width()];
          for (int i = from; i < to; i++) {
            logSums[i] = logSum(i, partLogSums);
            if (logSums[i] == Double.NEGATIVE_INFINITY) {
              continue; // No weight is left: the row will be exact.
            }
            Arrays.fill(sum, 0);
            if (rowSums[i] > 0) {
              output.addScaledRow(head, i, Math.exp(kernels.shift() - logSums[i]), sum);
            }
            for (int s = 0; s < parts.length; s++) {
              parts[s].copyRow(head, i, row);
              double share = Math.exp(partLogSums[s][i] - logSums[i]);
              for (int c = 0; c < row.length; c++) {
                sum[c] += share * row[c];
              }
            }
            output.setRow(head, i, sum);
          }
        });
  }

  /** Returns room for one head, whichever is asked for. */
  private HeadTensor oneHead() {
    int width = output.width();
    int heads = output.heads();
    int length = Math.multiplyExact(n, width);
    return output.isSinglePrecision()
        ? HeadTensor.of(new float[length], 0, heads, 0, n, width, width)
        : HeadTensor.of(new double[length], 0, heads, 0, n, width, width);
  }

  private double logSum(int row, double[][] partLogSums) {
    double modelled =
        rowSums[row] > 0 ? kernels.shift() + Math.log(rowSums[row]) : Double.NEGATIVE_INFINITY;
    double greatest = modelled;
    for (double[] part : partLogSums) {
      greatest = Math.max(greatest, part[row]);
    }
    if (greatest == Double.NEGATIVE_INFINITY) {
      return greatest;
    }
    double sum = Math.exp(modelled - greatest);
    for (double[] part : partLogSums) {
      sum += Math.exp(part[row] - greatest);
    }
    return greatest + Math.log(sum);
  }

  private boolean[] untrusted(double tolerance) {
    boolean[] untrusted = new boolean[n];
    HeadTensor values = inputs.values();
    double[] row = new double[values.width()];
    double greatest = Double.NEGATIVE_INFINITY;
    for (int i = model.firstModelledRow(); i < n; i++) {
      greatest = Math.max(greatest, logSums[i] - kernels.shift());
    }
    double visibleSup = 0;
    for (int i = 0; i < n; i++) {
      values.copyRow(inputs.keyHead(head), i, row);
      for (double value : row) {
        visibleSup = Math.max(visibleSup, Math.abs(value));
      }
      if (i < model.firstModelledRow()) {
        // Without weights at all a row has nothing to be right about, so it must be exact.
        untrusted[i] = logSums[i] == Double.NEGATIVE_INFINITY;
        continue;
      }
      double logSum = logSums[i] - kernels.shift();
      double rowSum = Math.exp(logSum);
      boolean trusted =
          logSum >= LEAST_LOG_SUM
              && logSum >= greatest - Math.log(RANGE)
              && sumNoises[i] <= tolerance * rowSum
              && noises[i] <= tolerance * rowSum * visibleSup;
      untrusted[i] = !trusted;
    }
    return untrusted;
  }
}
