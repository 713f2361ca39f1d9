package io.github.convbasis.simd.spectral;

import io.github.convbasis.simd.Lanes;
import io.github.convbasis.simd.fft.BatchFft;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The vector loops of {@link CorrelationLevel}: products of spectra whose lanes are columns, summed
 * over pairs of blocks, and at last over lanes. Stateless and thread-safe.
 */
final class CorrelationKernels {
  private static final VectorSpecies<Float> SPECIES = Lanes.FLOATS;
  private static final int LANES = SPECIES.length();
  private static final int ROW = BatchFft.ROW;

  /** Distances in registers: 8 accumulators of the 16 registers of AVX2. */
  static final int TILE = 4;

  private CorrelationKernels() {}

  /**
   * Adds {@code Σ_p Y[p + s]·conj(X[p])} to the sums of {@value #TILE} neighbouring distances s.
   *
   * @param x rows X from {@code xAt}
   * @param xAt index of X[0]
   * @param y rows Y from {@code yAt}
   * @param yAt index of Y[0]
   * @param count how many p
   * @param sums {@value #TILE} rows from {@code at}, changed
   * @param at index of the first
   */
  static void accumulate(float[] x, int xAt, float[] y, int yAt, int count, float[] sums, int at) {
    FloatVector re0 = FloatVector.fromArray(SPECIES, sums, at);
    FloatVector im0 = FloatVector.fromArray(SPECIES, sums, at + LANES);
    FloatVector re1 = FloatVector.fromArray(SPECIES, sums, at + ROW);
    FloatVector im1 = FloatVector.fromArray(SPECIES, sums, at + ROW + LANES);
    FloatVector re2 = FloatVector.fromArray(SPECIES, sums, at + 2 * ROW);
    FloatVector im2 = FloatVector.fromArray(SPECIES, sums, at + 2 * ROW + LANES);
    FloatVector re3 = FloatVector.fromArray(SPECIES, sums, at + 3 * ROW);
    FloatVector im3 = FloatVector.fromArray(SPECIES, sums, at + 3 * ROW + LANES);
    for (int p = 0; p < count; p++) {
      int k = yAt + p * ROW;
      FloatVector xRe = FloatVector.fromArray(SPECIES, x, xAt + p * ROW);
      FloatVector xIm = FloatVector.fromArray(SPECIES, x, xAt + p * ROW + LANES);
      FloatVector negated = xIm.neg();
      FloatVector yRe = FloatVector.fromArray(SPECIES, y, k);
      FloatVector yIm = FloatVector.fromArray(SPECIES, y, k + LANES);
      re0 = yIm.fma(xIm, yRe.fma(xRe, re0));
      im0 = yRe.fma(negated, yIm.fma(xRe, im0));
      yRe = FloatVector.fromArray(SPECIES, y, k + ROW);
      yIm = FloatVector.fromArray(SPECIES, y, k + ROW + LANES);
      re1 = yIm.fma(xIm, yRe.fma(xRe, re1));
      im1 = yRe.fma(negated, yIm.fma(xRe, im1));
      yRe = FloatVector.fromArray(SPECIES, y, k + 2 * ROW);
      yIm = FloatVector.fromArray(SPECIES, y, k + 2 * ROW + LANES);
      re2 = yIm.fma(xIm, yRe.fma(xRe, re2));
      im2 = yRe.fma(negated, yIm.fma(xRe, im2));
      yRe = FloatVector.fromArray(SPECIES, y, k + 3 * ROW);
      yIm = FloatVector.fromArray(SPECIES, y, k + 3 * ROW + LANES);
      re3 = yIm.fma(xIm, yRe.fma(xRe, re3));
      im3 = yRe.fma(negated, yIm.fma(xRe, im3));
    }
    re0.intoArray(sums, at);
    im0.intoArray(sums, at + LANES);
    re1.intoArray(sums, at + ROW);
    im1.intoArray(sums, at + ROW + LANES);
    re2.intoArray(sums, at + 2 * ROW);
    im2.intoArray(sums, at + 2 * ROW + LANES);
    re3.intoArray(sums, at + 3 * ROW);
    im3.intoArray(sums, at + 3 * ROW + LANES);
  }

  /**
   * Adds up lanes and takes the part of the spectrum that belongs to real sums: columns c and c +
   * lanes share a complex number z, and {@code Re(z_y·conj z_x) = y_c·x_c + y_(c+L)·x_(c+L)}, whose
   * spectrum at f is {@code (S(f) + conj S(-f))/2}.
   *
   * @param sums rows S(f) of {@code count} slots, from their start
   * @param mirrored rows S(-f) likewise
   * @param factors of each slot, with the half
   * @param count slots
   * @param re receives real parts by slot
   * @param im receives imaginary parts by slot
   */
  static void reduce(
      float[] sums, float[] mirrored, float[] factors, int count, float[] re, float[] im) {
    for (int slot = 0; slot < count; slot++) {
      int at = slot * ROW;
      FloatVector real = FloatVector.fromArray(SPECIES, sums, at);
      real = real.add(FloatVector.fromArray(SPECIES, mirrored, at));
      FloatVector imaginary = FloatVector.fromArray(SPECIES, sums, at + LANES);
      imaginary = imaginary.sub(FloatVector.fromArray(SPECIES, mirrored, at + LANES));
      re[slot] = Lanes.sum(real) * factors[slot];
      im[slot] = Lanes.sum(imaginary) * factors[slot];
    }
  }

  /**
   * Places the spectra R of real slots at frequencies f and -f, two in each complex number: {@code
   * Z(f) = R_a(f) + i·R_b(f)}, where {@code R(-f) = conj R(f)}. Slots a of a batch are the first
   * lanes, slots b as many after them.
   *
   * @param re real parts by slot, whole batches
   * @param im imaginary parts likewise
   * @param batches how many
   * @param adding whether to add to what is there
   * @param rows receives a row at f and one at -f of each batch
   * @param at index of the first batch's row at f
   * @param mirroredAt index of its row at -f
   * @param stride distance between batches
   */
  static void place(
      float[] re,
      float[] im,
      int batches,
      boolean adding,
      float[] rows,
      int at,
      int mirroredAt,
      int stride) {
    for (int batch = 0; batch < batches; batch++) {
      int slot = batch * ROW;
      FloatVector aRe = FloatVector.fromArray(SPECIES, re, slot);
      FloatVector aIm = FloatVector.fromArray(SPECIES, im, slot);
      FloatVector bRe = FloatVector.fromArray(SPECIES, re, slot + LANES);
      FloatVector bIm = FloatVector.fromArray(SPECIES, im, slot + LANES);
      int to = at + batch * stride;
      int mirrored = mirroredAt + batch * stride;
      write(aRe.sub(bIm), bRe.add(aIm), adding, rows, to);
      if (mirrored != to) {
        write(aRe.add(bIm), bRe.sub(aIm), adding, rows, mirrored);
      }
    }
  }

  private static void write(FloatVector re, FloatVector im, boolean adding, float[] rows, int at) {
    if (adding) {
      re = re.add(FloatVector.fromArray(SPECIES, rows, at));
      im = im.add(FloatVector.fromArray(SPECIES, rows, at + LANES));
    }
    re.intoArray(rows, at);
    im.intoArray(rows, at + LANES);
  }
}
