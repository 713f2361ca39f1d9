package io.github.convbasis.simd.fft;

import io.github.convbasis.simd.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Turns spectra of M complex numbers {@code x[2t] + i·x[2t+1]} into spectra of N = 2M real samples
 * in place, and back, one pair of mirrored slices at a time: runs of neighbouring rows of one
 * length, each the mirror image of another or, like slices 0 and 1, of itself.
 *
 * <p>With {@code Z = E + iO} in row s and its mirror image s', and {@code w = e^(-2πi·f/N)} for the
 * frequency f of row s: row s becomes {@code 2·X[f] = 2(E + wO)} and row s' {@code 2·X[f + M] = 2(E
 * - wO)}. Row 0 becomes the two real numbers {@code 2·X[0]} (as real parts) and {@code 2·X[M]} (as
 * imaginary parts). So every row but row 0 is one complex value of the spectrum.
 *
 * <p>16 flops per pair and lane. Immutable and thread-safe.
 */
public final class RealPairs {
  private static final VectorSpecies<Float> SPECIES = Lanes.FLOATS;
  private static final int LANES = SPECIES.length();
  private static final int ROW = BatchFft.ROW;

  private final int sliceRows;
  // cos, sin of row s at 2s, for rows before their mirror images.
  private final float[] twiddles;

  /**
   * Plans for one size.
   *
   * @param rows M, a power of two
   * @param sliceRows rows of a slice, a power of two from 2 to M/2
   */
  public RealPairs(int rows, int sliceRows) {
    this.sliceRows = sliceRows;
    twiddles = new float[2 * rows];
    int bits = Integer.numberOfTrailingZeros(rows);
    for (int row = 1; row < rows; row++) {
      double angle = Math.PI * (Integer.reverse(row) >>> (32 - bits)) / rows;
      twiddles[2 * row] = (float) Math.cos(angle);
      twiddles[2 * row + 1] = (float) Math.sin(angle);
    }
  }

  /**
   * Splits the rows of a slice and its mirror image.
   *
   * @param slice number of the first slice, no greater than its mirror image
   * @param data holds both
   * @param first index of the first row of this slice
   * @param mirrored index of the first row of its mirror image; {@code first} for slices 0 and 1
   */
  public void split(int slice, float[] data, int first, int mirrored) {
    int row = slice * sliceRows;
    if (slice > 1) {
      int last = mirrored + (sliceRows - 1) * ROW;
      splitRows(data, first, last, sliceRows, twiddles, 2 * row);
    } else if (slice == 1) {
      splitRows(data, first, first + (sliceRows - 1) * ROW, sliceRows / 2, twiddles, 2 * row);
    } else {
      turnFirst(data, first, 2);
      for (int octave = 2; octave < sliceRows; octave *= 2) {
        int start = first + octave * ROW;
        splitRows(data, start, start + (octave - 1) * ROW, octave / 2, twiddles, 2 * octave);
      }
    }
  }

  /**
   * Joins the rows of a slice and its mirror image: undoes {@link #split} up to a factor 4.
   *
   * @param slice number of the first slice, no greater than its mirror image
   * @param data holds both
   * @param first index of the first row of this slice
   * @param mirrored index of the first row of its mirror image; {@code first} for slices 0 and 1
   */
  public void join(int slice, float[] data, int first, int mirrored) {
    int row = slice * sliceRows;
    if (slice > 1) {
      int last = mirrored + (sliceRows - 1) * ROW;
      joinRows(data, first, last, sliceRows, twiddles, 2 * row);
    } else if (slice == 1) {
      joinRows(data, first, first + (sliceRows - 1) * ROW, sliceRows / 2, twiddles, 2 * row);
    } else {
      turnFirst(data, first, 1);
      for (int octave = 2; octave < sliceRows; octave *= 2) {
        int start = first + octave * ROW;
        joinRows(data, start, start + (octave - 1) * ROW, octave / 2, twiddles, 2 * octave);
      }
    }
  }

  /**
   * Rows 0 and 1, which are their own mirror images: sums and differences are their own inverse.
   */
  private static void turnFirst(float[] data, int first, float factor) {
    FloatVector re = FloatVector.fromArray(SPECIES, data, first);
    FloatVector im = FloatVector.fromArray(SPECIES, data, first + LANES);
    re.add(im).mul(factor).intoArray(data, first);
    re.sub(im).mul(factor).intoArray(data, first + LANES);
    FloatVector.fromArray(SPECIES, data, first + ROW).mul(2).intoArray(data, first + ROW);
    FloatVector.fromArray(SPECIES, data, first + ROW + LANES)
        .mul(-2)
        .intoArray(data, first + ROW + LANES);
  }

  private static void splitRows(
      float[] data, int first, int last, int count, float[] twiddles, int w) {
    for (int i = 0; i < count; i++) {
      int z = first + i * ROW;
      int y = last - i * ROW;
      FloatVector zRe = FloatVector.fromArray(SPECIES, data, z);
      FloatVector zIm = FloatVector.fromArray(SPECIES, data, z + LANES);
      FloatVector yRe = FloatVector.fromArray(SPECIES, data, y);
      FloatVector yIm = FloatVector.fromArray(SPECIES, data, y + LANES);
      FloatVector cos = FloatVector.broadcast(SPECIES, twiddles[w + 2 * i]);
      FloatVector sin = FloatVector.broadcast(SPECIES, twiddles[w + 2 * i + 1]);
      FloatVector oddRe = zIm.add(yIm);
      FloatVector oddIm = yRe.sub(zRe);
      FloatVector turnedRe = oddRe.fma(cos, oddIm.mul(sin));
      FloatVector turnedIm = oddIm.mul(cos).sub(oddRe.mul(sin));
      zRe = zRe.add(yRe);
      zIm = zIm.sub(yIm);
      zRe.add(turnedRe).intoArray(data, z);
      zIm.add(turnedIm).intoArray(data, z + LANES);
      zRe.sub(turnedRe).intoArray(data, y);
      zIm.sub(turnedIm).intoArray(data, y + LANES);
    }
  }

  private static void joinRows(
      float[] data, int first, int last, int count, float[] twiddles, int w) {
    for (int i = 0; i < count; i++) {
      int z = first + i * ROW;
      int y = last - i * ROW;
      FloatVector aRe = FloatVector.fromArray(SPECIES, data, z);
      FloatVector aIm = FloatVector.fromArray(SPECIES, data, z + LANES);
      FloatVector bRe = FloatVector.fromArray(SPECIES, data, y);
      FloatVector bIm = FloatVector.fromArray(SPECIES, data, y + LANES);
      FloatVector cos = FloatVector.broadcast(SPECIES, twiddles[w + 2 * i]);
      FloatVector sin = FloatVector.broadcast(SPECIES, twiddles[w + 2 * i + 1]);
      FloatVector evenRe = aRe.add(bRe);
      FloatVector evenIm = aIm.add(bIm);
      aRe = aRe.sub(bRe);
      aIm = aIm.sub(bIm);
      FloatVector oddRe = aRe.mul(cos).sub(aIm.mul(sin));
      FloatVector oddIm = aIm.fma(cos, aRe.mul(sin));
      evenRe.sub(oddIm).intoArray(data, z);
      evenIm.add(oddRe).intoArray(data, z + LANES);
      evenRe.add(oddIm).intoArray(data, y);
      oddRe.sub(evenIm).intoArray(data, y + LANES);
    }
  }
}
