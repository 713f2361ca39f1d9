package io.github.convbasis.fft;

/**
 * Transforms N real numbers, N a power of two, to the N/2+1 spectrum values that determine the rest
 * ({@code X[N-f]} is the conjugate of {@code X[f]}), and back.
 *
 * <p>Even samples become real and odd samples imaginary parts of one complex transform of N/2
 * elements: 2.5·N·log₂N flops. Rounding error as {@link ComplexFft}.
 *
 * <p>A plan: immutable and thread-safe. The arrays are the caller's and serve as work space.
 */
public final class RealFft {
  private final int size;
  private final ComplexFft half;
  private final double[] cosines;
  private final double[] sines;

  /**
   * Plans transforms of one size.
   *
   * @param size N, a power of two from 1 to 2³⁰
   * @throws IllegalArgumentException if it is not
   */
  public RealFft(int size) {
    if (size < 1 || Integer.bitCount(size) != 1) {
      throw new IllegalArgumentException("size must be a power of two, was " + size);
    }
    this.size = size;
    half = new ComplexFft(Math.max(1, size / 2));
    cosines = new double[size / 2 + 1];
    sines = new double[size / 2 + 1];
    for (int f = 0; f <= size / 2; f++) {
      double angle = 2 * Math.PI * f / size;
      cosines[f] = Math.cos(angle);
      sines[f] = Math.sin(angle);
    }
  }

  /**
   * Returns the number of real samples, N.
   *
   * @return a power of two
   */
  public int size() {
    return size;
  }

  /**
   * Returns the number of spectrum values, N/2+1.
   *
   * @return elements that {@code re} and {@code im} must hold
   */
  public int spectrumSize() {
    return size / 2 + 1;
  }

  /**
   * Transforms samples to a spectrum.
   *
   * @param samples N real samples, unchanged
   * @param re receives N/2+1 real parts
   * @param im receives N/2+1 imaginary parts, another array
   * @throws IllegalArgumentException if an array is too short
   */
  public void forward(double[] samples, double[] re, double[] im) {
    requireLengths(samples, re, im);
    if (size == 1) {
      re[0] = samples[0];
      im[0] = 0;
      return;
    }
    int m = size / 2;
    for (int t = 0; t < m; t++) {
      re[t] = samples[2 * t];
      im[t] = samples[2 * t + 1];
    }
    half.forward(re, im);
    re[m] = re[0];
    im[m] = im[0];
    for (int f = 0; f <= m / 2; f++) {
      separate(re, im, f, m - f);
    }
  }

  /**
   * Turns values f and g = N/2 - f of the packed transform Z into those of the real one: {@code
   * X[f] = E[f] + e^(-2πi·f/N)·O[f]} with {@code E = (Z[f] + conj Z[g])/2}, {@code O = (Z[f] - conj
   * Z[g])/2i}, and X[g] the same with E and O conjugated.
   */
  private void separate(double[] re, double[] im, int f, int g) {
    double evenRe = (re[f] + re[g]) / 2;
    double evenIm = (im[f] - im[g]) / 2;
    double oddRe = (im[f] + im[g]) / 2;
    double oddIm = (re[g] - re[f]) / 2;
    double turnedRe = oddRe * cosines[f] + oddIm * sines[f];
    double turnedIm = oddIm * cosines[f] - oddRe * sines[f];
    re[f] = evenRe + turnedRe;
    im[f] = evenIm + turnedIm;
    re[g] = evenRe - turnedRe;
    im[g] = turnedIm - evenIm;
  }

  /**
   * Transforms a spectrum back to samples, including the factor 1/N.
   *
   * @param re N/2+1 real parts, overwritten
   * @param im N/2+1 imaginary parts, overwritten, another array; {@code im[0]} and {@code im[N/2]}
   *     must be zero
   * @param samples receives N real samples
   * @throws IllegalArgumentException if an array is too short
   */
  public void inverse(double[] re, double[] im, double[] samples) {
    requireLengths(samples, re, im);
    if (size == 1) {
      samples[0] = re[0];
      return;
    }
    int m = size / 2;
    for (int f = 0; f <= m / 2; f++) {
      pack(re, im, f, m - f);
    }
    half.inverse(re, im);
    for (int t = 0; t < m; t++) {
      samples[2 * t] = re[t];
      samples[2 * t + 1] = im[t];
    }
  }

  /** Undoes {@link #separate}. */
  private void pack(double[] re, double[] im, int f, int g) {
    double evenRe = (re[f] + re[g]) / 2;
    double evenIm = (im[f] - im[g]) / 2;
    double turnedRe = (re[f] - re[g]) / 2;
    double turnedIm = (im[f] + im[g]) / 2;
    double oddRe = turnedRe * cosines[f] - turnedIm * sines[f];
    double oddIm = turnedIm * cosines[f] + turnedRe * sines[f];
    re[f] = evenRe - oddIm;
    im[f] = evenIm + oddRe;
    re[g] = evenRe + oddIm;
    im[g] = oddRe - evenIm;
  }

  private void requireLengths(double[] samples, double[] re, double[] im) {
    int bins = spectrumSize();
    if (samples.length < size || re.length < bins || im.length < bins || re == im) {
      throw new IllegalArgumentException(
          String.format(
              "samples must hold %d, re and im two arrays of %d elements, were %d, %d and %d",
              size, bins, samples.length, re.length, im.length));
    }
  }
}
