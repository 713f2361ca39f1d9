package io.github.convbasis.simd.spectral;

import io.github.convbasis.simd.Lanes;
import io.github.convbasis.simd.fft.BatchFft;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The register blocks of {@link SpectrumProduct}: {@value #TILE} outputs by one row of complex
 * numbers {@code [re × lanes | im × lanes]}, windows as broadcast scalars {@code [re | im]} a group
 * of blocks apart.
 *
 * <p>Stateless and thread-safe.
 */
final class ProductKernels {
  private static final VectorSpecies<Float> SPECIES = Lanes.FLOATS;
  private static final int LANES = SPECIES.length();
  private static final int ROW = BatchFft.ROW;
  private static final int GROUP = SpectrumProduct.GROUP;
  private static final int GROUP_BITS = Integer.numberOfTrailingZeros(GROUP);
  private static final int PACKED = 2 * GROUP;

  /** Outputs in registers: 8 accumulators of the 16 registers of AVX2. */
  static final int TILE = 4;

  private ProductKernels() {}

  /**
   * Multiplies four output blocks with a row of columns; {@code sign} is that of Y's imaginaries.
   */
  static void multiply(
      float[] packed,
      int lane,
      int count,
      float[] inputs,
      int at,
      float sign,
      float[] spectra,
      int target0,
      int target1,
      int target2,
      int target3) {
    FloatVector re0 = FloatVector.zero(SPECIES);
    FloatVector im0 = re0;
    FloatVector re1 = re0;
    FloatVector im1 = re0;
    FloatVector re2 = re0;
    FloatVector im2 = re0;
    FloatVector re3 = re0;
    FloatVector im3 = re0;
    for (int p = 0; p < count; p++) {
      int x = at + p * ROW;
      int k = lane + p * PACKED;
      FloatVector xRe = FloatVector.fromArray(SPECIES, inputs, x);
      FloatVector xIm = FloatVector.fromArray(SPECIES, inputs, x + LANES);
      FloatVector negated = xIm.neg();
      FloatVector w = FloatVector.broadcast(SPECIES, packed[k]);
      re0 = w.fma(xRe, re0);
      im0 = w.fma(xIm, im0);
      w = FloatVector.broadcast(SPECIES, packed[k + GROUP]);
      re0 = w.fma(negated, re0);
      im0 = w.fma(xRe, im0);
      w = FloatVector.broadcast(SPECIES, packed[k + 1]);
      re1 = w.fma(xRe, re1);
      im1 = w.fma(xIm, im1);
      w = FloatVector.broadcast(SPECIES, packed[k + 1 + GROUP]);
      re1 = w.fma(negated, re1);
      im1 = w.fma(xRe, im1);
      w = FloatVector.broadcast(SPECIES, packed[k + 2]);
      re2 = w.fma(xRe, re2);
      im2 = w.fma(xIm, im2);
      w = FloatVector.broadcast(SPECIES, packed[k + 2 + GROUP]);
      re2 = w.fma(negated, re2);
      im2 = w.fma(xRe, im2);
      w = FloatVector.broadcast(SPECIES, packed[k + 3]);
      re3 = w.fma(xRe, re3);
      im3 = w.fma(xIm, im3);
      w = FloatVector.broadcast(SPECIES, packed[k + 3 + GROUP]);
      re3 = w.fma(negated, re3);
      im3 = w.fma(xRe, im3);
    }
    re0.intoArray(spectra, target0);
    im0.mul(sign).intoArray(spectra, target0 + LANES);
    re1.intoArray(spectra, target1);
    im1.mul(sign).intoArray(spectra, target1 + LANES);
    re2.intoArray(spectra, target2);
    im2.mul(sign).intoArray(spectra, target2 + LANES);
    re3.intoArray(spectra, target3);
    im3.mul(sign).intoArray(spectra, target3 + LANES);
  }

  /**
   * Multiplies the conjugates of four pieces' windows with the blocks from {@code from} on, counted
   * from the first output block; packed values are {@code group} elements apart from group to
   * group.
   */
  static void multiplyTransposed(
      float[] packed,
      int piece0,
      int piece1,
      int piece2,
      int piece3,
      int group,
      int from,
      int to,
      float[] inputs,
      int at,
      float sign,
      float[] spectra,
      int target0,
      int target1,
      int target2,
      int target3) {
    FloatVector re0 = FloatVector.zero(SPECIES);
    FloatVector im0 = re0;
    FloatVector re1 = re0;
    FloatVector im1 = re0;
    FloatVector re2 = re0;
    FloatVector im2 = re0;
    FloatVector re3 = re0;
    FloatVector im3 = re0;
    for (int b = from; b < to; b++) {
      int x = at + b * ROW;
      int k = piece0 + (b >>> GROUP_BITS) * group + (b & (GROUP - 1));
      FloatVector xRe = FloatVector.fromArray(SPECIES, inputs, x);
      FloatVector xIm = FloatVector.fromArray(SPECIES, inputs, x + LANES);
      FloatVector negated = xRe.neg();
      FloatVector w = FloatVector.broadcast(SPECIES, packed[k]);
      re0 = w.fma(xRe, re0);
      im0 = w.fma(xIm, im0);
      w = FloatVector.broadcast(SPECIES, packed[k + GROUP]);
      re0 = w.fma(xIm, re0);
      im0 = w.fma(negated, im0);
      w = FloatVector.broadcast(SPECIES, packed[k + piece1]);
      re1 = w.fma(xRe, re1);
      im1 = w.fma(xIm, im1);
      w = FloatVector.broadcast(SPECIES, packed[k + piece1 + GROUP]);
      re1 = w.fma(xIm, re1);
      im1 = w.fma(negated, im1);
      w = FloatVector.broadcast(SPECIES, packed[k + piece2]);
      re2 = w.fma(xRe, re2);
      im2 = w.fma(xIm, im2);
      w = FloatVector.broadcast(SPECIES, packed[k + piece2 + GROUP]);
      re2 = w.fma(xIm, re2);
      im2 = w.fma(negated, im2);
      w = FloatVector.broadcast(SPECIES, packed[k + piece3]);
      re3 = w.fma(xRe, re3);
      im3 = w.fma(xIm, im3);
      w = FloatVector.broadcast(SPECIES, packed[k + piece3 + GROUP]);
      re3 = w.fma(xIm, re3);
      im3 = w.fma(negated, im3);
    }
    re0.intoArray(spectra, target0);
    im0.mul(sign).intoArray(spectra, target0 + LANES);
    re1.intoArray(spectra, target1);
    im1.mul(sign).intoArray(spectra, target1 + LANES);
    re2.intoArray(spectra, target2);
    im2.mul(sign).intoArray(spectra, target2 + LANES);
    re3.intoArray(spectra, target3);
    im3.mul(sign).intoArray(spectra, target3 + LANES);
  }
}
