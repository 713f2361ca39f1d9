package io.github.convbasis.simd.fft;

import io.github.convbasis.simd.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Transforms one real column of N samples in each lane: {@code X[f] = Σ_t x[t]·e^(-2πi·f·t/N)} for
 * one f of each conjugate pair, numbered as {@link #spectrumRow} says.
 *
 * <p>Even and odd samples are real and imaginary parts of N/2 complex numbers, so a lane holds
 * nothing but its own column: its bits do not depend on its neighbours, as they would if two real
 * columns shared complex numbers. Splitting the transform is one more radix-2 pass with twiddles in
 * the order of the spectrum.
 *
 * <p>2.5·N·log₂N flops per lane; error as {@link BatchFft}. Immutable and thread-safe.
 */
public final class RealBatchFft {
  private static final VectorSpecies<Float> SPECIES = Lanes.FLOATS;
  private static final int LANES = SPECIES.length();
  private static final int ROW = BatchFft.ROW;

  private final int size;
  private final BatchFft half;
  private final float[] twiddles;

  /**
   * Plans transforms of one size.
   *
   * @param size N, a power of two from 8 to 2²⁰
   * @throws IllegalArgumentException if it is not
   */
  public RealBatchFft(int size) {
    if (size < 8 || size > 1 << 20 || Integer.bitCount(size) != 1) {
      throw new IllegalArgumentException(
          "size must be a power of two from 8 to " + (1 << 20) + ", was " + size);
    }
    this.size = size;
    half = new BatchFft(size / 2);
    twiddles = new float[size / 2 + 2];
    int bits = Integer.numberOfTrailingZeros(size / 2);
    for (int h = 0; h <= size / 4; h++) {
      int frequency = Integer.reverse(spectrumRow(h)) >>> (32 - bits);
      double angle = 2 * Math.PI * frequency / size;
      twiddles[2 * h] = (float) Math.cos(angle);
      twiddles[2 * h + 1] = (float) Math.sin(angle);
    }
  }

  /**
   * Returns the number of samples, N.
   *
   * @return a power of two
   */
  public int size() {
    return size;
  }

  /**
   * Numbers the rows of a spectrum of {@link BatchFft}, taking one of each conjugate pair: 0, 1,
   * then the first half of each octave of rows.
   *
   * @param number from 0 to N/2
   * @return a row no greater than its mirror image
   */
  public static int spectrumRow(int number) {
    if (number < 2) {
      return number;
    }
    // Octave {h … 2h-1} of rows gives its first h/2 rows and starts at number h/2 + 1.
    int octave = 2 * Integer.highestOneBit(number - 1);
    return octave + number - 1 - octave / 2;
  }

  /**
   * Undoes {@link #spectrumRow}.
   *
   * @param row a row no greater than its mirror image
   * @return its number
   */
  public static int number(int row) {
    if (row < 2) {
      return row;
    }
    int octave = Integer.highestOneBit(row);
    return octave / 2 + 1 + row - octave;
  }

  /**
   * Transforms, doubled: gives {@code 2·X}.
   *
   * @param data N/2 rows of {@code [x[2t] × lanes | x[2t+1] × lanes]}, destroyed
   * @param offset index of the first row
   * @param re receives real parts of number h in lanes elements from {@code at + h·stride}
   * @param im receives imaginary parts likewise
   * @param at where number 0 goes
   * @param stride distance between numbers
   */
  public void forwardDoubled(float[] data, int offset, float[] re, float[] im, int at, int stride) {
    half.forward(data, offset);
    split(data, offset, size / 4, twiddles, re, im, at, stride);
  }

  /**
   * Transforms as {@link #forwardDoubled} a column whose second half is zero, whatever the rows
   * there hold.
   *
   * @param data N/2 rows of {@code [x[2t] × lanes | x[2t+1] × lanes]}, destroyed
   * @param offset index of the first row
   * @param re receives real parts of number h in lanes elements from {@code at + h·stride}
   * @param im receives imaginary parts likewise
   * @param at where number 0 goes
   * @param stride distance between numbers
   */
  public void forwardPaddedDoubled(
      float[] data, int offset, float[] re, float[] im, int at, int stride) {
    half.forwardPadded(data, offset);
    split(data, offset, size / 4, twiddles, re, im, at, stride);
  }

  /**
   * Splits {@code Z = E + iO} into spectra of the even and odd samples and joins them: row s gives
   * rows 2s and 2s + 1. Row 1 has only the first; what its second writes belongs to number 3, which
   * comes next.
   */
  private static void split(
      float[] data,
      int offset,
      int last,
      float[] twiddles,
      float[] re,
      float[] im,
      int at,
      int stride) {
    for (int h = 0; h <= last; h++) {
      int row = spectrumRow(h);
      int z = offset + row * ROW;
      int y = offset + BatchFft.mirror(row) * ROW;
      FloatVector zRe = FloatVector.fromArray(SPECIES, data, z);
      FloatVector zIm = FloatVector.fromArray(SPECIES, data, z + LANES);
      FloatVector yRe = FloatVector.fromArray(SPECIES, data, y);
      FloatVector yIm = FloatVector.fromArray(SPECIES, data, y + LANES);
      FloatVector cos = FloatVector.broadcast(SPECIES, twiddles[2 * h]);
      FloatVector sin = FloatVector.broadcast(SPECIES, twiddles[2 * h + 1]);
      FloatVector oddRe = zIm.add(yIm);
      FloatVector oddIm = yRe.sub(zRe);
      FloatVector turnedRe = oddRe.fma(cos, oddIm.mul(sin));
      FloatVector turnedIm = oddIm.mul(cos).sub(oddRe.mul(sin));
      zRe = zRe.add(yRe);
      zIm = zIm.sub(yIm);
      int target = at + number(2 * row) * stride;
      zRe.add(turnedRe).intoArray(re, target);
      zIm.add(turnedIm).intoArray(im, target);
      zRe.sub(turnedRe).intoArray(re, target + stride);
      zIm.sub(turnedIm).intoArray(im, target + stride);
    }
  }
}
