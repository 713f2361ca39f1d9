package io.github.convbasis.fft;

/**
 * Transforms N complex numbers, N a power of two, in place: {@code X[f] = Σ_t x[t]·e^(-2πi·f·t/N)}.
 *
 * <p>Radix-2, decimation in time: bit-reversal, then log₂N passes of butterflies. Natural order in
 * and out; 5·N·log₂N flops. Rounding error about {@code u·log₂N·‖x‖₂} per element, u = 2⁻⁵³. Real
 * and imaginary parts lie in two arrays of N elements, which must be different.
 *
 * <p>A plan: costs O(N) sines to make, then is immutable and thread-safe.
 */
public final class ComplexFft {
  private final int size;
  private final double[] cosines;
  private final double[] sines;

  /**
   * Plans transforms of one size.
   *
   * @param size N, a power of two from 1 to 2³⁰
   * @throws IllegalArgumentException if it is not
   */
  public ComplexFft(int size) {
    if (size < 1 || Integer.bitCount(size) != 1) {
      throw new IllegalArgumentException("size must be a power of two, was " + size);
    }
    this.size = size;
    cosines = new double[size / 2];
    sines = new double[size / 2];
    for (int t = 0; t < size / 2; t++) {
      double angle = 2 * Math.PI * t / size;
      cosines[t] = Math.cos(angle);
      sines[t] = Math.sin(angle);
    }
  }

  /**
   * Returns the least power of two that is no smaller than a length.
   *
   * @param length from 1 to 2³⁰
   * @return the padded size
   * @throws IllegalArgumentException if the length is out of range
   */
  public static int paddedSize(long length) {
    if (length < 1 || length > 1 << 30) {
      throw new IllegalArgumentException(
          "length must be between 1 and " + (1 << 30) + ", was " + length);
    }
    int floor = Integer.highestOneBit((int) length);
    return floor == length ? floor : 2 * floor;
  }

  /**
   * Returns the number of complex elements, N.
   *
   * @return a power of two
   */
  public int size() {
    return size;
  }

  /**
   * Replaces x by its transform.
   *
   * @param re real parts, N elements
   * @param im imaginary parts, N elements, another array
   * @throws IllegalArgumentException if an array is shorter than N or both are the same
   */
  public void forward(double[] re, double[] im) {
    if (re.length < size || im.length < size || re == im) {
      throw new IllegalArgumentException(
          String.format(
              "re and im must be two arrays of at least %d elements, were %d and %d%s",
              size, re.length, im.length, re == im ? " in one array" : ""));
    }
    permuteByBitReversal(re, im);
    for (int half = 1; half < size; half *= 2) {
      int twiddleStep = size / (2 * half);
      for (int block = 0; block < size; block += 2 * half) {
        for (int t = 0; t < half; t++) {
          butterfly(re, im, block + t, block + t + half, t * twiddleStep);
        }
      }
    }
  }

  private void butterfly(double[] re, double[] im, int upper, int lower, int twiddle) {
    double c = cosines[twiddle];
    double s = sines[twiddle];
    double productRe = re[lower] * c + im[lower] * s;
    double productIm = im[lower] * c - re[lower] * s;
    re[lower] = re[upper] - productRe;
    im[lower] = im[upper] - productIm;
    re[upper] += productRe;
    im[upper] += productIm;
  }

  /**
   * Replaces X by its inverse transform, {@code x[t] = (1/N)·Σ_f X[f]·e^(+2πi·f·t/N)}.
   *
   * @param re real parts, N elements
   * @param im imaginary parts, N elements, another array
   * @throws IllegalArgumentException as {@link #forward}
   */
  public void inverse(double[] re, double[] im) {
    // Swapping real and imaginary parts conjugates the transform's kernel.
    forward(im, re);
    double factor = 1.0 / size;
    for (int t = 0; t < size; t++) {
      re[t] *= factor;
      im[t] *= factor;
    }
  }

  private void permuteByBitReversal(double[] re, double[] im) {
    int reversed = 0;
    for (int t = 1; t < size; t++) {
      int carry = size >> 1;
      while ((reversed & carry) != 0) {
        reversed ^= carry;
        carry >>= 1;
      }
      reversed |= carry;
      if (t < reversed) {
        double r = re[t];
        re[t] = re[reversed];
        re[reversed] = r;
        double i = im[t];
        im[t] = im[reversed];
        im[reversed] = i;
      }
    }
  }
}
