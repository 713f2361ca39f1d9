package io.github.convbasis.training;

import io.github.convbasis.attention.LogitColumns;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.SegmentedToeplitz;

/**
 * The modelled weights of one head, {@code W = exp(H̃ - shift)}, and 0 at entries that are exact;
 * the shift is the greatest modelled logit. Immutable and thread-safe.
 *
 * @param weights W, null if no logit is modelled
 * @param kernels for each kernel its weights by lag
 * @param shift what was taken off every logit
 */
record HeadKernels(SegmentedToeplitz weights, double[][] kernels, double shift) {
  private static final HeadKernels EMPTY = new HeadKernels(null, new double[0][], 0);

  /**
   * Samples kernels.
   *
   * @throws ArithmeticException if a logit overflows
   */
  static HeadKernels sample(
      Backend backend,
      AttentionInputs inputs,
      int head,
      HeadModel model,
      Workspace workspace,
      Parallelism parallelism) {
    if (model.firstModelledRow() == model.size) {
      return EMPTY;
    }
    double[][] kernels = new double[model.samples.length][];
    for (int k = 0; k < kernels.length; k++) {
      kernels[k] = new double[model.lags(k)];
    }
    new LogitColumns(backend, inputs, head, workspace, parallelism)
        .copyColumns(model.samples, kernels);
    double shift = greatest(kernels, model.band);
    parallelism.forEach(kernels.length, k -> exponentiate(kernels[k], model.band, shift));
    double[] nothing = new double[model.size];
    double[][] bySegment = new double[model.starts.length][];
    for (int r = 0; r < bySegment.length; r++) {
      bySegment[r] = model.kernelOf[r] == HeadModel.NONE ? nothing : kernels[model.kernelOf[r]];
    }
    SegmentedToeplitz weights = SegmentedToeplitz.wrap(model.size, model.starts, bySegment);
    return new HeadKernels(weights, kernels, shift);
  }

  private static double greatest(double[][] kernels, int band) {
    double greatest = Double.NEGATIVE_INFINITY;
    for (double[] kernel : kernels) {
      for (int lag = band; lag < kernel.length; lag++) {
        greatest = Math.max(greatest, kernel[lag]);
      }
    }
    return greatest;
  }

  private static void exponentiate(double[] kernel, int band, double shift) {
    for (int lag = 0; lag < kernel.length; lag++) {
      kernel[lag] = lag < band ? 0 : Math.exp(kernel[lag] - shift);
    }
  }

  /** Returns the memory of the kernels, in bytes. */
  long bytes() {
    long bytes = 0;
    for (double[] kernel : kernels) {
      bytes += (long) Double.BYTES * kernel.length;
    }
    return bytes;
  }
}
