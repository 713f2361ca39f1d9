package io.github.convbasis.plan;

import io.github.convbasis.matrix.TileKind;

/**
 * Chooses the kind of a tile below the diagonal by the share of the weights that the mean query of
 * its rows gives it. A rule holds for any length of a head's input, so it is what a plan carries
 * from one prompt to the next. Immutable and thread-safe.
 *
 * @param exactAbove shares above are exact, from 0 to 1
 * @param negligibleBelow shares below are negligible, from 0 to {@code exactAbove}; those between
 *     are of rank one
 */
public record TileRule(double exactAbove, double negligibleBelow) {
  /** Checks the order. */
  public TileRule {
    if (!(exactAbove >= 0 && exactAbove <= 1)) {
      throw new IllegalArgumentException("exactAbove must be between 0 and 1, was " + exactAbove);
    }
    if (!(negligibleBelow >= 0 && negligibleBelow <= exactAbove)) {
      throw new IllegalArgumentException(
          "negligibleBelow must be between 0 and exactAbove = "
              + exactAbove
              + ", was "
              + negligibleBelow);
    }
  }

  TileKind kind(double share) {
    if (share > exactAbove) {
      return TileKind.EXACT;
    }
    return share < negligibleBelow ? TileKind.NEGLIGIBLE : TileKind.RANK_ONE;
  }
}
