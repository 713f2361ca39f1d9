package io.github.convbasis.simd;

import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;

/**
 * The tolerances of the tests of this module. Constants are three to eight times the worst seen on
 * an AVX-512 machine (AMD Zen 5) at all widths.
 */
public final class Tolerance {
  /** Unit roundoff of float. */
  public static final double UNIT = 0x1p-24;

  private Tolerance() {}

  /**
   * ULPS(c): distance of a float from an exact number in units of the float's last place.
   *
   * @param actual computed
   * @param exact expected
   * @return ulps, 0 for equal infinities and zeros
   */
  public static double ulps(float actual, double exact) {
    float rounded = (float) exact;
    if (actual == rounded) {
      return 0;
    }
    return Math.abs(actual - exact) / Math.ulp(rounded);
  }

  /**
   * SUM(n), condition-aware: rounding of an inner product of a query with a key moves its logit by
   * {@code c·u·scale·Σ|q_c·k_c|}.
   *
   * @param inputs queries, keys, scale
   * @param head query head
   * @param row query row
   * @param key key row
   * @return bound on the error of the logit
   */
  public static double logit(AttentionInputs inputs, int head, int row, int key) {
    HeadTensor keys = inputs.keys();
    double sum = 0;
    for (int c = 0; c < keys.width(); c++) {
      double query = inputs.queries().get(head, row, c);
      sum += Math.abs(query * keys.get(inputs.keyHead(head), key, c));
    }
    return 8 * UNIT * Math.abs(inputs.scale()) * sum + Float.MIN_NORMAL;
  }

  /**
   * SUM(n) in double: two sums of the same terms in different orders, {@code c·n·u·Σ|a_i|} with
   * every term at most a given size.
   *
   * @param terms how many terms, n
   * @param size greatest term, before parts of it cancel
   * @return bound on the difference
   */
  public static double doubleSum(int terms, double size) {
    return 0.5 * terms * 0x1p-53 * terms * size;
  }

  /**
   * APPROX-free bound of an attention row: weights move by the errors of their logits and by a few
   * roundings, and the row is their average of values.
   *
   * @param inputs what was attended with
   * @param head query head
   * @param row query row
   * @return bound on the absolute error of every element
   */
  public static double attention(AttentionInputs inputs, int head, int row) {
    double logit = 0;
    for (int key = 0; key < inputs.visibleKeys(row); key++) {
      logit = Math.max(logit, logit(inputs, head, row, key));
    }
    double subnormal = inputs.visibleKeys(row) * (double) Float.MIN_VALUE;
    return (logit + 6 * UNIT) * inputs.values().maxAbs(inputs.keyHead(head)) + subnormal;
  }
}
