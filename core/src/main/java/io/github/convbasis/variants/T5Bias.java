package io.github.convbasis.variants;

import java.util.Objects;

/**
 * Relative position bias by buckets (T5; Raffel et al. 2020): {@code b_h(lag) =
 * table[bucket(lag)][h]} with a learned table.
 *
 * <p>Half of the buckets of a direction hold one distance each, from 0 up; the others hold
 * distances up to {@code maxDistance} in steps of equal ratio, and the last one all beyond. Without
 * direction, causal, every later key has distance 0; with it, bidirectional, the first half of the
 * buckets is for keys up to the query's position and the second half for later ones.
 *
 * <p>Immutable and thread-safe.
 */
public final class T5Bias implements PositionBias {
  /** Where the logarithm should be a whole number it may come out a few units of 2⁻⁵² less. */
  private static final double ROUNDING = 1e-9;

  private final double[][] table;
  private final int maxDistance;
  private final boolean bidirectional;

  private T5Bias(double[][] table, int maxDistance, boolean bidirectional) {
    this.table = table;
    this.maxDistance = maxDistance;
    this.bidirectional = bidirectional;
  }

  /**
   * Makes the bias of a decoder, whose rows see no later key.
   *
   * @param table for each bucket one finite number for each query head; at least 2 buckets
   * @param maxDistance distance from which all share the last bucket, usually 128; greater than
   *     half the buckets
   * @return the bias
   * @throws IllegalArgumentException naming what does not hold
   */
  public static T5Bias causal(double[][] table, int maxDistance) {
    return of(table, maxDistance, false);
  }

  /**
   * Makes the bias of an encoder, whose rows see keys in both directions.
   *
   * @param table for each bucket one finite number for each query head; an even number of buckets,
   *     at least 4
   * @param maxDistance distance from which all share a direction's last bucket, usually 128;
   *     greater than a quarter of the buckets
   * @return the bias
   * @throws IllegalArgumentException naming what does not hold
   */
  public static T5Bias bidirectional(double[][] table, int maxDistance) {
    return of(table, maxDistance, true);
  }

  private static T5Bias of(double[][] table, int maxDistance, boolean bidirectional) {
    int least = bidirectional ? 4 : 2;
    if (table.length < least || bidirectional && table.length % 2 != 0) {
      throw new IllegalArgumentException(
          String.format(
              "table must have %s buckets, was %d",
              bidirectional ? "an even number of at least 4" : "at least 2", table.length));
    }
    int exact = table.length / least;
    if (maxDistance <= exact) {
      throw new IllegalArgumentException(
          String.format("maxDistance must be greater than %d, was %d", exact, maxDistance));
    }
    double[][] copy = new double[table.length][];
    for (int bucket = 0; bucket < table.length; bucket++) {
      copy[bucket] = requireFinite(table, bucket).clone();
    }
    return new T5Bias(copy, maxDistance, bidirectional);
  }

  private static double[] requireFinite(double[][] table, int bucket) {
    double[] row = table[bucket];
    int heads = table[0].length;
    if (row.length != heads || heads == 0) {
      throw new IllegalArgumentException(
          String.format(
              "table[%d] must have %d heads, at least 1, was %d", bucket, heads, row.length));
    }
    for (int head = 0; head < heads; head++) {
      if (!Double.isFinite(row[head])) {
        throw new IllegalArgumentException(
            String.format("table must be finite, was %s at [%d][%d]", row[head], bucket, head));
      }
    }
    return row;
  }

  /**
   * Returns the bucket of a lag.
   *
   * @param lag query position less key position
   * @return row of the table
   */
  public int bucket(int lag) {
    if (!bidirectional) {
      return bucketOf(Math.max(0L, lag), table.length);
    }
    int half = table.length / 2;
    return (lag < 0 ? half : 0) + bucketOf(Math.abs((long) lag), half);
  }

  private int bucketOf(long distance, int buckets) {
    int exact = buckets / 2;
    if (distance < exact) {
      return (int) distance;
    }
    double share = Math.log((double) distance / exact) / Math.log((double) maxDistance / exact);
    int bucket = exact + (int) (share * (buckets - exact) + ROUNDING);
    return Math.min(bucket, buckets - 1);
  }

  @Override
  public int heads() {
    return table[0].length;
  }

  @Override
  public double at(int head, int lag) {
    return table[bucket(lag)][Objects.checkIndex(head, heads())];
  }
}
