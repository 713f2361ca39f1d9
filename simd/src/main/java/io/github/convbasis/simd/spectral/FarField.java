package io.github.convbasis.simd.spectral;

import io.github.convbasis.simd.Lanes;
import io.github.convbasis.simd.fft.BatchFft;
import io.github.convbasis.simd.fft.FloatScratch;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Accumulates sums of products for some rows, for attention {@code Σ_j e^(H[i,j])·V[j]} over the
 * columns left of each row's diagonal block, in float, with one exponent and one bound on rounding
 * for each block of rows: the true sum is {@code 2^exponent·sums}.
 *
 * <p>Rows × padded width floats, by tile of columns, then row. Mutable; different rows may be
 * written by different threads.
 */
final class FarField {
  private static final VectorSpecies<Float> SPECIES = Lanes.FLOATS;
  private static final int LANES = SPECIES.length();
  private static final int ROW = BatchFft.ROW;

  private final int blockSize;
  private int firstRow;
  private int rows;
  private float[] sums = new float[0];
  private int[] exponents = new int[0];
  private double[] noises = new double[0];
  private double[] sumNoises = new double[0];

  /**
   * Makes a field without rows.
   *
   * @param blockSize rows with a common exponent
   */
  FarField(int blockSize) {
    this.blockSize = blockSize;
  }

  /**
   * Empties the field and says which rows it is for. Sums keep their contents, which the first part
   * of each block overwrites.
   *
   * @param fromRow first row, of a block
   * @param toRow after the last row
   * @param tiles tiles of columns
   */
  void reset(int fromRow, int toRow, int tiles) {
    firstRow = fromRow;
    rows = toRow - fromRow;
    long length = (long) rows * tiles * ROW;
    if (sums.length < length + FloatScratch.OFFSET) {
      sums = FloatScratch.allocate(length);
    }
    int blocks = (rows + blockSize - 1) / blockSize;
    if (exponents.length < blocks) {
      exponents = new int[blocks];
      noises = new double[blocks];
      sumNoises = new double[blocks];
    }
    Arrays.fill(exponents, 0, blocks, SpectrumProduct.NOTHING);
    Arrays.fill(noises, 0, blocks, 0);
    Arrays.fill(sumNoises, 0, blocks, 0);
  }

  /** Returns the sums; a row of a tile is at {@link #index}. */
  float[] sums() {
    return sums;
  }

  /** Returns where a row of a tile starts. */
  int index(int tile, int row) {
    return FloatScratch.OFFSET + (tile * rows + row - firstRow) * ROW;
  }

  /** Returns the exponent of a row's block, {@link SpectrumProduct#NOTHING} if its sum is empty. */
  int exponent(int row) {
    return exponents[block(row)];
  }

  /** Returns the bound on the rounding of the sums of a row's block, relative to its exponent. */
  double noise(int row) {
    return noises[block(row)];
  }

  /** Returns the same bound for a column of row sums, 0 if there is none. */
  double sumNoise(int row) {
    return sumNoises[block(row)];
  }

  private int block(int row) {
    return (row - firstRow) / blockSize;
  }

  /**
   * Adds a part to one tile of some rows. Exponents change only in {@link #raise}, after all tiles.
   *
   * @param tile which columns
   * @param fromRow first row, of a block
   * @param toRow after the last row
   * @param part rows of {@link BatchFft#ROW} floats
   * @param at index of the first
   * @param partExponent their exponent
   */
  void add(int tile, int fromRow, int toRow, float[] part, int at, int partExponent) {
    if (partExponent == SpectrumProduct.NOTHING) {
      return;
    }
    for (int row = fromRow; row < toRow; row += blockSize) {
      int old = exponents[block(row)];
      int source = at + (row - fromRow) * ROW;
      int count = Math.min(blockSize, toRow - row);
      if (old == SpectrumProduct.NOTHING) {
        System.arraycopy(part, source, sums, index(tile, row), count * ROW);
      } else {
        int common = Math.max(old, partExponent);
        float oldFactor = ScaledExp.power((long) old - common);
        float partFactor = ScaledExp.power((long) partExponent - common);
        addScaled(part, source, partFactor, sums, index(tile, row), oldFactor, count);
      }
    }
  }

  private static void addScaled(
      float[] part, int from, float partFactor, float[] sums, int at, float factor, int count) {
    int source = from;
    for (int i = at; i < at + count * ROW; i += LANES) {
      FloatVector scaled = FloatVector.fromArray(SPECIES, part, source).mul(partFactor);
      FloatVector.fromArray(SPECIES, sums, i).mul(factor).add(scaled).intoArray(sums, i);
      source += LANES;
    }
  }

  /**
   * Records that a part was added to all tiles of some rows.
   *
   * @param fromRow first row, of a block
   * @param toRow after the last row
   * @param partExponent the part's exponent
   * @param partNoise bound on its rounding, relative to that
   * @param partSumNoise bound on the rounding of a column of row sums, relative to that
   */
  void raise(int fromRow, int toRow, int partExponent, double partNoise, double partSumNoise) {
    if (partExponent == SpectrumProduct.NOTHING) {
      return;
    }
    for (int row = fromRow; row < toRow; row += blockSize) {
      int block = block(row);
      int common = Math.max(exponents[block], partExponent);
      int old = exponents[block];
      noises[block] = total(noises[block], old, partNoise, partExponent, common);
      sumNoises[block] = total(sumNoises[block], old, partSumNoise, partExponent, common);
      exponents[block] = common;
    }
  }

  private static double total(
      double noise, int exponent, double partNoise, int partExponent, int common) {
    double old =
        exponent == SpectrumProduct.NOTHING
            ? 0
            : Math.scalb(noise, Math.max(-10_000, exponent - common));
    return old + Math.scalb(partNoise, Math.max(-10_000, partExponent - common));
  }
}
