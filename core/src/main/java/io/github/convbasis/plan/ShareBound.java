package io.github.convbasis.plan;

/**
 * Bounds the share of bad rows, whatever their errors are and wherever they stand.
 *
 * <p>Of a stratum's N_s rows let the share b_s be bad. The number of bad ones among its m_s draws
 * without replacement is hypergeometric, and so distributed as a sum of m_s independent Bernoulli
 * variables, because its generating polynomial has only real roots (Vatutin and Mikhailov 1982).
 * The number X of bad rows drawn in all strata is therefore a sum of {@code M = Σm_s} independent
 * ones, of mean {@code μ = Σ m_s·b_s}. With the least rate {@code f = min_s m_s/N_s}, the share B
 * of bad rows in all {@code N = ΣN_s} and {@code m = f·N ≤ M},
 *
 * <p>{@code μ ≥ f·Σ N_s·b_s = m·B}.
 *
 * <p>Hoeffding (1956): {@code P(X ≤ x) ≤ F(x; M, μ/M)} for whole {@code x ≤ μ-1}, F the binomial
 * distribution function. F falls with its probability, so {@code P(X ≤ x) ≤ F(x; M, m·B/M)}
 * wherever {@code x+1 ≤ m·B}. Hence with confidence {@code 1-α}
 *
 * <p>{@code B ≤ max((x+1)/m, sup{B : F(x; M, m·B/M) ≥ α})}:
 *
 * <p>the bound rises with x, so it fails just if X is at most the greatest x at which it is below
 * the true B, and that has probability below α. Strata drawn whole are counted, and only the others
 * bounded; a number of rows is whole, and never more than those not drawn plus those seen.
 */
final class ShareBound {
  private static final int BISECTIONS = 64;

  private ShareBound() {}

  /**
   * Returns a lower bound of the share of good rows among those that could be drawn.
   *
   * @param sample the sample
   * @param bad for each drawn row whether it is bad
   * @param confidence 1-α
   * @return share from 0 to 1, exact if every row was drawn
   */
  static double good(RowSample sample, boolean[] bad, double confidence) {
    int counted = 0;
    int seen = 0;
    int draws = 0;
    int population = 0;
    double rate = 1;
    for (int s = 0; s < sample.strata(); s++) {
      int found = 0;
      for (int i = sample.firstDraw(s); i < sample.firstDraw(s) + sample.draws(s); i++) {
        found += bad[i] ? 1 : 0;
      }
      if (sample.draws(s) == sample.population(s)) {
        counted += found;
      } else {
        seen += found;
        draws += sample.draws(s);
        population += sample.population(s);
        rate = Math.min(rate, (double) sample.draws(s) / sample.population(s));
      }
    }
    int most = counted;
    if (draws > 0) {
      double share = badShare(seen, draws, rate * population, 1 - confidence);
      // Widened by rounding, so that a bound that is whole is not cut to the number below.
      double rows = Math.floor(share * population * (1 + 0x1p-40));
      most += (int) Math.min(rows, seen + population - draws);
    }
    return (double) (sample.population() - most) / sample.population();
  }

  /** Returns the upper bound of B for x bad of M draws at the least count m. */
  static double badShare(int seen, int draws, double count, double alpha) {
    if (seen + 1 >= count) {
      return 1;
    }
    double low = (seen + 1) / count;
    if (distribution(seen, draws, count * low / draws) < alpha) {
      return low;
    }
    double high = 1;
    if (distribution(seen, draws, count / draws) >= alpha) {
      return high;
    }
    for (int i = 0; i < BISECTIONS; i++) {
      double middle = (low + high) / 2;
      if (distribution(seen, draws, count * middle / draws) >= alpha) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return high;
  }

  /**
   * Returns F(x; M, p), summed from its greatest term down.
   *
   * @param successes x, below M·p
   * @param trials M
   * @param probability p, above 0
   */
  static double distribution(int successes, int trials, double probability) {
    if (probability >= 1) {
      return successes >= trials ? 1 : 0;
    }
    double logarithm =
        successes * Math.log(probability) + (trials - successes) * Math.log1p(-probability);
    for (int i = 1; i <= successes; i++) {
      logarithm += Math.log((double) (trials - successes + i) / i);
    }
    // Relative to the greatest term, which may underflow on its own only where the sum does.
    double sum = 0;
    double term = 1;
    double odds = (1 - probability) / probability;
    for (int k = successes; k >= 0 && term > sum * 0x1p-60; k--) {
      sum += term;
      term *= k * odds / (trials - k + 1);
    }
    return Math.exp(logarithm) * sum;
  }
}
