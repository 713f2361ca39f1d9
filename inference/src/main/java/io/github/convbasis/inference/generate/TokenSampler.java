package io.github.convbasis.inference.generate;

import java.util.Arrays;
import java.util.Objects;
import java.util.SplittableRandom;

/**
 * Chooses the next token from logits. In this order: the logits are divided by the temperature,
 * only the top-k most likely tokens are kept, of these the fewest whose probabilities add up to at
 * least top-p, and one is drawn from what is left. At temperature 0 it is the most likely token.
 * Among equal logits the lower token counts as more likely.
 *
 * <p>The same seed and logits give the same tokens. Mutable: one thread at a time.
 */
public final class TokenSampler {
  /** Value of {@code topK} that keeps all tokens. */
  public static final int ALL = 0;

  private final double temperature;
  private final int topK;
  private final double topP;
  private final SplittableRandom random;

  private TokenSampler(double temperature, int topK, double topP, long seed) {
    this.temperature = temperature;
    this.topK = topK;
    this.topP = topP;
    random = new SplittableRandom(seed);
  }

  /**
   * Always chooses the most likely token.
   *
   * @return the sampler
   */
  public static TokenSampler greedy() {
    return new TokenSampler(0, ALL, 1, 0);
  }

  /**
   * Draws tokens.
   *
   * @param temperature by which logits are divided, finite, at least 0; 0 is greedy, 1 the model's
   *     own distribution
   * @param topK how many tokens to choose from, or {@link #ALL}
   * @param topP the probability they must add up to, greater than 0, at most 1
   * @param seed of the draws
   * @return the sampler
   * @throws IllegalArgumentException naming what is out of range
   */
  public static TokenSampler of(double temperature, int topK, double topP, long seed) {
    if (!(temperature >= 0 && temperature < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "temperature must be finite and at least 0, was " + temperature);
    }
    if (topK < 0) {
      throw new IllegalArgumentException("topK must be at least 0, was " + topK);
    }
    if (!(topP > 0 && topP <= 1)) {
      throw new IllegalArgumentException("topP must be greater than 0 and at most 1, was " + topP);
    }
    return new TokenSampler(temperature, topK, topP, seed);
  }

  /**
   * Chooses a token. Costs O(vocabulary), and sorting it where there is a top-k or a top-p.
   *
   * @param logits one for each token, finite
   * @return the token
   * @throws IllegalArgumentException if there are no logits or one is not finite
   */
  public int next(float[] logits) {
    if (temperature == 0) {
      return mostLikely(logits);
    }
    double[] probabilities = probabilities(logits);
    double left = random.nextDouble();
    int last = 0;
    for (int token = 0; token < probabilities.length; token++) {
      if (probabilities[token] > 0) {
        left -= probabilities[token];
        last = token;
        if (left < 0) {
          return token;
        }
      }
    }
    // Rounding left a crumb: the probabilities add up to a little less than 1.
    return last;
  }

  /**
   * Returns the distribution that {@link #next} draws from.
   *
   * @param logits one for each token, finite
   * @return a probability for each token, 0 for those that cannot be drawn
   * @throws IllegalArgumentException if there are no logits or one is not finite
   */
  public double[] probabilities(float[] logits) {
    int best = mostLikely(logits);
    double[] weights = new double[logits.length];
    if (temperature == 0) {
      weights[best] = 1;
      return weights;
    }
    for (int token = 0; token < logits.length; token++) {
      weights[token] = Math.exp(((double) logits[token] - logits[best]) / temperature);
    }
    boolean keepsAll = (topK == ALL || topK >= logits.length) && topP == 1;
    if (!keepsAll) {
      cut(logits, weights);
    }
    double sum = Arrays.stream(weights).sum();
    for (int token = 0; token < weights.length; token++) {
      weights[token] /= sum;
    }
    return weights;
  }

  /** Sets the weights of tokens to 0 that top-k and top-p leave out. */
  private void cut(float[] logits, double[] weights) {
    long[] order = order(logits);
    int kept = topK == ALL ? order.length : Math.min(topK, order.length);
    double sum = 0;
    for (int rank = 0; rank < kept; rank++) {
      sum += weights[(int) order[rank]];
    }
    double enough = topP * sum;
    double reached = 0;
    int count = 0;
    while (count < kept && (count == 0 || reached < enough)) {
      reached += weights[(int) order[count]];
      count++;
    }
    for (int rank = topP == 1 ? kept : count; rank < order.length; rank++) {
      weights[(int) order[rank]] = 0;
    }
  }

  /** Returns tokens in the low halves, the most likely first. */
  private static long[] order(float[] logits) {
    long[] keys = new long[logits.length];
    for (int token = 0; token < keys.length; token++) {
      // Adding 0 makes -0.0 equal to 0.0; the fold makes integers compare as the floats do.
      int bits = Float.floatToIntBits(logits[token] + 0f);
      int ascending = bits ^ ((bits >> 31) & Integer.MAX_VALUE);
      keys[token] = (long) ~ascending << Integer.SIZE | token;
    }
    Arrays.sort(keys);
    return keys;
  }

  private static int mostLikely(float[] logits) {
    if (Objects.requireNonNull(logits, "logits").length == 0) {
      throw new IllegalArgumentException("logits must be at least 1, were 0");
    }
    int best = 0;
    for (int token = 0; token < logits.length; token++) {
      if (!Float.isFinite(logits[token])) {
        throw new IllegalArgumentException(
            String.format("logits must be finite, was %s of token %d", logits[token], token));
      }
      best = logits[token] > logits[best] ? token : best;
    }
    return best;
  }
}
