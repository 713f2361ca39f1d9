package io.github.convbasis.attention;

/**
 * A-priori bounds on the output error of attention from a sup-norm error of the logits. Both are
 * absolute, for every element of Y, in exact arithmetic.
 *
 * <p>Stateless and thread-safe.
 */
public final class ErrorBounds {
  private ErrorBounds() {}

  /**
   * Bounds {@code ‖Y - Ỹ‖∞ ≤ 2(e^{2ε} - 1)·‖V‖∞} when the logits are within ε of a k-conv matrix
   * that Recover samples (Liang et al. 2025).
   *
   * @param epsilon noise per logit, at least 0
   * @param valueSup ‖V‖∞ over elements
   * @return the bound
   * @throws IllegalArgumentException if an argument is negative or NaN
   */
  public static double paper(double epsilon, double valueSup) {
    requireNonNegative("epsilon", epsilon);
    requireNonNegative("valueSup", valueSup);
    return 2 * Math.expm1(2 * epsilon) * valueSup;
  }

  /**
   * Bounds {@code ‖Y - Ỹ‖∞ ≤ 2·tanh(η/2)·‖V‖∞} for any logit error {@code |H - H̃| ≤ η}.
   *
   * <p>Changing logits by at most η moves the weights by at most {@code 2·tanh(η/2)} in total. That
   * is attained where a mass of {@code 1/(1 + e^η)} goes up by η and the rest down. Sampled columns
   * of an ε-close matrix have η = 2ε.
   *
   * @param eta sup-norm error of the logits, at least 0
   * @param valueSup ‖V‖∞ over elements
   * @return the bound
   * @throws IllegalArgumentException if an argument is negative or NaN
   */
  public static double tight(double eta, double valueSup) {
    requireNonNegative("eta", eta);
    requireNonNegative("valueSup", valueSup);
    return 2 * Math.tanh(eta / 2) * valueSup;
  }

  private static void requireNonNegative(String name, double value) {
    if (!(value >= 0)) {
      throw new IllegalArgumentException(name + " must be at least 0, was " + value);
    }
  }
}
