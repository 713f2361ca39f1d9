package io.github.convbasis.inference.model;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.LinearOperator;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.inference.json.FileFormatException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.IntConsumer;

/**
 * A language model of the Llama architecture in float32: token embedding, layers of attention and
 * feed-forward with RMSNorm before each, final norm, output head.
 *
 * <p>A forward pass over n tokens costs 2·n flops for each weight and what attention costs, and
 * memory for n hidden states and one layer's queries, keys, values and output. Results are
 * bit-identical for any number of tasks as far as the attention step's are. Immutable; different
 * threads may run it at the same time.
 */
public final class LlamaModel {
  private final LlamaConfig config;
  private final LinearOperator embedding;
  private final LlamaLayer[] layers;
  private final RmsNorm finalNorm;
  private final LinearOperator head;
  private final double[] frequencies;

  private LlamaModel(LlamaConfig config, LlamaWeights weights, Backend backend) throws IOException {
    this.config = config;
    int hidden = config.hiddenSize();
    int vocabulary = config.vocabularySize();
    embedding = backend.linearOperator(weights.tensor(LlamaWeights.EMBEDDING), vocabulary, hidden);
    head =
        config.tiedEmbeddings()
            ? embedding
            : backend.linearOperator(weights.tensor(LlamaWeights.HEAD), vocabulary, hidden);
    finalNorm = new RmsNorm(weights.tensor(LlamaWeights.FINAL_NORM), config.normEpsilon());
    layers = new LlamaLayer[config.layers()];
    for (int layer = 0; layer < layers.length; layer++) {
      layers[layer] = new LlamaLayer(layer, config, weights, backend);
    }
    frequencies = config.ropeScaling().frequencies(config.ropeBase(), config.headWidth());
  }

  /**
   * Loads a model in the layout of Hugging Face: {@code config.json} and {@code model.safetensors},
   * or the shards of {@code model.safetensors.index.json}.
   *
   * @param directory of these files
   * @return the model, with its weights in memory as float32
   * @throws FileFormatException naming file, tensor or field and the values, if something is
   *     unsound, missing or cannot be honoured
   * @throws IOException if a file cannot be read
   */
  public static LlamaModel load(Path directory) throws IOException {
    return load(directory, Backends.auto());
  }

  /**
   * Loads a model as {@link #load(Path)} does, for a backend of the caller's choice.
   *
   * @param directory of the files
   * @param backend what multiplies by the weights
   * @return the model, with its weights in memory as float32
   * @throws FileFormatException naming file, tensor or field and the values, if something is
   *     unsound, missing or cannot be honoured
   * @throws IOException if a file cannot be read
   */
  public static LlamaModel load(Path directory, Backend backend) throws IOException {
    Objects.requireNonNull(backend, "backend");
    LlamaConfig config = LlamaConfig.read(directory);
    try (Checkpoint checkpoint = Checkpoint.open(directory)) {
      return of(config, LlamaWeights.of(config, checkpoint), backend);
    }
  }

  static LlamaModel of(LlamaConfig config, LlamaWeights weights, Backend backend)
      throws IOException {
    return new LlamaModel(config, weights, backend);
  }

  /**
   * Returns sizes and constants.
   *
   * @return the configuration
   */
  public LlamaConfig config() {
    return config;
  }

