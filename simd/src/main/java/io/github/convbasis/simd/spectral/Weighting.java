package io.github.convbasis.simd.spectral;

/** What is done with the entries of a segmented matrix before they multiply anything. */
enum Weighting {
  /** Entries are logits: weights are their exponentials. */
  EXPONENTIAL,
  /** Entries are weights as they stand. */
  LINEAR;

  /**
   * Scales the weights of some entries by a power of two that brings them to at most about 1.
   *
   * @param entries entries, replaced by {@code weight·2^(-exponent)}
   * @param count how many, from the start, at least 1; up to a vector more is read and written
   * @return the exponent, {@link SpectrumProduct#NOTHING} if all weights are zero
   */
  int scale(double[] entries, int count) {
    if (this == EXPONENTIAL) {
      int exponent = ScaledExp.exponentOf(ScaledExp.max(entries, count));
      ScaledExp.apply(entries, 0, count, exponent);
      return exponent;
    }
    double greatest = Math.max(ScaledExp.max(entries, count), -ScaledExp.min(entries, count));
    if (greatest == 0) {
      return SpectrumProduct.NOTHING;
    }
    int exponent = Math.getExponent(greatest) + 1;
    // Two steps: a single factor may itself over- or underflow.
    double half = Math.scalb(1.0, -(exponent / 2));
    double rest = Math.scalb(1.0, -(exponent - exponent / 2));
    for (int i = 0; i < count; i++) {
      entries[i] = entries[i] * half * rest;
    }
    return exponent;
  }
}
