package io.github.convbasis.properties;

import java.util.Arrays;
import java.util.SplittableRandom;

/** Arrays from a seeded generator, so that a sample is a few numbers however large its arrays. */
final class Draw {
  private Draw() {}

  /** Numbers from -scale to scale. */
  static double[] uniform(SplittableRandom random, int length, double scale) {
    double[] x = new double[length];
    Arrays.setAll(x, i -> scale * (2 * random.nextDouble() - 1));
    return x;
  }

  static double[] gaussian(SplittableRandom random, int length, double scale) {
    double[] x = new double[length];
    Arrays.setAll(x, i -> scale * random.nextGaussian());
    return x;
  }

  /** Whole numbers from -most to most, as doubles. */
  static double[] integers(SplittableRandom random, int length, int most) {
    double[] x = new double[length];
    Arrays.setAll(x, i -> random.nextInt(2 * most + 1) - most);
    return x;
  }

  /** Numbers of either sign whose logarithms spread evenly over ±spread. */
  static double[] wide(SplittableRandom random, int length, double scale, double spread) {
    double[] x = new double[length];
    Arrays.setAll(
        x,
        i -> {
          double size = scale * Math.exp(spread * (2 * random.nextDouble() - 1));
          return random.nextBoolean() ? size : -size;
        });
    return x;
  }

  /** Zeros of both signs, subnormal numbers and the least normal one. */
  static double[] tiny(SplittableRandom random, int length) {
    double[] choices = {0.0, -0.0, Double.MIN_VALUE, -Double.MIN_VALUE, Double.MIN_NORMAL, -1e-310};
    double[] x = new double[length];
    Arrays.setAll(x, i -> choices[random.nextInt(choices.length)]);
    return x;
  }

  /** {@code count} different whole numbers from 0 to {@code below - 1}, increasing. */
  static int[] subset(SplittableRandom random, int count, int below) {
    int[] chosen = new int[count];
    int left = count;
    for (int i = 0; i < below && left > 0; i++) {
      if (random.nextInt(below - i) < left) {
        chosen[count - left] = i;
        left--;
      }
    }
    return chosen;
  }
}
