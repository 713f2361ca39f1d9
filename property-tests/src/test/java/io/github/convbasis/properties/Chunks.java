package io.github.convbasis.properties;

import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;

/** Cuts a sequence into chunks of its rows, as a prompt arrives. */
final class Chunks {
  private Chunks() {}

  /** Copies rows of all heads. */
  static HeadTensor rows(HeadTensor tensor, int from, int to) {
    HeadTensor copy =
        HeadTensor.allocate(tensor.isSinglePrecision(), tensor.heads(), to - from, tensor.width());
    copy(tensor, from, copy, 0, to - from);
    return copy;
  }

  /** Copies rows of all heads to elsewhere. */
  static void copy(HeadTensor source, int from, HeadTensor target, int to, int rows) {
    double[] row = new double[source.width()];
    for (int head = 0; head < source.heads(); head++) {
      for (int i = 0; i < rows; i++) {
        source.copyRow(head, from + i, row);
        target.setRow(head, to + i, row);
      }
    }
  }

  /** The queries of some rows, with the keys and values up to the last of them. */
  static AttentionInputs of(AttentionInputs whole, int from, int to) {
    return new AttentionInputs(
        rows(whole.queries(), from, to),
        rows(whole.keys(), 0, to),
        rows(whole.values(), 0, to),
        whole.scale(),
        AttentionMask.CAUSAL_CHUNK);
  }
}
