package io.github.convbasis.bench;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.conv.CausalConvolution;
import io.github.convbasis.matrix.HeadTensor;

/** Ours, with the SIMD backend and a workspace that it keeps. */
final class OurConvolution implements Convolution {
  private final CausalConvolution convolution;
  private final Workspace workspace;

  OurConvolution(double[] kernel) {
    Backend backend = Backends.select("simd");
    convolution = CausalConvolution.of(backend, kernel);
    workspace = backend.newWorkspace();
  }

  @Override
  public void apply(HeadTensor x, HeadTensor y) {
    convolution.apply(x, y, workspace, Parallelism.sequential());
  }
}
