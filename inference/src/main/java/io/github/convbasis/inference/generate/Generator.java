package io.github.convbasis.inference.generate;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.inference.model.AttentionRun;
import io.github.convbasis.inference.model.DecodingState;
import io.github.convbasis.inference.model.LlamaModel;
import java.util.Arrays;
import java.util.Objects;
import java.util.Set;
import java.util.function.IntPredicate;

/**
 * Reads a prompt and generates what follows it, token by token. The prompt is attended to as
 * chosen, generated tokens exactly over the cache. Mutable: one call at a time.
 */
public final class Generator {
  private final LlamaModel model;
  private final TokenSampler sampler;
  private final AttentionRun attention;
  private final int vocabulary;
  private final Set<Integer> endTokens;

  /**
   * Prepares a model.
   *
   * @param model what predicts
   * @param sampler what chooses
   * @param attention what attends
   * @param vocabulary how many of the model's tokens have a text, at most all: only those are
   *     generated
   * @param endTokens tokens that end a text
   * @throws IllegalArgumentException if vocabulary is out of range
   */
  public Generator(
      LlamaModel model,
      TokenSampler sampler,
      AttentionRun attention,
      int vocabulary,
      Set<Integer> endTokens) {
    this.model = Objects.requireNonNull(model, "model");
    this.sampler = Objects.requireNonNull(sampler, "sampler");
    this.attention = Objects.requireNonNull(attention, "attention");
    int most = model.config().vocabularySize();
    if (vocabulary < 1 || vocabulary > most) {
      throw new IllegalArgumentException(
          String.format("vocabulary must be from 1 to the model's %d, was %d", most, vocabulary));
    }
    this.vocabulary = vocabulary;
    this.endTokens = Set.copyOf(endTokens);
  }

  /** Why generating ended. */
  public enum Ending {
    /** As many tokens as were asked for. */
    TOKEN_LIMIT,
    /** A token that ends a text; it is counted, and not handed on. */
    END_TOKEN,
    /** The model's context is full. */
    CONTEXT_FULL,
    /** Whoever takes the tokens wants no more. */
    STOPPED
  }

  /**
   * What a phase took. Immutable and thread-safe.
   *
   * @param tokens that the model read in it
   * @param nanos in all, but for sampling of errors
   * @param attentionNanos of these, attending
   */
  public record Phase(int tokens, long nanos, long attentionNanos) {
    /**
     * Returns the speed.
     *
     * @return tokens a second; NaN if there were none
     */
    public double tokensPerSecond() {
      return tokens == 0 ? Double.NaN : tokens / (nanos / 1e9);
    }
  }

  /**
   * What was done. Immutable and thread-safe.
   *
   * @param generated how many tokens were chosen, the last of which was not read by the model
   * @param ending why there were no more
   * @param prompt reading the prompt
   * @param generation choosing tokens and reading each but the last
   */
  public record Result(int generated, Ending ending, Phase prompt, Phase generation) {}

  /**
   * Generates.
   *
   * @param prompt what to go on from, at least one token and at most the model's context
   * @param most most tokens to generate, at least 0
   * @param chunk most tokens of the prompt that are worked on at once
   * @param taker receives each token as it comes, and answers whether to go on
   * @param parallelism how many tasks may work
   * @return what was done
   * @throws IllegalArgumentException if most is negative, or as {@link LlamaModel#extend}
   * @throws ArithmeticException if a number overflows
   */
  public Result generate(
      int[] prompt, int most, int chunk, IntPredicate taker, Parallelism parallelism) {
    if (most < 0) {
      throw new IllegalArgumentException("most must be at least 0, was " + most);
    }
    DecodingState state = model.newState();
    attention.begin();
    long start = System.nanoTime();
    float[] logits = model.extend(state, prompt, chunk, attention, parallelism);
    long read = System.nanoTime();
    long promptAttention = attention.nanos();
    int generated = 0;
    Ending ending = most == 0 ? Ending.TOKEN_LIMIT : null;
    while (ending == null) {
      int token = sampler.next(withText(logits));
      generated++;
      if (endTokens.contains(token)) {
        ending = Ending.END_TOKEN;
      } else if (!taker.test(token)) {
        ending = Ending.STOPPED;
      } else if (generated == most) {
        ending = Ending.TOKEN_LIMIT;
      } else if (state.left() == 0) {
        ending = Ending.CONTEXT_FULL;
      } else {
        logits = model.extend(state, new int[] {token}, 1, attention, parallelism);
      }
    }
    long end = System.nanoTime();
    int steps = state.positions() - prompt.length;
    return new Result(
        generated,
        ending,
        new Phase(prompt.length, read - start - attention.samplingNanos(), promptAttention),
        new Phase(steps, end - read, attention.nanos() - promptAttention));
  }

  private float[] withText(float[] logits) {
    return vocabulary == logits.length ? logits : Arrays.copyOf(logits, vocabulary);
  }
}
