package io.github.convbasis.simd.exact;

import io.github.convbasis.simd.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Adds a tile of weighted values, {@code O[c][i] = factor[i]·O[c][i] + Σ_j values[j][c]·P[j][i]},
 * for two vectors of query rows i.
 *
 * <p>The register block of {@link LogitTile} with value columns in the place of keys, but one
 * fewer: a row's broadcasts are neighbours, HotSpot loads three of them at once, and of 12
 * accumulators one would live on the stack of a machine with 16 registers, at half the speed.
 *
 * <p>The sum over a tile starts from 0 and is added to O once: two short sums instead of one over
 * all keys keep the rounding at the level of {@code √(keys per tile) + √tiles} units, and the
 * rescaling costs nothing. Stateless and thread-safe.
 */
final class ValueTile {
  /** Value columns whose sums are in registers together. */
  static final int COLUMNS = 5;

  private static final VectorSpecies<Float> F = Lanes.FLOATS;
  private static final int L = Lanes.COUNT;

  private ValueTile() {}

  /**
   * Returns where a block of columns starts. The last block is moved back to end with the row: it
   * then repeats some columns, in its own part of O, and any width is read without padding.
   *
   * @param block block, from 0
   * @param width columns, at least {@value #COLUMNS}
   * @return first column of the block
   */
  static int firstColumn(int block, int width) {
    return Math.min(block * COLUMNS, width - COLUMNS);
  }

  /**
   * Returns the blocks of a row.
   *
   * @param width columns
   * @return number of blocks
   */
  static int blocks(int width) {
    return (width + COLUMNS - 1) / COLUMNS;
  }

  /**
   * Rescales and adds.
   *
   * @param weights P, count × 2L from its start
   * @param count keys
   * @param values rows of {@code width} elements
   * @param valueAt start of the first value row
   * @param valueStride distance of value rows
   * @param width columns, at least {@value #COLUMNS}
   * @param factors 2L factors from {@code factorAt}
   * @param factorAt start of the factors
   * @param output O, blocks × {@value #COLUMNS} × 2L from {@code outputAt}, changed
   * @param outputAt start of O
   */
  static void accumulate(
      float[] weights,
      int count,
      float[] values,
      int valueAt,
      int valueStride,
      int width,
      float[] factors,
      int factorAt,
      float[] output,
      int outputAt) {
    int blocks = blocks(width);
    for (int block = 0; block < blocks; block++) {
      int v = valueAt + firstColumn(block, width);
      FloatVector a0 = FloatVector.zero(F);
      FloatVector b0 = a0;
      FloatVector a1 = a0;
      FloatVector b1 = a0;
      FloatVector a2 = a0;
      FloatVector b2 = a0;
      FloatVector a3 = a0;
      FloatVector b3 = a0;
      FloatVector a4 = a0;
      FloatVector b4 = a0;
      for (int j = 0; j < count; j++) {
        FloatVector pa = FloatVector.fromArray(F, weights, j * (2 * L));
        FloatVector pb = FloatVector.fromArray(F, weights, j * (2 * L) + L);
        int at = v + j * valueStride;
        FloatVector x = FloatVector.broadcast(F, values[at]);
        a0 = x.fma(pa, a0);
        b0 = x.fma(pb, b0);
        x = FloatVector.broadcast(F, values[at + 1]);
        a1 = x.fma(pa, a1);
        b1 = x.fma(pb, b1);
        x = FloatVector.broadcast(F, values[at + 2]);
        a2 = x.fma(pa, a2);
        b2 = x.fma(pb, b2);
        x = FloatVector.broadcast(F, values[at + 3]);
        a3 = x.fma(pa, a3);
        b3 = x.fma(pb, b3);
        x = FloatVector.broadcast(F, values[at + 4]);
        a4 = x.fma(pa, a4);
        b4 = x.fma(pb, b4);
      }
      FloatVector fa = FloatVector.fromArray(F, factors, factorAt);
      FloatVector fb = FloatVector.fromArray(F, factors, factorAt + L);
      int o = outputAt + block * (COLUMNS * 2 * L);
      FloatVector.fromArray(F, output, o).fma(fa, a0).intoArray(output, o);
      FloatVector.fromArray(F, output, o + L).fma(fb, b0).intoArray(output, o + L);
      FloatVector.fromArray(F, output, o + 2 * L).fma(fa, a1).intoArray(output, o + 2 * L);
      FloatVector.fromArray(F, output, o + 3 * L).fma(fb, b1).intoArray(output, o + 3 * L);
      FloatVector.fromArray(F, output, o + 4 * L).fma(fa, a2).intoArray(output, o + 4 * L);
      FloatVector.fromArray(F, output, o + 5 * L).fma(fb, b2).intoArray(output, o + 5 * L);
      FloatVector.fromArray(F, output, o + 6 * L).fma(fa, a3).intoArray(output, o + 6 * L);
      FloatVector.fromArray(F, output, o + 7 * L).fma(fb, b3).intoArray(output, o + 7 * L);
      FloatVector.fromArray(F, output, o + 8 * L).fma(fa, a4).intoArray(output, o + 8 * L);
      FloatVector.fromArray(F, output, o + 9 * L).fma(fb, b4).intoArray(output, o + 9 * L);
    }
  }
}
