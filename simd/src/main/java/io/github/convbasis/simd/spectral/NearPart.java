package io.github.convbasis.simd.spectral;

/**
 * Computes what the far field does not hold of some rows of attention, in one task at a time.
 *
 * <p>For a row i these are the keys from its diagonal block's first column on, the excluded columns
 * before it, and corrections: a part of the far field may be taken out by subtracting it here, so
 * sums may be negative. Mutable scratch of one task: several parts work at the same time, each for
 * rows of its own.
 */
public interface NearPart {
  /**
   * Computes rows of one diagonal block, unnormalised: with {@code w_j = e^(logit_ij - shift_i)},
   * numerators {@code Σ_j ±w_j·v_j} and row sums {@code Σ_j ±w_j}. The result for a row must not
   * depend on the other rows that are asked for with it.
   *
   * @param fromRow first row
   * @param toRow end of the rows, exclusive
   * @param bandStart first column of the diagonal block that these rows lie in
   * @param numerators receives (toRow - fromRow) × value width finite numbers, row by row, from its
   *     start
   * @param shifts receives for each row the greatest logit of what is added or subtracted, from its
   *     start
   * @param rowSums receives finite row sums, from its start; at least about 1 where nothing is
   *     subtracted
   * @param cancelled receives the weight that was subtracted, in the scale of the row sums, from
   *     its start, 0 if none: rounding of the subtracted part moves a row sum by no more than
   *     {@code 2⁻²³·cancelled}, and a numerator by that times the greatest |V| before the block. A
   *     part whose logits round more than that says so by a greater number
   */
  void partial(
      int fromRow,
      int toRow,
      int bandStart,
      float[] numerators,
      double[] shifts,
      double[] rowSums,
      double[] cancelled);
}
