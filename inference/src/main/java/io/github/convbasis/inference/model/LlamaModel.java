package io.github.convbasis.inference.model;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.LinearOperator;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.inference.json.FileFormatException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import java.util.function.IntFunction;

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
    return logits(hidden, 0, 0, parallelism);
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
    return logits(hidden, tokens.length - 1, tokens.length - 1, parallelism);
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

  /**
   * Starts a text.
   *
   * @return the state before its first token, for {@link #extend}
   */
  public DecodingState newState() {
    return new DecodingState(config);
  }

  /**
   * Reads a text further and computes the logits of the token that follows it. The keys and values
   * of what was read before come from the state, so n further tokens after p earlier ones cost 2·n
   * flops for each weight and attention of n rows to up to p + n keys: a prompt in chunks, then one
   * token at a time.
   *
   * <p>With exact attention the logits are those of {@link #forwardLast} on the whole text, bit for
   * bit, however it was cut. A chunk after the first has fewer queries than keys; conv-basis
   * attention is for whole prompts, and {@link AttentionRun} attends to such chunks, so also to
   * single tokens, exactly.
   *
   * @param state of this model; unchanged if this fails
   * @param tokens what comes next
   * @param chunk most tokens that are worked on at once; memory grows with it
   * @param attention what attends
   * @param parallelism how many tasks may work
   * @return one logit for each token of the vocabulary
   * @throws IllegalArgumentException if there are no tokens, more than the context has left, a
   *     token is out of range, chunk is below 1, or the state is of another model
   * @throws ArithmeticException if a number overflows
   */
  public float[] extend(
      DecodingState state,
      int[] tokens,
      int chunk,
      AttentionStep attention,
      Parallelism parallelism) {
    state.requireOf(config);
    if (chunk < 1) {
      throw new IllegalArgumentException("chunk must be at least 1, was " + chunk);
    }
    requireRoom(state, tokens);
    int before = state.positions();
    boolean finished = false;
    try {
      int from = 0;
      for (; tokens.length - from > chunk; from += chunk) {
        advance(state, Arrays.copyOfRange(tokens, from, from + chunk), attention, parallelism);
      }
      int[] last = from == 0 ? tokens : Arrays.copyOfRange(tokens, from, tokens.length);
      float[][] hidden = advance(state, last, attention, parallelism);
      float[] logits = logits(hidden, last.length - 1, state.positions() - 1, parallelism);
      finished = true;
      return logits;
    } finally {
      if (!finished) {
        state.rewind(before);
      }
    }
  }

  private float[][] advance(
      DecodingState state, int[] tokens, AttentionStep attention, Parallelism parallelism) {
    state.reserve(tokens.length);
    float[][] hidden =
        hidden(
            tokens,
            state.positions(),
            layers.length,
            state::heads,
            state.blocks,
            attention,
            parallelism);
    state.advance();
    return hidden;
  }

  private void requireRoom(DecodingState state, int[] tokens) {
    if (state.positions() == 0) {
      requireTokens(tokens);
      return;
    }
    if (tokens.length < 1 || tokens.length > state.left()) {
      throw new IllegalArgumentException(
          String.format(
              "tokens must be from 1 to the %d left of the model's context of %d, were %d",
              state.left(), config.contextLength(), tokens.length));
    }
    requireVocabulary(tokens, state.positions());
  }

  private void requireTokens(int[] tokens) {
    if (tokens.length < 1 || tokens.length > config.contextLength()) {
      throw new IllegalArgumentException(
          String.format(
              "tokens must be from 1 to the %d of the model's context, were %d",
              config.contextLength(), tokens.length));
    }
    requireVocabulary(tokens, 0);
  }

  private void requireVocabulary(int[] tokens, int first) {
    for (int i = 0; i < tokens.length; i++) {
      if (tokens[i] < 0 || tokens[i] >= config.vocabularySize()) {
        throw new IllegalArgumentException(
            String.format(
                "tokens must be from 0 to %d, was %d at position %d",
                config.vocabularySize() - 1, tokens[i], first + i));
      }
    }
  }

  /** Returns the hidden state of every position of a whole text after the first layers. */
  private float[][] hidden(
      int[] tokens, int count, AttentionStep attention, Parallelism parallelism) {
    requireTokens(tokens);
    // The layers take turns with one set of heads: nobody needs their keys again.
    LayerHeads heads = LayerHeads.allocate(config, tokens.length);
    return hidden(
        tokens, 0, count, layer -> heads, new ConcurrentLinkedQueue<>(), attention, parallelism);
  }

  private float[][] hidden(
      int[] tokens,
      int first,
      int count,
      IntFunction<LayerHeads> layerHeads,
      Queue<RowBlock> free,
      AttentionStep attention,
      Parallelism parallelism) {
    Objects.requireNonNull(attention, "attention");
    float[][] hidden = new float[tokens.length][config.hiddenSize()];
    for (int row = 0; row < tokens.length; row++) {
      embedding.copyOutput(tokens[row], hidden[row]);
    }
    RotaryTable rotary = new RotaryTable(frequencies, first, tokens.length);
    for (int index = 0; index < count; index++) {
      LlamaLayer layer = layers[index];
      LayerHeads heads = layerHeads.apply(index);
      forRanges(
          tokens.length,
          parallelism,
          free,
          config,
          rows -> layer.project(hidden, rows, rotary, heads));
      attention.attend(index, heads.queries, heads.keys, heads.values, heads.output, parallelism);
      forRanges(
          tokens.length, parallelism, free, config, rows -> layer.finish(hidden, rows, heads));
    }
    return hidden;
  }

  /**
   * Normalises and multiplies by the output head, from a row on.
   *
   * @param position of that row, for messages
   */
  private float[] logits(float[][] hidden, int first, int position, Parallelism parallelism) {
    int vocabulary = config.vocabularySize();
    float[] logits = new float[(hidden.length - first) * vocabulary];
    forRanges(
        hidden.length - first,
        parallelism,
        (from, rows, inside) -> {
          float[][] normed = new float[rows][config.hiddenSize()];
          float[][] result = new float[rows][vocabulary];
          for (int row = 0; row < rows; row++) {
            finalNorm.apply(
                hidden[first + from + row], normed[row], layers.length, position + from + row);
          }
          head.apply(normed, result, rows, inside);
          for (int row = 0; row < rows; row++) {
            Overflow.refuse(
                result[row], vocabulary, "logits", layers.length, position + from + row);
            System.arraycopy(result[row], 0, logits, (from + row) * vocabulary, vocabulary);
          }
        });
    return logits;
  }

  private interface RangeWork {
    void run(int from, int rows, Parallelism inside);
  }

  private static void forRanges(
      int rows,
      Parallelism parallelism,
      Queue<RowBlock> free,
      LlamaConfig config,
      Consumer<RowRange> work) {
    forRanges(
        rows,
        parallelism,
        (from, count, inside) -> {
          RowBlock taken = free.poll();
          RowBlock block = taken == null ? new RowBlock(config) : taken;
          work.accept(new RowRange(from, count, block, inside));
          free.add(block);
        });
  }

  /** Cuts rows into ranges: tasks share the ranges, or the products of a single one. */
  private static void forRanges(int rows, Parallelism parallelism, RangeWork work) {
    int ranges = (rows + RowBlock.ROWS - 1) / RowBlock.ROWS;
    if (ranges == 1) {
      work.run(0, rows, parallelism);
      return;
    }
    parallelism.forEach(
        ranges,
        range -> {
          int from = range * RowBlock.ROWS;
          work.run(from, Math.min(RowBlock.ROWS, rows - from), Parallelism.sequential());
        });
  }
}
