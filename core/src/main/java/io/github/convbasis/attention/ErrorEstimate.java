package io.github.convbasis.attention;

import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Estimates the error of a head's output from rows recomputed exactly in double.
 *
 * <p>Rows are cut into strata {@code 0, 1-2, 3-6, 7-14, …}, so that the short early rows and the
 * many late ones both have their say. In each stratum up to a given number of rows is drawn without
 * replacement. The estimate is the relative Frobenius error {@code ‖Y - Ỹ‖_F / ‖Y‖_F} as a
 * stratified ratio, with an interval of three standard errors of that ratio (linearised). It is an
 * estimate from a sample, not a bound: an error in a few rows that were not drawn is not seen.
 *
 * <p>Immutable and thread-safe.
 *
 * @param relativeError estimated ‖Y - Ỹ‖_F / ‖Y‖_F
 * @param low lower end of the interval
 * @param high upper end of the interval
 * @param worstRow the sampled row with the greatest relative error
 * @param worstRowError that row's ‖y - ỹ‖₂ / ‖y‖₂
 * @param sampledRows rows recomputed
 * @param rows rows in all; when every row was sampled the error is exact
 * @param strata number of strata
 * @param seed where the sample comes from
 */
public record ErrorEstimate(
    double relativeError,
    double low,
    double high,
    int worstRow,
    double worstRowError,
    int sampledRows,
    int rows,
    int strata,
    long seed) {

  private static final double STANDARD_ERRORS = 3;

  /** Computes rows of one head's output by definition. */
  public interface ExactRows {
    /**
     * Computes one row.
     *
     * @param row row, from 0
     * @param result receives value width elements
     */
    void compute(int row, double[] result);
  }

  /**
   * Samples one head; O(sampled rows·n·d).
   *
   * @param inputs what was attended with
   * @param head query head
   * @param output the output to judge
   * @param rowsPerStratum the most rows drawn per stratum, at least 2; a great number takes all
   * @param seed where the sample comes from; the same seed draws the same rows
   * @return the estimate
   * @throws IllegalArgumentException if rowsPerStratum is below 2 or the output has another shape
   */
  public static ErrorEstimate measure(
      AttentionInputs inputs, int head, HeadTensor output, int rowsPerStratum, long seed) {
    inputs.requireOutput(output);
    double[] weights = new double[inputs.keys().rows()];
    return measure(
        (row, result) -> ExactAttention.row(inputs, head, row, weights, result),
        inputs.values().maxAbs(inputs.keyHead(head)),
        head,
        output,
        rowsPerStratum,
        seed);
  }

  /**
   * Samples one head of attention of any kind.
   *
   * @param exact computes rows by definition
   * @param valueSup ‖V‖∞ of the head
   * @param head query head
   * @param output the output to judge
   * @param rowsPerStratum the most rows drawn per stratum, at least 2; a great number takes all
   * @param seed where the sample comes from; the same seed draws the same rows
   * @return the estimate
   * @throws IllegalArgumentException if rowsPerStratum is below 2
   */
  public static ErrorEstimate measure(
      ExactRows exact,
      double valueSup,
      int head,
      HeadTensor output,
      int rowsPerStratum,
      long seed) {
    if (rowsPerStratum < 2) {
      throw new IllegalArgumentException(
          "rowsPerStratum must be at least 2, was " + rowsPerStratum);
    }
    int n = output.rows();
    SplittableRandom random = new SplittableRandom(seed);
    Sampler sampler = new Sampler(exact, valueSup, head, output);
    Ratio ratio = new Ratio();
    int strata = 0;
    for (int from = 0; from < n; from = 2 * from + 1) {
      int to = Math.min(n, 2 * from + 1);
      int draws = Math.min(rowsPerStratum, to - from);
      ratio.add(to - from, sampler.sample(from, to, draws, random));
      strata++;
    }
    double squared = ratio.estimate();
    // Where the exact output is zero and the other is not, the ratio is infinite for certain.
    double spread = Double.isInfinite(squared) ? 0 : STANDARD_ERRORS * ratio.standardError();
    return new ErrorEstimate(
        Math.sqrt(squared),
        Math.sqrt(Math.max(0, squared - spread)),
        Math.sqrt(squared + spread),
        sampler.rows.worstRow(),
        sampler.rows.worstError(),
        sampler.rows.count(),
        n,
        strata,
        seed);
  }

  /**
   * Says how the estimate was obtained.
   *
   * @return one sentence
   */
  public String provenance() {
    return sampledRows == rows
        ? "all " + rows + " rows recomputed exactly"
        : String.format(
            "estimated from %d of %d rows recomputed exactly in %d log-spaced strata (seed %d);"
                + " a sample, not a bound",
            sampledRows, rows, strata, seed);
  }

  /** Draws rows of one head and recomputes them. */
  private static final class Sampler {
    private final ExactRows definition;
    private final int head;
    private final HeadTensor output;
    private final OutputError.Rows rows;
    private final double[] exact;

    Sampler(ExactRows definition, double valueSup, int head, HeadTensor output) {
      this.definition = definition;
      this.head = head;
      this.output = output;
      double scale = Math.max(valueSup, output.maxAbs(head));
      rows = new OutputError.Rows(output.width(), scale);
      exact = new double[output.width()];
    }

    /** Returns {squared error, squared norm} of {@code draws} rows from {@code from … to-1}. */
    double[][] sample(int from, int to, int draws, SplittableRandom random) {
      double[][] squares = new double[draws][];
      int left = draws;
      // Selection sampling (Knuth, algorithm S): one pass, without replacement, in row order.
      for (int row = from; row < to && left > 0; row++) {
        if (random.nextInt(to - row) < left) {
          definition.compute(row, exact);
          squares[draws - left] = rows.squares(exact, output, head, row);
          left--;
        }
      }
      return squares;
    }
  }

  /** Stratified ratio of totals, Σ error² / Σ norm². */
  private static final class Ratio {
    private final List<double[][]> samples = new ArrayList<>();
    private final List<Integer> sizes = new ArrayList<>();

    void add(int stratumSize, double[][] squares) {
      sizes.add(stratumSize);
      samples.add(squares);
    }

    private double total(int index) {
      double total = 0;
      for (int s = 0; s < samples.size(); s++) {
        double sum = 0;
        for (double[] row : samples.get(s)) {
          sum += row[index];
        }
        total += sum / samples.get(s).length * sizes.get(s);
      }
      return total;
    }

    double estimate() {
      double error = total(0);
      return error == 0 ? 0 : error / total(1);
    }

    /** Standard error of the ratio from the spread of error² - ratio·norm² within each stratum. */
    double standardError() {
      double ratio = estimate();
      double variance = 0;
      for (int s = 0; s < samples.size(); s++) {
        double[][] rows = samples.get(s);
        int m = rows.length;
        int size = sizes.get(s);
        if (m == size) {
          continue;
        }
        double mean = 0;
        for (double[] row : rows) {
          mean += (row[0] - ratio * row[1]) / m;
        }
        double squares = 0;
        for (double[] row : rows) {
          double deviation = row[0] - ratio * row[1] - mean;
          squares += deviation * deviation;
        }
        double fraction = 1 - (double) m / size;
        variance += (double) size * size * fraction * squares / (m - 1) / m;
      }
      return variance == 0 ? 0 : Math.sqrt(variance) / total(1);
    }
  }
}
