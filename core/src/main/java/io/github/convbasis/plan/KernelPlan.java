package io.github.convbasis.plan;

import java.util.Arrays;

/**
 * The structure of a plan's convolutions, without the kernels themselves: these are fitted anew on
 * every input, so that a plan can be used again on the next prompt.
 *
 * <p>Columns of segment r use kernel {@code kernelOf[r]}. Segments that are not neighbours may
 * share a kernel, as content that returns does.
 *
 * <p>Arrays are copied. Immutable and thread-safe.
 *
 * @param starts first column of each segment, increasing from 0
 * @param kernelOf for each segment the number of its kernel; a kernel's number is the first segment
 *     that uses it
 * @param fit how kernels are obtained
 */
public record KernelPlan(int[] starts, int[] kernelOf, KernelFit fit) {
  /** Checks and copies. */
  public KernelPlan {
    if (starts.length == 0 || starts[0] != 0) {
      throw new IllegalArgumentException(
          "starts must begin with 0, were " + Arrays.toString(starts));
    }
    if (kernelOf.length != starts.length) {
      throw new IllegalArgumentException(
          "kernelOf must be " + starts.length + " like starts, was " + kernelOf.length);
    }
    for (int r = 0; r < starts.length; r++) {
      if (r > 0 && starts[r] <= starts[r - 1]) {
        throw new IllegalArgumentException(
            String.format(
                "starts must increase, were %d and %d at %d", starts[r - 1], starts[r], r));
      }
      int kernel = kernelOf[r];
      if (kernel < 0 || kernel > r || kernelOf[kernel] != kernel) {
        throw new IllegalArgumentException(
            String.format(
                "kernelOf[%d] must be %d or an earlier segment with a kernel of its own, was %d",
                r, r, kernel));
      }
    }
    if (fit == KernelFit.OFFSETS && starts.length > 1) {
      throw new IllegalArgumentException(
          "starts must be 1 segment for " + fit + ", were " + starts.length);
    }
    starts = starts.clone();
    kernelOf = kernelOf.clone();
  }

  /**
   * Gives every segment a kernel of its own.
   *
   * @param fit how kernels are obtained
   * @param starts first column of each segment, increasing from 0
   * @return the structure
   */
  public static KernelPlan of(KernelFit fit, int... starts) {
    int[] own = new int[starts.length];
    Arrays.setAll(own, r -> r);
    return new KernelPlan(starts, own, fit);
  }

  /**
   * Returns the first column of each segment.
   *
   * @return a copy
   */
  @Override
  public int[] starts() {
    return starts.clone();
  }

  /**
   * Returns the number of each segment's kernel.
   *
   * @return a copy
   */
  @Override
  public int[] kernelOf() {
    return kernelOf.clone();
  }

  /**
   * Returns the number of segments.
   *
   * @return at least 1
   */
  public int segments() {
    return starts.length;
  }

  /**
   * Returns the number of different kernels.
   *
   * @return at least 1
   */
  public int kernels() {
    int count = 0;
    for (int r = 0; r < kernelOf.length; r++) {
      count += kernelOf[r] == r ? 1 : 0;
    }
    return count;
  }

  /** Returns the structure of the first columns alone. */
  KernelPlan first(int columns) {
    int count = starts.length;
    while (starts[count - 1] >= columns) {
      count--;
    }
    return new KernelPlan(Arrays.copyOf(starts, count), Arrays.copyOf(kernelOf, count), fit);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof KernelPlan plan
        && Arrays.equals(starts, plan.starts)
        && Arrays.equals(kernelOf, plan.kernelOf)
        && fit == plan.fit;
  }

  @Override
  public int hashCode() {
    return 31 * (31 * Arrays.hashCode(starts) + Arrays.hashCode(kernelOf)) + fit.hashCode();
  }

  @Override
  public String toString() {
    return String.format("%d segments, %d kernels, %s", segments(), kernels(), fit);
  }
}
