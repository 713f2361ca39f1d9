package io.github.convbasis.bench.study;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.inference.model.AttentionStep;
import io.github.convbasis.inference.model.BundledModel;
import io.github.convbasis.inference.model.LlamaModel;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

/** The heads of the bundled model on a part of the bundled text. */
final class ModelHeads {
  private ModelHeads() {}

  /**
   * One head.
   *
   * @param layer layer
   * @param head head in it
   * @param inputs rotated queries and keys, and values, of this head alone
   */
  record Head(int layer, int head, AttentionInputs inputs) {
    @Override
    public String toString() {
      return layer + "." + head;
    }
  }

  /** Captures all heads on n bytes of the text from an offset on. */
  static List<Head> of(int n, int offset, Backend backend) throws IOException {
    LlamaModel model = BundledModel.load();
    int[] tokens = new int[n];
    try (InputStream text = BundledModel.openText()) {
      text.skipNBytes(offset);
      byte[] bytes = text.readNBytes(n);
      for (int i = 0; i < n; i++) {
        tokens[i] = bytes[i] & 0xff;
      }
    }
    List<Head> heads = new ArrayList<>();
    AttentionStep exact = AttentionStep.exact(backend);
    model.runLayers(
        tokens,
        model.config().layers(),
        (layer, queries, keys, values, output, parallelism) -> {
          for (int head = 0; head < queries.heads(); head++) {
            heads.add(
                new Head(
                    layer,
                    head,
                    AttentionInputs.causal(
                        copy(queries, head), copy(keys, head), copy(values, head))));
          }
          exact.attend(layer, queries, keys, values, output, parallelism);
        },
        Parallelism.sequential());
    return heads;
  }

  /** The model uses its tensors again for the next layer. */
  private static HeadTensor copy(HeadTensor source, int head) {
    HeadTensor target = HeadTensor.allocate(true, 1, source.rows(), source.width());
    double[] row = new double[source.width()];
    for (int i = 0; i < source.rows(); i++) {
      source.copyRow(head, i, row);
      target.setRow(0, i, row);
    }
    return target;
  }
}
