package io.github.convbasis.simd.spectral;

import java.util.Arrays;

/**
 * Bounds the rounding of a region's output blocks from the 2-norms of its pieces and windows, for
 * the columns of values and for the column of weights, if there is one.
 *
 * <p>Mutable; norms of different pieces may be recorded by different threads.
 */
final class RoundingBound {
  private static final double UNIT_ROUNDOFF = 0x1p-24;

  /** Norm of values whose squares vanish in float: their rounding must not pass for none. */
  private static final double LEAST_NORM = 1e-18;

  private final int transformSize;
  private final double passes;
  private double[] norms = new double[0];
  private double[] sumNorms = new double[0];
  private double[] keptNorms;

  /** Makes a bound for transforms of a size. */
  RoundingBound(int transformSize) {
    this.transformSize = transformSize;
    // A third of the passes, and not less than three.
    passes = Math.max(3, Integer.numberOfTrailingZeros(transformSize)) / 3.0;
  }

  /** Uses norms that are kept with the spectra of pieces. */
  void keep(PieceSpectra store) {
    keptNorms = store.isEmpty() ? null : store.norms();
  }

  /** Forgets the norms of some pieces. */
  void reset(int fromPiece, int pieces) {
    if (keptNorms == null && norms.length < pieces) {
      norms = new double[pieces];
    }
    if (sumNorms.length < pieces) {
      sumNorms = new double[pieces];
    }
    Arrays.fill(norms(), fromPiece, pieces, 0);
  }

  private double[] norms() {
    return keptNorms == null ? norms : keptNorms;
  }

  /**
   * Records the values of one tile of a piece, weighted.
   *
   * @param piece which
   * @param norm greatest 2-norm of their complex columns, a float sum
   * @param greatest tells, if the norm is tiny, whether all of them are zero by themselves
   */
  void record(int piece, double norm, double greatest) {
    double least = greatest > 0 ? LEAST_NORM : 0;
    norms()[piece] = Math.max(norms()[piece], Math.max(least, norm));
  }

  /** Tells whether a norm may have lost squares, so that the greatest value matters. */
  static boolean isTiny(double norm) {
    return norm < LEAST_NORM;
  }

  /** Records the norm of a piece's column of weights. */
  void recordSum(int piece, double norm) {
    sumNorms[piece] = norm;
  }

  /**
   * Bounds the rounding of the values of an output block.
   *
   * @param rounded whether weights and values were themselves rounded to float
   * @return the bound, relative to the block's exponent
   */
  double values(
      Pieces pieces, SpectrumProduct product, HalfWindows halves, int block, boolean rounded) {
    return bound(norms(), pieces, product, halves, block, rounded);
  }

  /**
   * Bounds the rounding of the row sums of an output block.
   *
   * @return the bound, relative to the block's exponent
   */
  double sums(Pieces pieces, SpectrumProduct product, HalfWindows halves, int block) {
    return bound(sumNorms, pieces, product, halves, block, true);
  }

  private double bound(
      double[] pieceNorms,
      Pieces pieces,
      SpectrumProduct product,
      HalfWindows halves,
      int block,
      boolean rounded) {
    // Products of all pieces are added up one after the other. With the last factor the worst
    // error seen is two thirds of this bound: equal logits and values, 78 to 2,024 pieces.
    double sums = 1 + pieces.pieceEnd(block) / 32.0;
    // Weights are rounded to float, and so are their products with values; or entries and inputs
    // of a product are: 2u in all.
    double all = rounded ? passes + 1 : passes;
    double noise =
        2 * UNIT_ROUNDOFF * all * sums * product.noise(pieces, halves, pieceNorms, block);
    return noise + underflow(pieceNorms, pieces, block);
  }

  /**
   * Bounds what a block loses because products of spectra leave the range of normal floats,
   * relative to the block's exponent: each of 2L frequencies of each piece up to the least
   * subnormal. The worst seen is 0.3 of it.
   */
  private double underflow(double[] pieceNorms, Pieces pieces, int block) {
    int nonZero = 0;
    for (int p = 0; p < pieces.pieceEnd(block); p++) {
      nonZero += pieceNorms[p] > 0 ? 1 : 0;
    }
    return 8 * Float.MIN_VALUE * Math.sqrt((double) transformSize * nonZero);
  }
}
