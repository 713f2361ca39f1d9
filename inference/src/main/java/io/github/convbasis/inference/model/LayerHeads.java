package io.github.convbasis.inference.model;

import io.github.convbasis.matrix.HeadTensor;

/**
 * What attention of a layer reads and writes: queries and output of the rows of a forward pass,
 * keys and values of these and of all rows before them. Mutable.
 */
final class LayerHeads {
  final HeadTensor queries;
  final HeadTensor keys;
  final HeadTensor values;
  final HeadTensor output;

  /** Position of row 0 of the queries, and so the row of its key. */
  final int first;

  LayerHeads(HeadTensor queries, HeadTensor keys, HeadTensor values, HeadTensor output) {
    this.queries = queries;
    this.keys = keys;
    this.values = values;
    this.output = output;
    first = keys.rows() - queries.rows();
  }

  /** Makes room for a pass from position 0. */
  static LayerHeads allocate(LlamaConfig config, int rows) {
    return new LayerHeads(
        HeadTensor.allocate(true, config.heads(), rows, config.headWidth()),
        HeadTensor.allocate(true, config.keyHeads(), rows, config.headWidth()),
        HeadTensor.allocate(true, config.keyHeads(), rows, config.headWidth()),
        HeadTensor.allocate(true, config.heads(), rows, config.headWidth()));
  }
}
