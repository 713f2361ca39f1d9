package io.github.convbasis.simd.fft;

import io.github.convbasis.simd.Lanes;
import jdk.incubator.vector.VectorSpecies;

/**
 * Transforms as many columns of N complex numbers as there are lanes, in place: {@code X[f] = Σ_t
 * x[t]·e^(-2πi·f·t/N)} for each lane.
 *
 * <p>Data are N rows of {@link #ROW} floats: real parts of all lanes, then imaginary parts. Where a
 * real kernel multiplies the spectrum, 2·lanes neighbouring real columns already are such a row:
 * column c and column c + lanes share a complex number.
 *
 * <p>Forward is decimation in frequency, inverse decimation in time, so spectra stay in the order
 * that falls out (bit-reversed; only {@link #mirror} and tests know). Radix-4 passes, with one
 * radix-2 pass on the outside when log₂N is odd, where it can be halved: {@link #forwardPadded}
 * skips the half of the rows that are zero, {@link #inverseUpperHalf} the half nobody reads. Passes
 * go depth first until {@value #CHUNK_ROWS} rows, which fit the first-level cache, remain.
 *
 * <p>5·N·log₂N flops per lane. Rounding error about {@code 0.5·u·log₂N·‖x‖₂} per element, u = 2⁻²⁴;
 * twiddles are rounded from double. Immutable and thread-safe.
 */
public final class BatchFft {
  private static final VectorSpecies<Float> SPECIES = Lanes.FLOATS;
  private static final int LANES = SPECIES.length();

  /** Floats in a row. */
  public static final int ROW = 2 * LANES;

  /** 32 KiB at 16 lanes; a power of four. */
  private static final int CHUNK_ROWS = 256;

  private final int size;
  private final int inner;
  // By log₄ of the transform's size: cos, sin of the angles t, 2t, 3t, six floats for each t.
  private final float[][] quarterTwiddles;
  private final float[] halfTwiddles;

  /**
   * Plans transforms of one size.
   *
   * @param size N, a power of two from 1 to 2²⁰
   * @throws IllegalArgumentException if it is not
   */
  public BatchFft(int size) {
    if (size < 1 || size > 1 << 20 || Integer.bitCount(size) != 1) {
      throw new IllegalArgumentException(
          "size must be a power of two from 1 to " + (1 << 20) + ", was " + size);
    }
    this.size = size;
    int log = Integer.numberOfTrailingZeros(size);
    inner = log % 2 == 0 ? size : size / 2;
    quarterTwiddles = new float[log / 2 + 1][];
    for (int level = 0; level <= log / 2; level++) {
      quarterTwiddles[level] = twiddles(1 << (2 * level), 4, 3);
    }
    halfTwiddles = inner == size ? new float[0] : twiddles(size, 2, 1);
  }

  private static float[] twiddles(int size, int radix, int powers) {
    float[] table = new float[size / radix * 2 * powers];
    int at = 0;
    for (int t = 0; t < size / radix; t++) {
      for (int power = 1; power <= powers; power++) {
        double angle = 2 * Math.PI * t * power / size;
        table[at++] = (float) Math.cos(angle);
        table[at++] = (float) Math.sin(angle);
      }
    }
    return table;
  }

  /**
   * Returns the number of rows, N.
   *
   * @return a power of two
   */
  public int size() {
    return size;
  }

  /**
   * Returns where the spectrum keeps frequency {@code -f}, given where it keeps f.
   *
   * @param row row of a spectrum
   * @return the row of the conjugate of a real column's value; itself for rows 0 and 1
   */
  public static int mirror(int row) {
    // A row's bits are its frequency's, reversed. Negation keeps the lowest set bit of a frequency,
    // the highest of its row, and inverts those above it, which are lower in the row.
    return row < 2 ? row : 3 * Integer.highestOneBit(row) - 1 - row;
  }

  /**
   * Transforms.
   *
   * @param data N rows, replaced by their spectrum
   * @param offset index of the first row
   */
  public void forward(float[] data, int offset) {
    if (inner != size) {
      ForwardPasses.forwardHalves(data, offset, size, halfTwiddles);
      forwardInner(data, offset + inner * ROW, inner);
    }
    forwardInner(data, offset, inner);
  }

  /**
   * Transforms a column whose second half is zero, whatever the rows there hold.
   *
   * @param data N rows, replaced by their spectrum
   * @param offset index of the first row
   */
  public void forwardPadded(float[] data, int offset) {
    if (inner != size) {
      ForwardPasses.forwardHalvesPadded(data, offset, size, halfTwiddles);
      forwardInner(data, offset + inner * ROW, inner);
      forwardInner(data, offset, inner);
    } else if (size == 1) {
      return;
    } else {
      ForwardPasses.forwardQuartersPadded(data, offset, size, twiddlesOf(size));
      forwardQuarterRows(data, offset);
    }
  }

  /**
   * Transforms back, without the factor 1/N.
   *
   * @param data a spectrum, replaced by N rows {@code N·x}
   * @param offset index of the first row
   */
  public void inverse(float[] data, int offset) {
    inverseInner(data, offset, inner);
    if (inner != size) {
      inverseInner(data, offset + inner * ROW, inner);
      InversePasses.inverseHalves(data, offset, size, halfTwiddles);
    }
  }

