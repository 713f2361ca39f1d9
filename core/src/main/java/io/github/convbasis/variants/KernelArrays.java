package io.github.convbasis.variants;

import java.util.Arrays;

/** Arrays for kernels, grown on demand and used again. Mutable: one thread at a time. */
final class KernelArrays {
  private double[][] kernels = new double[0][];
  private double[] zeros = new double[0];

  /** Returns at least as many arrays as lengths, each at least that long, with any contents. */
  double[][] reserve(int[] lengths) {
    if (kernels.length < lengths.length) {
      int had = kernels.length;
      kernels = Arrays.copyOf(kernels, lengths.length);
      Arrays.fill(kernels, had, lengths.length, new double[0]);
    }
    for (int r = 0; r < lengths.length; r++) {
      if (kernels[r].length < lengths[r]) {
        kernels[r] = new double[lengths[r]];
      }
    }
    return kernels;
  }

  /** Returns zeros, which nobody writes. */
  double[] zeros(int length) {
    if (zeros.length < length) {
      zeros = new double[length];
    }
    return zeros;
  }
}
