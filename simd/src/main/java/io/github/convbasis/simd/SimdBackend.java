package io.github.convbasis.simd;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;
import io.github.convbasis.simd.exact.AttentionScratch;
import io.github.convbasis.simd.exact.ExactAttentionKernel;
import io.github.convbasis.simd.exact.LogitColumnKernel;
import io.github.convbasis.simd.exact.LogitColumnsKernel;
import io.github.convbasis.simd.spectral.SegmentAttention;

/**
 * Computes everything in float32 vectors. Each call allocates its own work space: about 170 kB for
 * exact rows of a head of 64 columns; for modelled logits spectra, windows and sums of up to twice
 * the size of queries, keys and values, or 256 MiB if that is more. Immutable and thread-safe.
 */
final class SimdBackend implements Backend {
  @Override
  public String name() {
    return "simd";
  }

  @Override
  public String description() {
    return Lanes.FLOATS.vectorBitSize() + "-bit vectors, " + Lanes.COUNT + " float lanes";
  }

  @Override
  public double defaultGuardTolerance() {
    return 1e-4;
  }

  @Override
  public void logitColumn(
      AttentionInputs inputs, int head, int key, int fromRow, int toRow, double[] target) {
    LogitColumnKernel.compute(inputs, head, key, fromRow, toRow, target);
  }

  @Override
  public void logitColumns(AttentionInputs inputs, int head, int[] keys, double[][] targets) {
    if (inputs.queries().isSinglePrecision()) {
      LogitColumnsKernel.compute(inputs, head, keys, targets);
    } else {
      // Doubles are not narrowed here: the search compares what logitColumn says of them.
      Backend.super.logitColumns(inputs, head, keys, targets);
    }
  }

  @Override
  public void attend(AttentionInputs inputs, int head, int fromRow, int toRow, HeadTensor output) {
    ExactAttentionKernel.attend(inputs, head, fromRow, toRow, output, AttentionScratch.of(inputs));
  }

  @Override
  public void attendRows(
      AttentionInputs inputs, int head, int[] rows, int from, int to, HeadTensor output) {
    ExactAttentionKernel.attendRows(
        inputs, head, rows, from, to, output, AttentionScratch.of(inputs));
  }

  @Override
  public double attendSegments(
      AttentionInputs inputs,
      int head,
      SegmentedToeplitz logits,
      double guardTolerance,
      HeadTensor output,
      boolean[] untrusted,
      Parallelism parallelism) {
    return SegmentAttention.attend(
        inputs, head, logits, guardTolerance, output, untrusted, parallelism);
  }
}
