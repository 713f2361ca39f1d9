package io.github.convbasis.variants;

import java.util.Objects;

/**
 * Attention with linear biases (ALiBi; Press, Smith and Lewis 2022): {@code b_h(lag) =
 * -slope_h·|lag|}.
 *
 * <p>For a power of two of heads slopes are the geometric sequence that starts at and has the ratio
 * {@code 2^(-8/heads)}. For another number they are those of the next lower power of two, followed
 * by every other slope of twice that power, from its first on.
 *
 * <p>Immutable and thread-safe.
 */
public final class AlibiBias implements PositionBias {
  private final double[] slopes;

  private AlibiBias(double[] slopes) {
    this.slopes = slopes;
  }

  /**
   * Gives each head its standard slope.
   *
   * @param heads query heads, at least 1
   * @return the bias
   * @throws IllegalArgumentException if heads is below 1
   */
  public static AlibiBias ofHeads(int heads) {
    if (heads < 1) {
      throw new IllegalArgumentException("heads must be at least 1, was " + heads);
    }
    double[] slopes = new double[heads];
    int power = Integer.highestOneBit(heads);
    for (int head = 0; head < heads; head++) {
      slopes[head] =
          head < power ? slope(head + 1, power) : slope(2.0 * (head - power) + 1, 2.0 * power);
    }
    return new AlibiBias(slopes);
  }

  private static double slope(double index, double heads) {
    return Math.pow(2, -8 * index / heads);
  }

  /**
   * Gives each head a slope.
   *
   * @param slopes for each query head its slope, finite and at least 0
   * @return the bias
   * @throws IllegalArgumentException if there is none, or one is negative or not finite
   */
  public static AlibiBias ofSlopes(double... slopes) {
    if (slopes.length == 0) {
      throw new IllegalArgumentException("slopes must not be empty");
    }
    for (int head = 0; head < slopes.length; head++) {
      if (!(slopes[head] >= 0) || Double.isInfinite(slopes[head])) {
        throw new IllegalArgumentException(
            String.format("slopes[%d] must be finite and at least 0, was %s", head, slopes[head]));
      }
    }
    return new AlibiBias(slopes.clone());
  }

  /**
   * Returns the slope of a head.
   *
   * @param head query head, from 0
   * @return at least 0
   */
  public double slope(int head) {
    return slopes[Objects.checkIndex(head, slopes.length)];
  }

  @Override
  public int heads() {
    return slopes.length;
  }

  @Override
  public double at(int head, int lag) {
    return -slopes[head] * Math.abs((double) lag);
  }
}
