package io.github.convbasis.decompose;

import java.util.Arrays;

/**
 * Arrays that recovered kernels are read into, grown on demand and used again: terms·n doubles need
 * not be allocated for every head. A matrix that was read into a store is valid until the next one
 * is.
 *
 * <p>Mutable: one thread at a time.
 */
public final class KernelStore {
  private double[][] kernels = new double[0][];

  /** Makes an empty store. */
  public KernelStore() {}

  /**
   * Returns arrays for kernels, with any contents.
   *
   * @param size n
   * @param starts first column of each segment
   * @return at least as many arrays as starts, each of at least {@code size - start} elements
   */
  double[][] reserve(int size, int[] starts) {
    if (kernels.length < starts.length) {
      int had = kernels.length;
      kernels = Arrays.copyOf(kernels, starts.length);
      Arrays.fill(kernels, had, starts.length, new double[0]);
    }
    for (int r = 0; r < starts.length; r++) {
      if (kernels[r].length < size - starts[r]) {
        kernels[r] = new double[size - starts[r]];
      }
    }
    return kernels;
  }
}
