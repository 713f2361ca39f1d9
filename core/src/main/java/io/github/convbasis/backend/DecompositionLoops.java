package io.github.convbasis.backend;

/**
 * The element loops of decomposition, prefix comparison and fits, all in double.
 *
 * <p>An operation on elements gives the same bits in every implementation: each of its results is a
 * fixed sequence of single roundings. An operation that returns a sum may add in any order, always
 * the same for the same arguments. Entries are finite unless said otherwise; only the elements
 * named are read or written, and outputs share no elements with inputs unless said otherwise.
 *
 * <p>Arguments are checked by the callers in this module. Implementations are immutable and
 * thread-safe.
 */
public interface DecompositionLoops {
  /**
   * Adds {@code |row[j] - previous[j-1]|} to {@code norms[j]} for {@code from ≤ j < to}, by
   * elements.
   *
   * <p>A norm that starts at zero stays zero exactly as long as all pairs are equal: the difference
   * of unequal numbers is not zero (gradual underflow), that of zeros of either sign is; too great
   * a difference is infinite, which is not zero either.
   *
   * @param previous the row above, read from {@code from - 1} to {@code to - 2}
   * @param row a row of the matrix
   * @param from first column, at least 1
   * @param to end of the columns, exclusive
   * @param norms sums by column, at least 0, possibly infinite
   */
  void addShiftedDifferences(double[] previous, double[] row, int from, int to, double[] norms);

  /**
   * Sums {@code |a[t] - b[t]|} for {@code from ≤ t < to}.
   *
   * @param a the one prefix
   * @param b the other prefix
   * @param from first index
   * @param to end of the indices, exclusive
   * @return the distance, at least 0, infinite on overflow
   */
  double distance(double[] a, double[] b, int from, int to);

  /**
   * Returns the greatest {@code |expected[j] - actual[j]|} for {@code j < count}, by elements.
   *
   * @param expected what should be
   * @param actual what is
   * @param count how many entries, from the start
   * @return the maximum, 0 of nothing, infinite on overflow
   */
  double greatestDifference(double[] expected, double[] actual, int count);

  /**
   * Tells whether a column does not fit an envelope: whether {@code max(greatest[t], column[t]) -
   * min(least[t], column[t]) > width} for some {@code t < count}, by elements.
   *
   * @param least lower side of the envelope
   * @param greatest upper side of the envelope, nowhere below the lower one
   * @param column the column
   * @param count how many entries, from the start
   * @param width greatest span allowed, at least 0, possibly infinite
   * @return whether some span exceeds the width
   */
  boolean spanExceeds(double[] least, double[] greatest, double[] column, int count, double width);

  /**
   * Widens an envelope to hold a column: {@code least[t] = min(least[t], column[t])} and {@code
   * greatest[t] = max(greatest[t], column[t])} for {@code t < count}, by elements; -0.0 is less
   * than 0.0.
   *
   * @param least lower side of the envelope, changed
   * @param greatest upper side of the envelope, changed
   * @param column the column
   * @param count how many entries, from the start
   */
  void widen(double[] least, double[] greatest, double[] column, int count);

  /**
   * Computes {@code middle[t] = least[t] + (greatest[t] - least[t])/2} for {@code t < count}, by
   * elements.
   *
   * @param least lower side of the envelope
   * @param greatest upper side of the envelope
   * @param middle receives the midpoints
   * @param count how many entries, from the start
   */
  void midpoints(double[] least, double[] greatest, double[] middle, int count);

  /**
   * Adds {@code values[j]} to {@code sums[sumsAt + j]} for {@code j < count}, by elements.
   *
   * @param values what to add
   * @param sums what grows
   * @param sumsAt where the sums start
   * @param count how many entries
   */
  void add(double[] values, double[] sums, int sumsAt, int count);

  /**
   * Adds {@code weights[j]·((logits[j] - model[modelAt + j]) - offset)} to {@code sums[sumsAt + j]}
   * for {@code j < count}, by elements, each operation rounded.
   *
   * @param weights weights of a row, at least 0
   * @param logits the row
   * @param model what is known of it by column or, reversed, by lag
   * @param modelAt where the model of the row starts
   * @param offset what is known of the whole row
   * @param sums weighted residuals, which grow
   * @param sumsAt where the sums of the row start
   * @param count how many entries
   */
  void addWeightedResiduals(
      double[] weights,
      double[] logits,
      double[] model,
      int modelAt,
      double offset,
      double[] sums,
      int sumsAt,
      int count);

  /**
   * Sums {@code weights[j]·(logits[j] - lags[lagsAt + j] - columns[j])} for {@code j < count}.
   *
   * @param weights weights of a row, at least 0
   * @param logits the row
   * @param lags model by lag, reversed
   * @param lagsAt where the lags of the row start
   * @param columns model by column
   * @param count how many entries
   * @return the sum
   */
  double weightedResidual(
      double[] weights, double[] logits, double[] lags, int lagsAt, double[] columns, int count);

  /**
   * Sums {@code weights[j]·(logits[j] - lags[lagsAt + j] - columns[j] - offset)²} for {@code j <
   * count}.
   *
   * @param weights weights of a row, at least 0
   * @param logits the row
   * @param lags model by lag, reversed
   * @param lagsAt where the lags of the row start
   * @param columns model by column
   * @param offset model of the whole row
   * @param count how many entries
   * @return the sum, at least 0, infinite on overflow
   */
  double weightedSquares(
      double[] weights,
      double[] logits,
      double[] lags,
      int lagsAt,
      double[] columns,
      double offset,
      int count);

  /**
   * Divides sums by weights: {@code means[t] = sums[t]/max(weights[t], 2⁻¹⁰⁷⁴)} for {@code t <
   * count}, by elements; so 0 where both are 0.
   *
   * @param sums weighted sums
   * @param weights sums of weights, at least 0
   * @param means receives the means
   * @param count how many entries, from the start
   */
  void means(double[] sums, double[] weights, double[] means, int count);
}
