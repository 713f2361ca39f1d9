package io.github.convbasis.inference.model;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.LinearOperator;
import io.github.convbasis.inference.model.LlamaWeights.Part;
import io.github.convbasis.matrix.HeadTensor;
import java.io.IOException;

/**
 * One layer of a Llama model, but for its attention: what comes before it and what comes after, on
 * a block of rows. Immutable; different blocks may be worked on at the same time.
 */
final class LlamaLayer {
  private final int index;
  private final LlamaConfig config;
  private final Backend backend;
  private final RmsNorm attentionNorm;
  private final LinearOperator query;
  private final LinearOperator key;
  private final LinearOperator value;
  private final LinearOperator output;
  private final RmsNorm feedForwardNorm;
  private final LinearOperator gate;
  private final LinearOperator up;
  private final LinearOperator down;

  /** Reads the weights of a layer. */
  LlamaLayer(int index, LlamaConfig config, LlamaWeights weights, Backend backend)
      throws IOException {
    this.index = index;
    this.config = config;
    this.backend = backend;
    int hidden = config.hiddenSize();
    int intermediate = config.intermediateSize();
    attentionNorm = norm(weights, Part.ATTENTION_NORM);
    query = map(weights, Part.QUERY, config.queryWidth(), hidden);
    key = map(weights, Part.KEY, config.keyWidth(), hidden);
    value = map(weights, Part.VALUE, config.keyWidth(), hidden);
    output = map(weights, Part.OUTPUT, hidden, config.queryWidth());
    feedForwardNorm = norm(weights, Part.FEED_FORWARD_NORM);
    gate = map(weights, Part.GATE, intermediate, hidden);
    up = map(weights, Part.UP, intermediate, hidden);
    down = map(weights, Part.DOWN, hidden, intermediate);
  }

  private RmsNorm norm(LlamaWeights weights, Part part) throws IOException {
    return new RmsNorm(weights.tensor(LlamaWeights.name(index, part)), config.normEpsilon());
  }

  private LinearOperator map(LlamaWeights weights, Part part, int outputs, int inputs)
      throws IOException {
    return backend.linearOperator(weights.tensor(LlamaWeights.name(index, part)), outputs, inputs);
  }

  /**
   * Computes queries, keys and values of rows, and rotates the first two.
   *
   * @param hidden states of all rows
   * @param rows which of them
   * @param rotary of all rows
   * @param heads receives queries, keys and values
   * @throws ArithmeticException if an element overflows
   */
  void project(float[][] hidden, RowRange rows, RotaryTable rotary, LayerHeads heads) {
    RowBlock block = rows.block();
    for (int row = 0; row < rows.count(); row++) {
      int position = heads.first + rows.from() + row;
      attentionNorm.apply(hidden[rows.from() + row], block.normed[row], index, position);
    }
    query.apply(block.normed, block.wide, rows.count(), rows.parallelism());
    spread(rows, rotary, heads, heads.queries, "query");
    key.apply(block.normed, block.wide, rows.count(), rows.parallelism());
    spread(rows, rotary, heads, heads.keys, "key");
    value.apply(block.normed, block.wide, rows.count(), rows.parallelism());
    spread(rows, null, heads, heads.values, "value");
  }

  /** Copies rows of all heads to the last rows of the tensor, rotated unless there is no table. */
  private void spread(
      RowRange rows, RotaryTable rotary, LayerHeads heads, HeadTensor target, String what) {
    float[][] source = rows.block().wide;
    int from = rows.from();
    int width = target.width();
    float[] elements = target.floats();
    // Keys and values begin with the positions read before.
    int firstRow = target.rows() - heads.queries.rows() + from;
    for (int row = 0; row < rows.count(); row++) {
      Overflow.refuse(source[row], target.heads() * width, what, index, heads.first + from + row);
      for (int head = 0; head < target.heads(); head++) {
        int at = target.index(head, firstRow + row);
        if (rotary == null) {
          System.arraycopy(source[row], head * width, elements, at, width);
        } else {
          rotary.rotate(from + row, source[row], head * width, elements, at);
        }
      }
    }
  }

  /**
   * Adds what attention gave and then the feed-forward part to the hidden states of rows.
   *
   * @param hidden states of all rows, changed
   * @param range which rows
   * @param heads whose output is read
   * @throws ArithmeticException if a state overflows
   */
  void finish(float[][] hidden, RowRange range, LayerHeads heads) {
    RowBlock block = range.block();
    int from = range.from();
    int rows = range.count();
    gather(heads.output, from, rows, block.wide);
    output.apply(block.wide, block.normed, rows, range.parallelism());
    for (int row = 0; row < rows; row++) {
      add(block.normed[row], hidden[from + row]);
      int position = heads.first + from + row;
      feedForwardNorm.apply(hidden[from + row], block.normed[row], index, position);
    }
    gate.apply(block.normed, block.gate, rows, range.parallelism());
    up.apply(block.normed, block.up, rows, range.parallelism());
    for (int row = 0; row < rows; row++) {
      backend.multiplyBySilu(block.gate[row], block.up[row], config.intermediateSize());
    }
    down.apply(block.up, block.normed, rows, range.parallelism());
    for (int row = 0; row < rows; row++) {
      add(block.normed[row], hidden[from + row]);
    }
  }

  private static void gather(HeadTensor source, int from, int rows, float[][] target) {
    int width = source.width();
    for (int row = 0; row < rows; row++) {
      for (int head = 0; head < source.heads(); head++) {
        System.arraycopy(
            source.floats(), source.index(head, from + row), target[row], head * width, width);
      }
    }
  }

  private static void add(float[] summand, float[] sum) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] += summand[i];
    }
  }
}
