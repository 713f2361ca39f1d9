package io.github.convbasis.inference.model;

import java.util.Objects;

/**
 * Adds up what a model says about texts, and how far it drifts from what it said with exact
 * attention. Mutable: one thread at a time.
 */
public final class LogitDrift {
  private final int vocabulary;
  private double nats;
  private long predicted;
  private double greatest;
  private double squares;
  private double divergence;
  private long agreeing;
  private long positions;

  /**
   * Starts with no text.
   *
   * @param vocabulary logits of a position
   */
  public LogitDrift(int vocabulary) {
    this.vocabulary = vocabulary;
  }

  /**
   * Adds a text.
   *
   * @param tokens the text
   * @param exact logits with exact attention, positions × vocabulary
   * @param logits those that are judged, of the same shape
   * @throws IllegalArgumentException if the logits are not of as many positions
   */
  public void add(int[] tokens, float[] exact, float[] logits) {
    requireShape("exact", Objects.requireNonNull(exact, "exact"), tokens.length);
    requireShape("logits", Objects.requireNonNull(logits, "logits"), tokens.length);
    for (int position = 0; position < tokens.length; position++) {
      int at = position * vocabulary;
      double logSum = logSum(logits, at);
      compare(exact, logSum(exact, at), logits, logSum, at);
      if (position + 1 < tokens.length) {
        nats += logSum - logits[at + tokens[position + 1]];
        predicted++;
      }
    }
    positions += tokens.length;
  }

  private void requireShape(String name, float[] elements, int rows) {
    if (elements.length != (long) rows * vocabulary) {
      throw new IllegalArgumentException(
          String.format(
              "%s must be %d logits for each of %d tokens, were %d",
              name, vocabulary, rows, elements.length));
    }
  }

  private double logSum(float[] logits, int at) {
    double most = Double.NEGATIVE_INFINITY;
    for (int t = at; t < at + vocabulary; t++) {
      most = Math.max(most, logits[t]);
    }
    double sum = 0;
    for (int t = at; t < at + vocabulary; t++) {
      sum += Math.exp(logits[t] - most);
    }
    return most + Math.log(sum);
  }

  private void compare(float[] exact, double exactSum, float[] logits, double sum, int at) {
    int exactBest = at;
    int best = at;
    double kl = 0;
    for (int t = at; t < at + vocabulary; t++) {
      double difference = (double) logits[t] - exact[t];
      greatest = Math.max(greatest, Math.abs(difference));
      squares += difference * difference;
      double logShare = exact[t] - exactSum;
      kl += Math.exp(logShare) * (logShare - (logits[t] - sum));
      exactBest = exact[t] > exact[exactBest] ? t : exactBest;
      best = logits[t] > logits[best] ? t : best;
    }
    // Rounding may take it below the 0 it cannot be below.
    divergence += Math.max(0, kl);
    agreeing += best == exactBest ? 1 : 0;
  }

  /**
   * Returns how well the texts were predicted.
   *
   * @return mean of -log₂ of the probability of the next token; NaN if none was predicted
   */
  public double bitsPerToken() {
    return nats / predicted / Math.log(2);
  }

  /**
   * Returns the same as a number of equally likely tokens.
   *
   * @return {@code 2^bitsPerToken}
   */
  public double perplexity() {
    return Math.exp(nats / predicted);
  }

  /**
   * Returns the greatest drift of a logit.
   *
   * @return absolute difference from exact attention's
   */
  public double greatestDifference() {
    return greatest;
  }

  /**
   * Returns the usual drift of a logit.
   *
   * @return root mean square of the differences
   */
  public double rootMeanSquare() {
    return Math.sqrt(squares / positions / vocabulary);
  }

  /**
   * Returns how much information about the next token is lost.
   *
   * @return mean over positions of the Kullback-Leibler divergence from exact attention's
   *     distribution, in nats
   */
  public double meanDivergence() {
    return divergence / positions;
  }

  /**
   * Returns how often the most likely next token is the same.
   *
   * @return share of positions, from 0 to 1
   */
  public double agreement() {
    return (double) agreeing / positions;
  }

  /**
   * Returns how many tokens were predicted.
   *
   * @return all but the first of each text
   */
  public long predictedTokens() {
    return predicted;
  }
}
