package io.github.convbasis.simd;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.SegmentPlan;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;

/**
 * Multiplies with a segmented matrix; kernels are transformed in every call, since their spectra
 * take more room than their entries. Immutable and thread-safe.
 */
final class SegmentConvolutionPlan implements SegmentPlan {
  private final SegmentedToeplitz matrix;

  SegmentConvolutionPlan(SegmentedToeplitz matrix) {
    this.matrix = matrix;
  }

  @Override
  public int size() {
    return matrix.size();
  }

  @Override
  public void apply(
      HeadTensor x, HeadTensor y, int head, Workspace workspace, Parallelism parallelism) {
    SimdWorkspace.of(workspace)
        .spectral
        .multiply(matrix, x, y, head, false, null, null, parallelism);
  }

  @Override
  public void apply(
      HeadTensor x,
      HeadTensor y,
      int head,
      double[] noises,
      double[] sumNoises,
      Workspace workspace,
      Parallelism parallelism) {
    SimdWorkspace.of(workspace)
        .spectral
        .multiply(matrix, x, y, head, false, noises, sumNoises, parallelism);
  }

  @Override
  public void kernelGradients(
      HeadTensor y,
      HeadTensor x,
      int head,
      double[][] gradients,
      Workspace workspace,
      Parallelism parallelism) {
    SimdWorkspace.of(workspace).spectral.correlate(matrix, y, x, head, gradients, parallelism);
  }

  @Override
  public void applyTranspose(
      HeadTensor y, HeadTensor z, int head, Workspace workspace, Parallelism parallelism) {
    SimdWorkspace.of(workspace)
        .spectral
        .multiply(matrix, y, z, head, true, null, null, parallelism);
  }
}
