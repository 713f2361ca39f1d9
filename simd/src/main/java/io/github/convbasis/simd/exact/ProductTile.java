package io.github.convbasis.simd.exact;

import io.github.convbasis.simd.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Multiplies tiles, {@code C[m][x] += Σ_k A[m][k]·B[k][x]}, for two vectors of columns x; 4·L flops
 * for each m and k.
 *
 * <p>The register block of {@link LogitTile}: elements of A are broadcast, so A may be read along
 * its rows or its columns, and lanes run along rows of B and C. The sum over a tile starts from 0
 * and is added to C once. Stateless and thread-safe.
 */
final class ProductTile {
  /** Rows of C whose sums are in registers together. */
  static final int ROWS = 6;

  private static final VectorSpecies<Float> F = Lanes.FLOATS;
  private static final int L = Lanes.COUNT;

  /** A constant, like the stride of B: range checks leave loops only if HotSpot knows strides. */
  private static final int STRIDE = GradientScratch.STRIDE;

  private ProductTile() {}

  /**
   * Adds a product to 2L columns, where elements of a row of A are neighbours.
   *
   * @param a A
   * @param aAt start of A
   * @param rowStep distance of rows of A; a constant would have more elements of A loaded at a time
   *     than there are registers for
   * @param b B, rows of 2L elements, one after the other
   * @param bAt start of B
   * @param terms elements of a row of A
   * @param rows rows of A and C, a multiple of {@value #ROWS}
   * @param c C, rows of at least 2L elements, changed
   * @param cAt start of C
   * @param cStride distance of rows of C
   */
  static void addAlongRows(
      float[] a,
      int aAt,
      int rowStep,
      float[] b,
      int bAt,
      int terms,
      int rows,
      float[] c,
      int cAt,
      int cStride) {
    for (int m = 0; m < rows; m += ROWS) {
      int p0 = aAt + m * rowStep;
      int p1 = p0 + rowStep;
      int p2 = p1 + rowStep;
      int p3 = p2 + rowStep;
      int p4 = p3 + rowStep;
      int p5 = p4 + rowStep;
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
      FloatVector a5 = a0;
      FloatVector b5 = a0;
      for (int k = 0; k < terms; k++) {
        FloatVector left = FloatVector.fromArray(F, b, bAt + k * (2 * L));
        FloatVector right = FloatVector.fromArray(F, b, bAt + k * (2 * L) + L);
        FloatVector x = FloatVector.broadcast(F, a[p0 + k]);
        a0 = x.fma(left, a0);
        b0 = x.fma(right, b0);
        x = FloatVector.broadcast(F, a[p1 + k]);
        a1 = x.fma(left, a1);
        b1 = x.fma(right, b1);
        x = FloatVector.broadcast(F, a[p2 + k]);
        a2 = x.fma(left, a2);
        b2 = x.fma(right, b2);
        x = FloatVector.broadcast(F, a[p3 + k]);
        a3 = x.fma(left, a3);
        b3 = x.fma(right, b3);
        x = FloatVector.broadcast(F, a[p4 + k]);
        a4 = x.fma(left, a4);
        b4 = x.fma(right, b4);
        x = FloatVector.broadcast(F, a[p5 + k]);
        a5 = x.fma(left, a5);
        b5 = x.fma(right, b5);
      }
      int at = cAt + m * cStride;
      FloatVector.fromArray(F, c, at).add(a0).intoArray(c, at);
      FloatVector.fromArray(F, c, at + L).add(b0).intoArray(c, at + L);
      at += cStride;
      FloatVector.fromArray(F, c, at).add(a1).intoArray(c, at);
      FloatVector.fromArray(F, c, at + L).add(b1).intoArray(c, at + L);
      at += cStride;
      FloatVector.fromArray(F, c, at).add(a2).intoArray(c, at);
      FloatVector.fromArray(F, c, at + L).add(b2).intoArray(c, at + L);
      at += cStride;
      FloatVector.fromArray(F, c, at).add(a3).intoArray(c, at);
      FloatVector.fromArray(F, c, at + L).add(b3).intoArray(c, at + L);
      at += cStride;
      FloatVector.fromArray(F, c, at).add(a4).intoArray(c, at);
      FloatVector.fromArray(F, c, at + L).add(b4).intoArray(c, at + L);
      at += cStride;
      FloatVector.fromArray(F, c, at).add(a5).intoArray(c, at);
      FloatVector.fromArray(F, c, at + L).add(b5).intoArray(c, at + L);
    }
  }

  /**
   * Adds a product to 2L columns, where rows of A are neighbours and elements of a row {@link
   * GradientScratch#STRIDE} apart.
   *
   * @param a A
   * @param aAt start of A
   * @param b B, rows of 2L elements, one after the other
   * @param bAt start of B
   * @param terms elements of a row of A
   * @param rows rows of A and C, a multiple of {@value #ROWS}
   * @param c C, rows of at least 2L elements, changed
   * @param cAt start of C
   * @param cStride distance of rows of C
   */
  static void addAcrossRows(
      float[] a,
      int aAt,
      float[] b,
      int bAt,
      int terms,
      int rows,
      float[] c,
      int cAt,
      int cStride) {
    for (int m = 0; m < rows; m += ROWS) {
      int p = aAt + m;
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
      FloatVector a5 = a0;
      FloatVector b5 = a0;
      for (int k = 0; k < terms; k++) {
        FloatVector left = FloatVector.fromArray(F, b, bAt + k * (2 * L));
        FloatVector right = FloatVector.fromArray(F, b, bAt + k * (2 * L) + L);
        int t = p + k * STRIDE;
        FloatVector x = FloatVector.broadcast(F, a[t]);
        a0 = x.fma(left, a0);
        b0 = x.fma(right, b0);
        x = FloatVector.broadcast(F, a[t + 1]);
        a1 = x.fma(left, a1);
        b1 = x.fma(right, b1);
        x = FloatVector.broadcast(F, a[t + 2]);
        a2 = x.fma(left, a2);
        b2 = x.fma(right, b2);
        x = FloatVector.broadcast(F, a[t + 3]);
        a3 = x.fma(left, a3);
        b3 = x.fma(right, b3);
        x = FloatVector.broadcast(F, a[t + 4]);
        a4 = x.fma(left, a4);
        b4 = x.fma(right, b4);
        x = FloatVector.broadcast(F, a[t + 5]);
        a5 = x.fma(left, a5);
        b5 = x.fma(right, b5);
      }
      int at = cAt + m * cStride;
      FloatVector.fromArray(F, c, at).add(a0).intoArray(c, at);
      FloatVector.fromArray(F, c, at + L).add(b0).intoArray(c, at + L);
      at += cStride;
      FloatVector.fromArray(F, c, at).add(a1).intoArray(c, at);
      FloatVector.fromArray(F, c, at + L).add(b1).intoArray(c, at + L);
      at += cStride;
      FloatVector.fromArray(F, c, at).add(a2).intoArray(c, at);
      FloatVector.fromArray(F, c, at + L).add(b2).intoArray(c, at + L);
      at += cStride;
      FloatVector.fromArray(F, c, at).add(a3).intoArray(c, at);
      FloatVector.fromArray(F, c, at + L).add(b3).intoArray(c, at + L);
      at += cStride;
      FloatVector.fromArray(F, c, at).add(a4).intoArray(c, at);
      FloatVector.fromArray(F, c, at + L).add(b4).intoArray(c, at + L);
      at += cStride;
      FloatVector.fromArray(F, c, at).add(a5).intoArray(c, at);
      FloatVector.fromArray(F, c, at + L).add(b5).intoArray(c, at + L);
    }
  }
}
