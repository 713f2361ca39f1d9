package io.github.convbasis.inference.model;

import io.github.convbasis.matrix.HeadTensor;

/** What attention of a layer reads and writes, for all rows of a forward pass. Mutable. */
final class LayerHeads {
  final HeadTensor queries;
  final HeadTensor keys;
  final HeadTensor values;
  final HeadTensor output;

  LayerHeads(LlamaConfig config, int rows) {
    queries = HeadTensor.allocate(true, config.heads(), rows, config.headWidth());
    keys = HeadTensor.allocate(true, config.keyHeads(), rows, config.headWidth());
    values = HeadTensor.allocate(true, config.keyHeads(), rows, config.headWidth());
    output = HeadTensor.allocate(true, config.heads(), rows, config.headWidth());
  }
}
