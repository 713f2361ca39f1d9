package io.github.convbasis.simd;

import io.github.convbasis.backend.Workspace;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.simd.convolution.ConvolutionScratch;
import io.github.convbasis.simd.exact.AttentionScratch;
import io.github.convbasis.simd.spectral.SpectralWorkspace;
import java.util.ArrayDeque;

/**
 * Scratch of the SIMD backend: exact kernels' for each task, the spectral form's and long
 * convolutions'. Mutable: one call at a time, whose tasks may share it.
 */
final class SimdWorkspace implements Workspace {
  final SpectralWorkspace spectral = new SpectralWorkspace();
  final ConvolutionScratch convolution = new ConvolutionScratch();
  private final ArrayDeque<AttentionScratch> exact = new ArrayDeque<>();

  /** Returns a workspace of this backend. */
  static SimdWorkspace of(Workspace workspace) {
    if (workspace instanceof SimdWorkspace) {
      return (SimdWorkspace) workspace;
    }
    throw new IllegalArgumentException("workspace must be of backend simd, was " + workspace);
  }

  /** Lends scratch for one task. */
  AttentionScratch takeExact(AttentionInputs inputs) {
    synchronized (exact) {
      // Scratch of other shapes is dropped: heads of one call are alike.
      while (!exact.isEmpty()) {
        AttentionScratch scratch = exact.pop();
        if (scratch.fits(inputs)) {
          return scratch;
        }
      }
    }
    return AttentionScratch.of(inputs);
  }

  /** Takes it back. */
  void giveExact(AttentionScratch scratch) {
    synchronized (exact) {
      exact.push(scratch);
    }
  }
}
