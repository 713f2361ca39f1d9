package io.github.convbasis.simd.exact;

/**
 * Adds what a kernel contributes to rows of which {@link TileAttention} has computed the rest.
 *
 * <p>The kernel's weights {@code exp(convolutionLogit(i, j))} are meant for all columns before the
 * row's band that are not exact columns, whatever their tile: where a tile is no convolution the
 * rest holds their negative. Called from several tasks at once, for disjoint rows.
 */
public interface ConvolutionPart {
  /**
   * Returns the rows of the smallest block B: of row i the columns from {@code ⌊i/B⌋·B} on are
   * exact, the kernel's are those before.
   *
   * @return at least 1
   */
  int band();

  /**
   * Merges rows with the kernel's part and writes them out.
   *
   * @param fromRow first row
   * @param toRow end of the rows, exclusive; all in one block of {@link #band} rows
   * @param numerators {@code Σ_j w_j·v_j}, row by row from the start, with signed {@code w_j =
   *     ±exp(logit - shift)}
   * @param shifts the greatest logit of each row, from the start
   * @param rowSums {@code Σ_j w_j}, from the start; may be negative
   * @param subtracted the sizes of the negative weights alone, summed, from the start: rounding of
   *     a row's numerators is at most about float's unit times {@code (2·subtracted + rowSum)} and
   *     its greatest value
   * @param rankOne the greatest weight of a rank-one tile, from the start; a row of which it is
   *     more than the model allows is not to be trusted
   */
  void merge(
      int fromRow,
      int toRow,
      float[] numerators,
      double[] shifts,
      double[] rowSums,
      double[] subtracted,
      double[] rankOne);
}
