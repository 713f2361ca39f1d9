package io.github.convbasis.training;

import io.github.convbasis.backend.Backend;

/**
 * Predicts what forward and backward passes of one head cost together, in units of one pair of row
 * and key in exact attention, like {@link io.github.convbasis.backend.AttentionCosts}.
 *
 * <p>The operator form needs {@code 2·(value width + 1)} products of d columns where one product
 * made the forward pass cheap: a factor of d that exact attention does not have. So it pays only
 * for long heads of few terms, {@link #leastRows}. Predictions choose between modes and are good to
 * a factor of about 1.5. Immutable and thread-safe.
 */
public final class GradientCosts {
  /**
   * An exact entry in the backward pass: 10 products of vectors for 4. Beside the forward pass 2.5
   * was seen (n = 4,096, d = 64, float32).
   */
  private static final double GRADIENT_PAIR = 2.5;

  /**
   * A product whose diagonal blocks are products too, beside one where they are exact. With it the
   * operator form of 16 terms is predicted to take 4.1, 1.3 and 0.38 of exact attention at n =
   * 4,096, 16,384 and 65,536, where 4.6, 1.5 and 0.33 were seen.
   */
  private static final double PRODUCT = 1.2;

  /** Filling or adding up one element of a product's columns. */
  private static final double ELEMENT = 0.4;

  private static final int MOST_ROWS = 1 << 24;

  private final Backend backend;
  private final int n;
  private final int depth;
  private final int width;

  private GradientCosts(Backend backend, int n, int depth, int width) {
    this.backend = backend;
    this.n = n;
    this.depth = depth;
    this.width = width;
  }

  /**
   * Predicts for one shape.
   *
   * @param backend what computes
   * @param n rows, at least 1
   * @param depth columns of queries and keys, at least 1
   * @param width columns of values, at least 1
   * @return the costs
   * @throws IllegalArgumentException if a number is below 1
   */
  public static GradientCosts of(Backend backend, int n, int depth, int width) {
    requireAtLeastOne("n", n);
    requireAtLeastOne("depth", depth);
    requireAtLeastOne("width", width);
    return new GradientCosts(backend, n, depth, width);
  }

  private static void requireAtLeastOne(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " must be at least 1, was " + value);
    }
  }

  /**
   * Predicts {@link GradientMode#EXACT}.
   *
   * @return pairs
   */
  public double exact() {
    return exact(n * (n + 1.0) / 2);
  }

  private static double exact(double entries) {
    return (1 + GRADIENT_PAIR) * entries;
  }

  /**
   * Predicts {@link GradientMode#OPERATOR}.
   *
   * @param terms segments, at least 1
   * @param exactEntries entries that are exact
   * @return pairs
   * @throws IllegalArgumentException if terms is below 1
   */
  public double operator(int terms, double exactEntries) {
    requireAtLeastOne("terms", terms);
    double columns = (width + 1.0) * depth;
    int atOnce = OperatorGradient.channels(depth, width) * depth;
    double products = 2 * columns / atOnce * product(atOnce, terms);
    double elements = 4 * n * columns * ELEMENT / (depth + width);
    return 2 * product(width, terms) + products + elements + exact(exactEntries);
  }

  /**
   * Predicts {@link GradientMode#SEGMENT}.
   *
   * @param terms segments, at least 1
   * @param exactEntries entries that are exact
   * @return pairs
   * @throws IllegalArgumentException if terms is below 1
   */
  public double segment(int terms, double exactEntries) {
    requireAtLeastOne("terms", terms);
    double elements = 2.0 * n * terms * depth * ELEMENT / (depth + width);
    return 4 * product(width, terms) + elements + exact(exactEntries);
  }

  private double product(int columns, int terms) {
    double pairs = backend.segmentCost(n, depth, columns, terms);
    return PRODUCT * pairs * (depth + columns) / (depth + width);
  }

  /**
   * Finds the break-even of the operator form beside exact attention.
   *
   * @param backend what computes
   * @param depth columns of queries and keys, at least 1
   * @param width columns of values, at least 1
   * @param terms segments, at least 1
   * @return the least power of two of rows for which the operator form is predicted to cost less
   *     without exact entries, or 0 if it costs more up to 2²⁴
   * @throws IllegalArgumentException if a number is below 1
   */
  public static int leastRows(Backend backend, int depth, int width, int terms) {
    for (int rows = 1; rows <= MOST_ROWS; rows *= 2) {
      GradientCosts costs = of(backend, rows, depth, width);
      if (costs.operator(Math.min(rows, terms), 0) < costs.exact()) {
        return rows;
      }
    }
    requireAtLeastOne("terms", terms);
    return 0;
  }
}
