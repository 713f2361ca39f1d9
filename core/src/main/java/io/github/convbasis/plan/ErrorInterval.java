package io.github.convbasis.plan;

/**
 * The relative Frobenius error over the rows that could be drawn, estimated from those that were.
 *
 * <p>With e² and y² the squared error and norm of a row, N_s and m_s the population and draws of a
 * stratum, the estimate of its square is the ratio {@code r = E / Y} of the stratified totals
 * {@code E = Σ_s N_s·mean_s(e²)} and {@code Y = Σ_s N_s·mean_s(y²)}. At confidence {@code 1-α}
 *
 * <p>{@code low² = max(0, r - t·σ)}, {@code high² = r + t·σ + 3·ln(2/α)·w·b}
 *
 * <p>where σ is the linearised standard error of r, with ν degrees of freedom after Satterthwaite,
 * and {@code t = √(ν·(α^(-2/ν) - 1))} is no less than Student's quantile of {@code 1-α/2}: his tail
 * is {@code I_x(ν/2, 1/2)/2} at {@code x = ν/(ν + t²)}, the incomplete beta function, which rises
 * with its last argument and so is at most {@code I_x(ν/2, 1) = x^(ν/2)}. Row errors are far from
 * normal: often one row in a hundred carries most of Σe², σ is then small in just those samples
 * that missed it, and t·σ alone covers too little. The last term stands for the rows that were not
 * seen. Among equally likely rows more than {@code ln(2/α)} draws' worth that are worse than the
 * worst one drawn are missed with probability below {@code α/2}; they are charged three times the
 * worst squared error seen, the mean beyond a threshold of a Pareto tail of index 3/2. Here {@code
 * b} is the worst {@code e²/y²} of all rows drawn, in any stratum, and {@code w = max_s (1 -
 * m_s/N_s)·(N_s/m_s)·mean_s(y²)/Y} what one draw stands for. Norms in b and w count as at least a
 * tenth of the mean one, so that one row of next to no norm does not decide. b is at least the
 * square of the unit roundoff: a sample without an error does not show that no row has one.
 *
 * <p>The 3 is empirical; coverage is not proved. Where every row was drawn the interval is a point.
 */
record ErrorInterval(double relativeError, double low, double high) {
  private static final double TAIL_MEAN = 3;
  private static final double LEAST_NORM = 0.1;
  private static final double ROUNDING = 0x1p-106;

  static ErrorInterval of(
      RowSample sample, double[] squaredErrors, double[] squaredNorms, double confidence) {
    double greatest = Math.max(max(squaredErrors), max(squaredNorms));
    // A power of two, so that dividing by it rounds nothing.
    double scale = greatest == 0 ? 1 : Math.scalb(1.0, Math.getExponent(greatest));
    double error = total(sample, squaredErrors, scale);
    double norm = total(sample, squaredNorms, scale);
    double ratio = error == 0 ? 0 : error / norm;
    double relative = Math.sqrt(ratio);
    if (sample.size() == sample.population()) {
      return new ErrorInterval(relative, relative, relative);
    }
    if (Double.isInfinite(ratio)) {
      return new ErrorInterval(relative, 0, relative);
    }
    double spread =
        spread(sample, squaredErrors, squaredNorms, scale, ratio, 1 - confidence)
            / (norm == 0 ? 1 : norm);
    double unseen =
        TAIL_MEAN
            * Math.log(2 / (1 - confidence))
            * unseen(sample, squaredErrors, squaredNorms, scale, norm);
    return new ErrorInterval(
        relative, Math.sqrt(Math.max(0, ratio - spread)), Math.sqrt(ratio + spread + unseen));
  }

  private static double max(double[] values) {
    double max = 0;
    for (double value : values) {
      max = Math.max(max, value);
    }
    return max;
  }

  /** Returns Σ_s N_s·mean_s(value / scale). */
  private static double total(RowSample sample, double[] values, double scale) {
    double total = 0;
    for (int s = 0; s < sample.strata(); s++) {
      total += sample.population(s) * mean(sample, s, values, scale);
    }
    return total;
  }

  private static double mean(RowSample sample, int stratum, double[] values, double scale) {
    int from = sample.firstDraw(stratum);
    int to = from + sample.draws(stratum);
    double sum = 0;
    for (int i = from; i < to; i++) {
      sum += values[i] / scale;
    }
    return sum / (to - from);
  }

  /** Returns t times the standard error of Σ (e² - ratio·y²), from its spread within strata. */
  private static double spread(
      RowSample sample, double[] errors, double[] norms, double scale, double ratio, double alpha) {
    double variance = 0;
    double variances = 0;
    for (int s = 0; s < sample.strata(); s++) {
      double size = sample.population(s);
      int draws = sample.draws(s);
      if (draws == sample.population(s)) {
        continue;
      }
      double mean = mean(sample, s, errors, scale) - ratio * mean(sample, s, norms, scale);
      double squares = 0;
      for (int i = sample.firstDraw(s); i < sample.firstDraw(s) + draws; i++) {
        double deviation = errors[i] / scale - ratio * (norms[i] / scale) - mean;
        squares += deviation * deviation;
      }
      double own = size * (size - draws) * squares / (draws - 1) / draws;
      variance += own;
      variances += own * own / (draws - 1);
    }
    if (variances == 0) {
      return 0;
    }
    double freedom = variance * variance / variances;
    double t = Math.sqrt(freedom * Math.expm1(-2 / freedom * Math.log(alpha)));
    return t * Math.sqrt(variance);
  }

  /** Returns w·b: what one draw of the greatest weight adds if it is as bad as the worst. */
  private static double unseen(
      RowSample sample, double[] errors, double[] norms, double scale, double norm) {
    int population = sample.population();
    double least = LEAST_NORM * norm / population;
    double worst = ROUNDING;
    for (int i = 0; i < errors.length; i++) {
      double error = errors[i] / scale;
      if (error > 0) {
        worst = Math.max(worst, error / Math.max(norms[i] / scale, least));
      }
    }
    double weight = 0;
    for (int s = 0; s < sample.strata(); s++) {
      double draws = sample.draws(s);
      double rows = (sample.population(s) - draws) / draws;
      double share =
          norm == 0 ? 1.0 / population : Math.max(mean(sample, s, norms, scale), least) / norm;
      weight = Math.max(weight, rows * share);
    }
    return weight * worst;
  }
}
