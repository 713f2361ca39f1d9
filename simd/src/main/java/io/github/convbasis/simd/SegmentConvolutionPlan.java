package io.github.convbasis.simd;

import io.github.convbasis.backend.BoundedConvolutionPlan;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;

/**
 * Multiplies with a segmented matrix; kernels are transformed in every call, since their spectra
 * take more room than their entries. Immutable and thread-safe.
 */
final class SegmentConvolutionPlan implements BoundedConvolutionPlan {
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
    SimdWorkspace.of(workspace).spectral.multiply(matrix, x, y, head, null, parallelism);
  }

  @Override
  public void apply(
      HeadTensor x,
      HeadTensor y,
      int head,
      double[] noise,
      Workspace workspace,
      Parallelism parallelism) {
    SimdWorkspace.of(workspace).spectral.multiply(matrix, x, y, head, noise, parallelism);
  }

  @Override
  public void applyTranspose(
      HeadTensor y, HeadTensor z, int head, Workspace workspace, Parallelism parallelism) {
    SimdWorkspace.of(workspace).spectral.multiplyTransposed(matrix, y, z, head, parallelism);
  }
}