  /**
   * Transforms back as {@link #inverse}, but only rows N/2 … N-1 are defined afterwards.
   *
   * @param data a spectrum, replaced
   * @param offset index of the first row
   */
  public void inverseUpperHalf(float[] data, int offset) {
    if (inner != size) {
      inverseInner(data, offset, inner);
      inverseInner(data, offset + inner * ROW, inner);
      InversePasses.inverseUpperHalves(data, offset, size, halfTwiddles);
    } else if (size > 1) {
      inverseQuarterRows(data, offset);
      InversePasses.inverseUpperQuarters(data, offset, size, twiddlesOf(size));
    }
  }

  /**
   * Transforms a column of N/2 rows from elsewhere, padded with zeros, as {@link #forwardPadded}.
   *
   * @param source real parts of row t at {@code from + t·step}, imaginary parts {@code second}
   *     further
   * @param from index of the first row
   * @param step distance between rows
   * @param second distance of the imaginary parts
   * @param data receives the spectrum, N rows, N at least 4
   * @param offset index of the first row
   * @param greatest receives for each lane the bits of the greatest absolute value of the input
   * @param slot index of the first lane's
   */
  public void forwardPadded(
      float[] source,
      int from,
      int step,
      int second,
      float[] data,
      int offset,
      int[] greatest,
      int slot) {
    if (inner != size) {
      EdgePasses.loadHalvesPadded(
          source, from, step, second, data, offset, size, halfTwiddles, greatest, slot);
      forwardInner(data, offset + inner * ROW, inner);
      forwardInner(data, offset, inner);
      return;
    }
    EdgePasses.loadQuartersPadded(
        source, from, step, second, data, offset, size, twiddlesOf(size), greatest, slot);
    forwardQuarterRows(data, offset);
  }

  /**
   * Transforms back as {@link #inverseUpperHalf}, and writes rows N/2 … N-1 elsewhere, times two
   * factors of their lane.
   *
   * @param data a spectrum of N rows, N at least 4, destroyed
   * @param offset index of the first row
   * @param target receives real parts of row {@code N/2 + t} at {@code to + t·step}, imaginary
   *     parts {@code second} further
   * @param to index of the first row
   * @param step distance between rows
   * @param second distance of the imaginary parts
   * @param factors of each lane, then the other of each lane
   * @return whether all that was written is finite
   */
  public boolean inverseUpperHalf(
      float[] data, int offset, float[] target, int to, int step, int second, float[] factors) {
    if (inner != size) {
      inverseInner(data, offset, inner);
      inverseInner(data, offset + inner * ROW, inner);
      return EdgePasses.storeUpperHalves(
          data, offset, size, halfTwiddles, target, to, step, second, factors);
    }
    inverseQuarterRows(data, offset);
    return EdgePasses.storeUpperQuarters(
        data, offset, size, twiddlesOf(size), target, to, step, second, factors);
  }

  private void forwardQuarterRows(float[] data, int offset) {
    int quarter = size / 4;
    for (int child = 0; child < 4; child++) {
      forwardInner(data, offset + child * quarter * ROW, quarter);
    }
  }

  private void inverseQuarterRows(float[] data, int offset) {
    int quarter = size / 4;
    for (int child = 0; child < 4; child++) {
      inverseInner(data, offset + child * quarter * ROW, quarter);
    }
  }

  private float[] twiddlesOf(int rows) {
    return quarterTwiddles[Integer.numberOfTrailingZeros(rows) / 2];
  }

  private void forwardInner(float[] data, int offset, int rows) {
    if (rows <= CHUNK_ROWS) {
      forwardChunk(data, offset, rows);
      return;
    }
    int quarter = rows / 4;
    ForwardPasses.forwardQuarters(data, offset, rows, twiddlesOf(rows));
    for (int child = 0; child < 4; child++) {
      forwardInner(data, offset + child * quarter * ROW, quarter);
    }
  }

  private void forwardChunk(float[] data, int offset, int rows) {
    for (int block = rows; block > 16; block /= 4) {
      for (int start = 0; start < rows; start += block) {
        ForwardPasses.forwardQuarters(data, offset + start * ROW, block, twiddlesOf(block));
      }
    }
    if (rows >= 16) {
      ForwardPasses.forwardSixteens(data, offset, rows, twiddlesOf(16));
    }
    if (rows >= 4) {
      ForwardPasses.forwardFours(data, offset, rows);
    }
  }

  private void inverseInner(float[] data, int offset, int rows) {
    if (rows <= CHUNK_ROWS) {
      inverseChunk(data, offset, rows);
      return;
    }
    int quarter = rows / 4;
    for (int child = 0; child < 4; child++) {
      inverseInner(data, offset + child * quarter * ROW, quarter);
    }
    InversePasses.inverseQuarters(data, offset, rows, twiddlesOf(rows));
  }

  private void inverseChunk(float[] data, int offset, int rows) {
    if (rows >= 4) {
      InversePasses.inverseFours(data, offset, rows);
    }
    if (rows >= 16) {
      InversePasses.inverseSixteens(data, offset, rows, twiddlesOf(16));
    }
    for (int block = 64; block <= rows; block *= 4) {
      for (int start = 0; start < rows; start += block) {
        InversePasses.inverseQuarters(data, offset + start * ROW, block, twiddlesOf(block));
      }
    }
  }
}
