package io.github.convbasis.simd;

import io.github.convbasis.backend.ConvolutionPlan;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.simd.convolution.ConvolutionScratch;
import io.github.convbasis.simd.convolution.DepthwiseConvolution;
import io.github.convbasis.simd.convolution.SharedConvolution;

/** Convolves with kernels whose spectra are kept. Immutable and thread-safe. */
final class LongConvolutionPlan implements ConvolutionPlan {
  private final int size;
  private final Product product;
  private final Product transposed;

  /** One head's product. */
  private interface Product {
    void apply(
        HeadTensor x,
        int xHead,
        HeadTensor y,
        int yHead,
        ConvolutionScratch scratch,
        Parallelism parallelism);
  }

  private LongConvolutionPlan(int size, Product product, Product transposed) {
    this.size = size;
    this.product = product;
    this.transposed = transposed;
  }

  static LongConvolutionPlan shared(double[] kernel) {
    SharedConvolution plan = new SharedConvolution(kernel);
    return new LongConvolutionPlan(kernel.length, plan::apply, plan::applyTranspose);
  }

  static LongConvolutionPlan depthwise(double[][] kernels) {
    int n = kernels[0].length;
    double[] byLag = new double[Math.multiplyExact(n, kernels.length)];
    for (int column = 0; column < kernels.length; column++) {
      for (int lag = 0; lag < n; lag++) {
        byLag[lag * kernels.length + column] = kernels[column][lag];
      }
    }
    HeadTensor entries = HeadTensor.of(byLag, 1, n, kernels.length);
    DepthwiseConvolution plan = new DepthwiseConvolution(entries, 0);
    return new LongConvolutionPlan(n, plan::apply, plan::applyTranspose);
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public void apply(
      HeadTensor x, HeadTensor y, int head, Workspace workspace, Parallelism parallelism) {
    product.apply(x, head, y, head, SimdWorkspace.of(workspace).convolution, parallelism);
  }

  @Override
  public void applyTranspose(
      HeadTensor y, HeadTensor z, int head, Workspace workspace, Parallelism parallelism) {
    transposed.apply(y, head, z, head, SimdWorkspace.of(workspace).convolution, parallelism);
  }
}
