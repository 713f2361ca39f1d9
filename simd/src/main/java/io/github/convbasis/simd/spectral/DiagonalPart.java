package io.github.convbasis.simd.spectral;

import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.simd.exact.AttentionScratch;
import io.github.convbasis.simd.exact.ExactAttentionKernel;
import java.util.Arrays;

/** Computes the keys of the diagonal block exactly and nothing else. Mutable, not thread-safe. */
final class DiagonalPart implements NearPart {
  private final AttentionScratch scratch;
  private AttentionInputs inputs;
  private int head;

  /** Allocates scratch. */
  DiagonalPart(int depth, int width) {
    scratch = new AttentionScratch(depth, width);
  }

  /** Says what to attend with, and returns this. */
  DiagonalPart of(AttentionInputs attended, int queryHead) {
    inputs = attended;
    head = queryHead;
    return this;
  }

  @Override
  public void partial(
      int fromRow,
      int toRow,
      int bandStart,
      float[] numerators,
      double[] shifts,
      double[] rowSums,
      double[] cancelled) {
    int first = inputs.firstPosition();
    ExactAttentionKernel.partial(
        inputs,
        head,
        fromRow - first,
        toRow - first,
        bandStart,
        numerators,
        shifts,
        rowSums,
        scratch);
    Arrays.fill(cancelled, 0, toRow - fromRow, 0);
  }
}
