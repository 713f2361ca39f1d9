package io.github.convbasis.inference.cli;

import io.github.convbasis.inference.model.LlamaConfig;
import io.github.convbasis.inference.npy.AtomicBatch;
import io.github.convbasis.inference.npy.NpyArray;
import io.github.convbasis.inference.npy.NpyWriter;
import io.github.convbasis.matrix.HeadTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Files of queries, keys and values of the heads that were asked for. Mutable: one thread. */
final class CapturedHeads {
  static final List<String> KINDS = List.of("queries", "keys", "values");
  static final int FILES_PER_HEAD = 3;

  private final List<Head> heads = new ArrayList<>();
  private final Map<String, Path> files = new LinkedHashMap<>();

  /**
   * One head of the model.
   *
   * @param layer its layer
   * @param head query head
   * @param keyHead head of keys and values that it reads
   */
  record Head(int layer, int head, int keyHead) {
    String file(String kind) {
      return "layer" + layer + "_head" + head + "_" + kind + ".npy";
    }
  }

  /** Chooses heads; null stands for all layers or heads. */
  CapturedHeads(LlamaConfig config, Integer layer, Integer head) {
    int group = config.heads() / config.keyHeads();
    for (int l = 0; l < config.layers(); l++) {
      for (int h = 0; h < config.heads(); h++) {
        if ((layer == null || layer == l) && (head == null || head == h)) {
          heads.add(new Head(l, h, h / group));
        }
      }
    }
  }

  List<Head> heads() {
    return heads;
  }

  /** Announces all files, so that one that stands in the way is found before the work. */
  void addTo(AtomicBatch batch) {
    for (Head head : heads) {
      for (String kind : KINDS) {
        try {
          files.put(head.file(kind), batch.add(head.file(kind)));
        } catch (IOException e) {
          throw new InputException("--output " + e.getMessage(), e);
        }
      }
    }
  }

  /** Writes the heads of a layer, to where the batch keeps them until its commit. */
  void take(int layer, HeadTensor queries, HeadTensor keys, HeadTensor values) throws IOException {
    for (Head head : heads) {
      if (head.layer() == layer) {
        write(head, "queries", queries, head.head());
        write(head, "keys", keys, head.keyHead());
        write(head, "values", values, head.keyHead());
      }
    }
  }

  private void write(Head head, String kind, HeadTensor tensor, int index) throws IOException {
    // The model makes its tensors dense, head after head.
    int from = tensor.index(index, 0);
    int to = from + tensor.rows() * tensor.width();
    float[] elements = Arrays.copyOfRange(tensor.floats(), from, to);
    NpyWriter.write(
        files.get(head.file(kind)), NpyArray.ofFloats(elements, tensor.rows(), tensor.width()));
  }
}
