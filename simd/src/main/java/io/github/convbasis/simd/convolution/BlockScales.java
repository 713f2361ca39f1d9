package io.github.convbasis.simd.convolution;

import io.github.convbasis.simd.Lanes;
import java.util.Arrays;

/**
 * Chooses a power of two for every block and lane, by which inputs are divided so that nothing
 * overflows, and nothing that matters underflows.
 *
 * <p>Exponents are coarse: 0 whenever the greatest absolute value lies in {@code [2⁻³², 2³²)}, so
 * that usual inputs are neither scaled nor read twice. A block's exponent is the greatest up to it,
 * in the order in which blocks act on each other, so later blocks change nothing, not even by
 * rounding. Blocks before the first that is not zero take its exponent: zeros stay zeros.
 *
 * <p>Mutable, set once per tile; then read by several threads.
 */
final class BlockScales {
  private static final int LANES = Lanes.COUNT;

  /** Exponents by steps of 64, kept within what a float's reciprocal can express. */
  private static final int[] STEPS = {-126, -64, 0, 64, 126};

  private static final int NOTHING = Integer.MIN_VALUE;

  private int[] exponents = new int[0];
  private boolean[] plainBlocks = new boolean[0];
  private boolean plain;
  private boolean uniform;

  /**
   * Chooses exponents.
   *
   * @param greatest bits of the greatest absolute values, by block and lane
   * @param at index of the first
   * @param blocks number of blocks, in the order in which they act on each other
   */
  void choose(int[] greatest, int at, int blocks) {
    if (plainBlocks.length < blocks) {
      exponents = new int[blocks * LANES];
      plainBlocks = new boolean[blocks];
    }
    Arrays.fill(plainBlocks, 0, blocks, true);
    plain = true;
    uniform = true;
    for (int lane = 0; lane < LANES; lane++) {
      int exponent = NOTHING;
      for (int b = 0; b < blocks; b++) {
        int bits = greatest[at + b * LANES + lane];
        if (bits != 0) {
          int own = STEPS[((bits >>> 23) - 95 >> 6) + 2];
          if (exponent == NOTHING) {
            fill(lane, b, own);
            exponent = own;
          }
          uniform &= own <= exponent;
          exponent = Math.max(exponent, own);
        }
        exponents[b * LANES + lane] = exponent == NOTHING ? 0 : exponent;
        plainBlocks[b] &= exponent == NOTHING || exponent == 0;
      }
    }
    for (int b = 0; b < blocks; b++) {
      plain &= plainBlocks[b];
    }
  }

  private void fill(int lane, int blocks, int exponent) {
    for (int b = 0; b < blocks; b++) {
      exponents[b * LANES + lane] = exponent;
    }
  }

  /** Tells whether all exponents are 0. */
  boolean arePlain() {
    return plain;
  }

  /** Tells whether all exponents of a block are 0. */
  boolean arePlain(int block) {
    return plainBlocks[block];
  }

  /** Tells whether each lane has one exponent for all blocks. */
  boolean areUniform() {
    return uniform;
  }

  /** Returns an exponent. */
  int exponent(int block, int lane) {
    return exponents[block * LANES + lane];
  }

  /** Writes what an input block is multiplied with. */
  void inputFactors(int block, float[] target) {
    for (int lane = 0; lane < LANES; lane++) {
      target[lane] = power(-exponent(block, lane));
    }
  }

  /** Writes what brings an input block to the scale of a later output block, at most 1. */
  void relativeFactors(int from, int to, float[] target) {
    for (int lane = 0; lane < LANES; lane++) {
      target[lane] = power(exponent(from, lane) - exponent(to, lane));
    }
  }

  /**
   * Writes two factors that bring an output block to its true size; one may not be expressible.
   *
   * @param block output block
   * @param kernelExponents of the lanes' kernels
   * @param at index of the first
   * @param target receives a factor of each lane, then another
   */
  void outputFactors(int block, int[] kernelExponents, int at, float[] target) {
    for (int lane = 0; lane < LANES; lane++) {
      int exponent = exponent(block, lane) + kernelExponents[at + lane];
      int first = Math.max(Float.MIN_EXPONENT, Math.min(exponent, Float.MAX_EXPONENT));
      target[lane] = power(first);
      target[LANES + lane] = power(Math.min(exponent - first, Float.MAX_EXPONENT));
    }
  }

  /** Returns the least exponent with {@code greatest < 2^exponent}, of a kernel; 0 for zero. */
  static int kernelExponent(double greatest) {
    return greatest == 0 ? 0 : Math.getExponent(greatest) + 1;
  }

  /** Returns {@code 2^exponent}, 0 below the normal numbers. */
  private static float power(int exponent) {
    return exponent < Float.MIN_EXPONENT
        ? 0
        : Float.intBitsToFloat(exponent - Float.MIN_EXPONENT + 1 << 23);
  }
}
