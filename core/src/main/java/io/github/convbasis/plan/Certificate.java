package io.github.convbasis.plan;

import java.math.BigDecimal;
import java.util.Locale;

/**
 * What exactly recomputed rows say about an approximate output Ỹ.
 *
 * <p>Two statements, at the same confidence and about the rows that could be drawn; rows that were
 * avoided, because the approximation was planned with them or is known to be exact there, are not
 * judged. (Where avoided rows have no error, the error of the whole is no greater.)
 *
 * <ul>
 *   <li>An interval of the relative Frobenius error {@code ‖Y - Ỹ‖_F / ‖Y‖_F}: the stratified ratio
 *       with some standard errors, and above it {@code 3·ln(2/α)} more draws as bad as the worst
 *       one, α being one minus the confidence. Coverage is measured, not proved. An error in so few
 *       rows that a sample most likely meets none of them is not seen.
 *   <li>A lower bound of the share of rows whose own error {@code ‖y - ỹ‖₂} is at most {@code
 *       tolerance·‖y‖₂}. It holds whatever the errors are (Hoeffding 1956 on sums of independent
 *       Bernoulli variables, which counts from draws without replacement are).
 * </ul>
 *
 * <p>Where all rows were drawn, both are exact. Immutable and thread-safe.
 *
 * @param tolerance τ, the greatest relative error that is accepted
 * @param confidence 1-α
 * @param relativeError estimated ‖Y - Ỹ‖_F / ‖Y‖_F; infinite if only the sampled Y is zero
 * @param low lower end of the interval
 * @param high upper end of the interval, above zero unless every row was drawn
 * @param worstRow the sampled row with the greatest relative error
 * @param worstRowError that row's ‖y - ỹ‖₂ / ‖y‖₂
 * @param sampledRows rows recomputed
 * @param population rows that could be drawn
 * @param rows rows in all, avoided ones too
 * @param strata number of strata
 * @param rowsBeyond sampled rows with a relative error above τ
 * @param rowsWithin share of the population that is within τ, at least
 * @param seed where the sample comes from
 */
public record Certificate(
    double tolerance,
    double confidence,
    double relativeError,
    double low,
    double high,
    int worstRow,
    double worstRowError,
    int sampledRows,
    int population,
    int rows,
    int strata,
    int rowsBeyond,
    double rowsWithin,
    long seed) {

  /**
   * Judges an output by a sample of its rows; O(sampled rows) and a binomial sum.
   *
   * <p>Both arrays may be in any common unit: dividing all rows by one number before squaring
   * changes nothing, and keeps squares from overflowing.
   *
   * @param sample the rows drawn
   * @param squaredErrors ‖y - ỹ‖² of each drawn row, in the order of {@link RowSample#drawn}
   * @param squaredNorms ‖y‖² of each drawn row
   * @param tolerance τ, above 0
   * @param confidence 1-α, above 0 and below 1
   * @return the certificate
   * @throws IllegalArgumentException if a length is not the number of rows drawn, a square is
   *     negative, infinite or NaN, or tolerance or confidence is out of range
   */
  public static Certificate of(
      RowSample sample,
      double[] squaredErrors,
      double[] squaredNorms,
      double tolerance,
      double confidence) {
    requireSquares("squaredErrors", squaredErrors, sample.size());
    requireSquares("squaredNorms", squaredNorms, sample.size());
    if (!(tolerance > 0 && tolerance < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("tolerance must be finite and above 0, was " + tolerance);
    }
    if (!(confidence > 0 && confidence < 1)) {
      throw new IllegalArgumentException(
          "confidence must be above 0 and below 1, was " + confidence);
    }
    boolean[] beyond = new boolean[squaredErrors.length];
    int rowsBeyond = 0;
    int worst = 0;
    double worstError = -1;
    for (int i = 0; i < beyond.length; i++) {
      double error = squaredErrors[i] == 0 ? 0 : Math.sqrt(squaredErrors[i] / squaredNorms[i]);
      if (error > worstError) {
        worstError = error;
        worst = i;
      }
      beyond[i] = error > tolerance;
      rowsBeyond += beyond[i] ? 1 : 0;
    }
    ErrorInterval interval = ErrorInterval.of(sample, squaredErrors, squaredNorms, confidence);
    return new Certificate(
        tolerance,
        confidence,
        interval.relativeError(),
        interval.low(),
        interval.high(),
        sample.drawn()[worst],
        worstError,
        sample.size(),
        sample.population(),
        sample.rows(),
        sample.strata(),
        rowsBeyond,
        ShareBound.good(sample, beyond, confidence),
        sample.seed());
  }

  private static void requireSquares(String name, double[] squares, int length) {
    if (squares.length != length) {
      throw new IllegalArgumentException(
          name + " must have one element per drawn row, " + length + ", was " + squares.length);
    }
    for (int i = 0; i < length; i++) {
      if (!(squares[i] >= 0 && squares[i] < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            name + " must be finite and at least 0, was " + squares[i] + " at " + i);
      }
    }
  }

  /**
   * Returns whether the whole interval is within the tolerance.
   *
   * @return {@code high ≤ tolerance}
   */
  public boolean holds() {
    return high <= tolerance;
  }

  /**
   * Says what was found and how, for a person.
   *
   * @return three sentences
   */
  public String statement() {
    String judged =
        population == rows
            ? String.format(Locale.ROOT, "%d rows", rows)
            : String.format(Locale.ROOT, "the %d of %d rows not avoided", population, rows);
    String worst =
        String.format(Locale.ROOT, "the worst is row %d with %.2e", worstRow, worstRowError);
    if (sampledRows == population) {
      return String.format(
          Locale.ROOT,
          "Every one of %s was recomputed exactly. The relative error is %.2e, %s the tolerance"
              + " %.2e. Of the rows %.1f %% are within it; %s.",
          judged,
          relativeError,
          holds() ? "within" : "beyond",
          tolerance,
          percent(rowsWithin),
          worst);
    }
    return String.format(
        Locale.ROOT,
        "A sample of %d of %s, drawn at random from %d log-spaced strata (seed %d), was recomputed"
            + " exactly; errors in few other rows are not seen. The relative error is about %.2e,"
            + " with %s %% confidence (measured, not proved) between %.2e and %.2e: the tolerance"
            + " %.2e %s. Of the sampled rows %d are beyond it and %s; with %s %% confidence at least"
            + " %.1f %% of %s are within.",
        sampledRows,
        judged,
        strata,
        seed,
        relativeError,
        level(),
        low,
        high,
        tolerance,
        holds() ? "holds" : "is not shown to hold",
        rowsBeyond,
        worst,
        level(),
        percent(rowsWithin),
        population == rows ? "all rows" : "the rows not avoided");
  }

  /** Returns the confidence in percent, without zeros after its last digit. */
  private String level() {
    return new BigDecimal(Double.toString(confidence))
        .movePointRight(2)
        .stripTrailingZeros()
        .toPlainString();
  }

  /** Returns a share in percent with one digit, rounded down: more is not claimed than is known. */
  private static double percent(double share) {
    return Math.floor(share * 1000) / 10;
  }
}