  /**
   * Computes the logits of the next token after every position.
   *
   * @param tokens the text from its start
   * @param attention what attends
   * @param parallelism how many tasks may work
   * @return tokens × vocabulary, row-major
   * @throws IllegalArgumentException if there are no tokens, more than the context or more logits
   *     than an array holds, or a token is out of range
   * @throws ArithmeticException if a number overflows
   */
  public float[] forward(int[] tokens, AttentionStep attention, Parallelism parallelism) {
    long logits = (long) tokens.length * config.vocabularySize();
    if (logits > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          String.format(
              "tokens must give at most %d logits, %d tokens give %d",
              Integer.MAX_VALUE - 8, tokens.length, logits));
    }
    float[][] hidden = hidden(tokens, layers.length, attention, parallelism);
    return logits(hidden, 0, parallelism);
  }

  /**
   * Computes the logits of the token after the last one.
   *
   * @param tokens the text from its start
   * @param attention what attends
   * @param parallelism how many tasks may work
   * @return one logit for each token of the vocabulary
   * @throws IllegalArgumentException as {@link #forward}
   * @throws ArithmeticException if a number overflows
   */
  public float[] forwardLast(int[] tokens, AttentionStep attention, Parallelism parallelism) {
    float[][] hidden = hidden(tokens, layers.length, attention, parallelism);
    return logits(hidden, tokens.length - 1, parallelism);
  }

  /**
   * Runs the first layers only, for what the attention step sees of them.
   *
   * @param tokens the text from its start
   * @param count how many layers, at most all
   * @param attention what attends
   * @param parallelism how many tasks may work
   * @throws IllegalArgumentException as {@link #forward}, or if there are not as many layers
   * @throws ArithmeticException if a number overflows
   */
  public void runLayers(int[] tokens, int count, AttentionStep attention, Parallelism parallelism) {
    if (count < 1 || count > layers.length) {
      throw new IllegalArgumentException(
          String.format("count must be from 1 to %d layers, was %d", layers.length, count));
    }
    hidden(tokens, count, attention, parallelism);
  }

  private void requireTokens(int[] tokens) {
    if (tokens.length < 1 || tokens.length > config.contextLength()) {
      throw new IllegalArgumentException(
          String.format(
              "tokens must be from 1 to the %d of the model's context, were %d",
              config.contextLength(), tokens.length));
    }
    for (int i = 0; i < tokens.length; i++) {
      if (tokens[i] < 0 || tokens[i] >= config.vocabularySize()) {
        throw new IllegalArgumentException(
            String.format(
                "tokens must be from 0 to %d, was %d at position %d",
                config.vocabularySize() - 1, tokens[i], i));
      }
    }
  }

  /** Returns the hidden state of every position after the first layers. */
  private float[][] hidden(
      int[] tokens, int count, AttentionStep attention, Parallelism parallelism) {
    Objects.requireNonNull(attention, "attention");
    requireTokens(tokens);
    float[][] hidden = new float[tokens.length][config.hiddenSize()];
    for (int row = 0; row < tokens.length; row++) {
      embedding.copyOutput(tokens[row], hidden[row]);
    }
    RotaryTable rotary = new RotaryTable(frequencies, tokens.length);
    LayerHeads heads = new LayerHeads(config, tokens.length);
    ConcurrentLinkedQueue<RowBlock> free = new ConcurrentLinkedQueue<>();
    for (int index = 0; index < count; index++) {
      LlamaLayer layer = layers[index];
      forBlocks(
          tokens.length,
          parallelism,
          free,
          (from, to, block) -> layer.project(hidden, from, to, block, rotary, heads));
      attention.attend(index, heads.queries, heads.keys, heads.values, heads.output, parallelism);
      forBlocks(
          tokens.length,
          parallelism,
          free,
          (from, to, block) -> layer.finish(hidden, from, to, block, heads));
    }
    return hidden;
  }

  /** Normalises and multiplies by the output head, from a position on. */
  private float[] logits(float[][] hidden, int first, Parallelism parallelism) {
    int vocabulary = config.vocabularySize();
    float[] logits = new float[(hidden.length - first) * vocabulary];
    IntConsumer item =
        block -> {
          int from = first + block * RowBlock.ROWS;
          int rows = Math.min(RowBlock.ROWS, hidden.length - from);
          float[][] normed = new float[rows][config.hiddenSize()];
          float[][] result = new float[rows][vocabulary];
          for (int row = 0; row < rows; row++) {
            finalNorm.apply(hidden[from + row], normed[row], layers.length, from + row);
          }
          head.apply(normed, result, rows, Parallelism.sequential());
          for (int row = 0; row < rows; row++) {
            Overflow.refuse(result[row], vocabulary, "logits", layers.length, from + row);
            System.arraycopy(result[row], 0, logits, (from + row - first) * vocabulary, vocabulary);
          }
        };
    parallelism.forEach(blocks(hidden.length - first), item);
    return logits;
  }

  private interface BlockWork {
    void run(int from, int to, RowBlock block);
  }

  private void forBlocks(
      int rows, Parallelism parallelism, ConcurrentLinkedQueue<RowBlock> free, BlockWork work) {
    parallelism.forEach(
        blocks(rows),
        item -> {
          RowBlock taken = free.poll();
          RowBlock block = taken == null ? new RowBlock(config) : taken;
          int from = item * RowBlock.ROWS;
          work.run(from, Math.min(rows, from + RowBlock.ROWS), block);
          free.add(block);
        });
  }

  private static int blocks(int rows) {
    return (rows + RowBlock.ROWS - 1) / RowBlock.ROWS;
  }
}
