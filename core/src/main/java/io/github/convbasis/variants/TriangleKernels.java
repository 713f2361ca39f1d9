package io.github.convbasis.variants;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.decompose.SegmentSearch;
import io.github.convbasis.variants.VariantWorkspace.BlockScratch;
import java.util.Arrays;

/**
 * The weights of a triangle by segment and lag, {@code exp(u_r(lag) + b(lag) - shift)}, zero at
 * lags that are not seen. The shift is the greatest logit with bias of the triangle, so no weight
 * exceeds 1.
 *
 * <p>Immutable; the arrays belong to the scratch and are valid until it is used again.
 */
final class TriangleKernels {
  /** Rows per work item; results do not depend on it. */
  private static final int ROWS_PER_ITEM = 4096;

  /** Rows that are multiplied at once at least, where a band lets rows be cut into chunks. */
  private static final int LEAST_CHUNK = 256;

  /** First column of each segment. */
  final int[] starts;

  /** By segment, then local lag; at least as many as a chunk needs. */
  final double[][] weights;

  /** What was taken from every logit. */
  final double shift;

  /** End of the lags whose weights are not all zero. */
  final int high;

  private TriangleKernels(int[] starts, double[][] weights, double shift, int high) {
    this.starts = starts;
    this.weights = weights;
    this.shift = shift;
    this.high = high;
  }

  /** Returns the rows of a chunk where lags from {@code high} on have no weight. */
  static int chunkRows(int high) {
    return Math.max(high, LEAST_CHUNK);
  }

  /** Returns the most rows that are multiplied at once, a chunk and the rows of its other keys. */
  static long mostRows(int high) {
    return 2L * chunkRows(high);
  }

  /** Recovers segments and computes their weights. */
  static TriangleKernels of(
      Backend backend,
      ConvBasisRecovery recovery,
      VariantInputs inputs,
      int head,
      Triangle triangle,
      BlockScratch scratch,
      Parallelism parallelism) {
    TriangleColumns columns = new TriangleColumns(backend, inputs, head, triangle);
    int[] starts = starts(recovery, columns);
    int[] lengths = new int[starts.length];
    for (int r = 0; r < starts.length; r++) {
      lengths[r] = (int) Math.min(triangle.rows() - starts[r], mostRows(triangle.high()));
    }
    double[][] kernels = scratch.kernels.reserve(lengths);
    read(backend, columns, triangle, starts, lengths, kernels, scratch, parallelism);
    double[] biases = biases(inputs, head, triangle);
    double[] greatest = new double[starts.length];
    parallelism.forEach(
        starts.length,
        r ->
            greatest[r] =
                addBias(
                    columns,
                    starts[r],
                    seenLags(columns, triangle, starts[r]),
                    biases,
                    triangle.low(),
                    kernels[r]));
    double shift = Arrays.stream(greatest).max().getAsDouble();
    int[] ends = new int[starts.length];
    parallelism.forEach(
        starts.length,
        r -> {
          int seen = seenLags(columns, triangle, starts[r]);
          ends[r] = exponentiate(kernels[r], triangle.low(), seen, lengths[r], shift);
        });
    int high = Arrays.stream(ends).max().getAsInt();
    return new TriangleKernels(starts, kernels, shift, high);
  }

  private static int[] starts(ConvBasisRecovery recovery, TriangleColumns columns) {
    // Too few columns for the window that was asked for: each is a term of its own, and exact.
    boolean searchable = columns.size() >= recovery.leastColumns();
    ConvBasisRecovery fitting = searchable ? recovery : ConvBasisRecovery.ofTerms(columns.size());
    // Columns that the literal search takes for zero are a segment like others here: their first
    // column is read, too.
    SegmentSearch search = fitting.search(columns);
    return search.starts().stream().mapToInt(Integer::intValue).toArray();
  }

  /** Returns the end of a segment's lags that are seen and that its first column has. */
  private static int seenLags(TriangleColumns columns, Triangle triangle, int start) {
    return Math.min(triangle.high(), columns.lags(start));
  }

  private static void read(
      Backend backend,
      TriangleColumns columns,
      Triangle triangle,
      int[] starts,
      int[] lengths,
      double[][] kernels,
      BlockScratch scratch,
      Parallelism parallelism) {
    if (columns.areOwn() && triangle.high() == triangle.rows()) {
      parallelism.forEachRange(
          triangle.rows(),
          ROWS_PER_ITEM,
          (from, to) ->
              backend.logitColumns(
                  columns.inputs(), 0, starts, from, to, kernels, scratch.workspace));
      return;
    }
    parallelism.forEach(
        starts.length,
        r -> {
          int seen = Math.min(lengths[r], triangle.high());
          columns.copyColumn(starts[r], starts[r], starts[r] + seen, kernels[r]);
        });
  }

  private static double[] biases(VariantInputs inputs, int head, Triangle triangle) {
    if (!inputs.hasBias()) {
      return new double[0];
    }
    double[] biases = new double[triangle.high()];
    for (int lag = triangle.low(); lag < biases.length; lag++) {
      biases[lag] = inputs.bias(head, triangle.lagOf(lag));
    }
    return biases;
  }

  /** Returns the greatest logit with bias, minus infinity if there is none. */
  private static double addBias(
      TriangleColumns columns, int start, int seen, double[] biases, int low, double[] kernel) {
    double greatest = Double.NEGATIVE_INFINITY;
    for (int lag = low; lag < seen; lag++) {
      double logit = biases.length == 0 ? kernel[lag] : kernel[lag] + biases[lag];
      if (!Double.isFinite(logit)) {
        columns.requireFiniteAt(logit, start, lag);
      }
      kernel[lag] = logit;
      greatest = Math.max(greatest, logit);
    }
    return greatest;
  }

  /** Returns the lag after the last weight that is not zero. */
  private static int exponentiate(double[] kernel, int low, int seen, int length, double shift) {
    Arrays.fill(kernel, 0, Math.min(low, length), 0);
    int end = 0;
    for (int lag = low; lag < seen; lag++) {
      kernel[lag] = Math.exp(kernel[lag] - shift);
      if (kernel[lag] > 0) {
        end = lag + 1;
      }
    }
    if (seen < length) {
      Arrays.fill(kernel, Math.max(0, seen), length, 0);
    }
    return end;
  }
}
