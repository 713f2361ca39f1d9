package io.github.convbasis.simd.fft;

import io.github.convbasis.simd.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The inverse passes of {@link BatchFft}: butterflies of decimation in time over rows of {@code [re
 * × lanes | im × lanes]}, conjugate twiddles first. Each undoes a pass of {@link ForwardPasses} up
 * to its radix as a factor.
 *
 * <p>Each method is one loop and makes no call that might not inline, so that vectors stay in
 * registers. Stateless and thread-safe.
 */
final class InversePasses {
  private static final VectorSpecies<Float> SPECIES = Lanes.FLOATS;
  private static final int LANES = SPECIES.length();
  private static final int ROW = BatchFft.ROW;

  private InversePasses() {}

  /** Undoes {@link ForwardPasses#forwardQuarters} up to a factor 4. */
  static void inverseQuarters(float[] data, int offset, int rows, float[] twiddles) {
    int quarter = rows / 4 * ROW;
    int w = 0;
    for (int i = offset; i < offset + quarter; i += ROW) {
      FloatVector aRe = FloatVector.fromArray(SPECIES, data, i);
      FloatVector aIm = FloatVector.fromArray(SPECIES, data, i + LANES);
      FloatVector cos2 = FloatVector.broadcast(SPECIES, twiddles[w + 2]);
      FloatVector sin2 = FloatVector.broadcast(SPECIES, twiddles[w + 3]);
      FloatVector twoInRe = FloatVector.fromArray(SPECIES, data, i + quarter);
      FloatVector twoInIm = FloatVector.fromArray(SPECIES, data, i + quarter + LANES);
      FloatVector twoRe = twoInRe.mul(cos2).sub(twoInIm.mul(sin2));
      FloatVector twoIm = twoInIm.fma(cos2, twoInRe.mul(sin2));
      FloatVector cos1 = FloatVector.broadcast(SPECIES, twiddles[w]);
      FloatVector sin1 = FloatVector.broadcast(SPECIES, twiddles[w + 1]);
      FloatVector oneInRe = FloatVector.fromArray(SPECIES, data, i + 2 * quarter);
      FloatVector oneInIm = FloatVector.fromArray(SPECIES, data, i + 2 * quarter + LANES);
      FloatVector oneRe = oneInRe.mul(cos1).sub(oneInIm.mul(sin1));
      FloatVector oneIm = oneInIm.fma(cos1, oneInRe.mul(sin1));
      FloatVector cos3 = FloatVector.broadcast(SPECIES, twiddles[w + 4]);
      FloatVector sin3 = FloatVector.broadcast(SPECIES, twiddles[w + 5]);
      FloatVector threeInRe = FloatVector.fromArray(SPECIES, data, i + 3 * quarter);
      FloatVector threeInIm = FloatVector.fromArray(SPECIES, data, i + 3 * quarter + LANES);
      FloatVector threeRe = threeInRe.mul(cos3).sub(threeInIm.mul(sin3));
      FloatVector threeIm = threeInIm.fma(cos3, threeInRe.mul(sin3));
      FloatVector sumRe = aRe.add(twoRe);
      FloatVector sumIm = aIm.add(twoIm);
      FloatVector differenceRe = aRe.sub(twoRe);
      FloatVector differenceIm = aIm.sub(twoIm);
      FloatVector oddRe = oneRe.add(threeRe);
      FloatVector oddIm = oneIm.add(threeIm);
      FloatVector turnRe = threeRe.sub(oneRe);
      FloatVector turnIm = threeIm.sub(oneIm);
      sumRe.add(oddRe).intoArray(data, i);
      sumIm.add(oddIm).intoArray(data, i + LANES);
      differenceRe.add(turnIm).intoArray(data, i + quarter);
      differenceIm.sub(turnRe).intoArray(data, i + quarter + LANES);
      sumRe.sub(oddRe).intoArray(data, i + 2 * quarter);
      sumIm.sub(oddIm).intoArray(data, i + 2 * quarter + LANES);
      differenceRe.sub(turnIm).intoArray(data, i + 3 * quarter);
      differenceIm.add(turnRe).intoArray(data, i + 3 * quarter + LANES);
      w += 6;
    }
  }

  /** As {@link #inverseQuarters}, leaving the first half of the rows undefined. */
  static void inverseUpperQuarters(float[] data, int offset, int rows, float[] twiddles) {
    int quarter = rows / 4 * ROW;
    int w = 0;
    for (int i = offset; i < offset + quarter; i += ROW) {
      FloatVector aRe = FloatVector.fromArray(SPECIES, data, i);
      FloatVector aIm = FloatVector.fromArray(SPECIES, data, i + LANES);
      FloatVector cos2 = FloatVector.broadcast(SPECIES, twiddles[w + 2]);
      FloatVector sin2 = FloatVector.broadcast(SPECIES, twiddles[w + 3]);
      FloatVector twoInRe = FloatVector.fromArray(SPECIES, data, i + quarter);
      FloatVector twoInIm = FloatVector.fromArray(SPECIES, data, i + quarter + LANES);
      FloatVector twoRe = twoInRe.mul(cos2).sub(twoInIm.mul(sin2));
      FloatVector twoIm = twoInIm.fma(cos2, twoInRe.mul(sin2));
      FloatVector cos1 = FloatVector.broadcast(SPECIES, twiddles[w]);
      FloatVector sin1 = FloatVector.broadcast(SPECIES, twiddles[w + 1]);
      FloatVector oneInRe = FloatVector.fromArray(SPECIES, data, i + 2 * quarter);
      FloatVector oneInIm = FloatVector.fromArray(SPECIES, data, i + 2 * quarter + LANES);
      FloatVector oneRe = oneInRe.mul(cos1).sub(oneInIm.mul(sin1));
      FloatVector oneIm = oneInIm.fma(cos1, oneInRe.mul(sin1));
      FloatVector cos3 = FloatVector.broadcast(SPECIES, twiddles[w + 4]);
      FloatVector sin3 = FloatVector.broadcast(SPECIES, twiddles[w + 5]);
      FloatVector threeInRe = FloatVector.fromArray(SPECIES, data, i + 3 * quarter);
      FloatVector threeInIm = FloatVector.fromArray(SPECIES, data, i + 3 * quarter + LANES);
      FloatVector threeRe = threeInRe.mul(cos3).sub(threeInIm.mul(sin3));
      FloatVector threeIm = threeInIm.fma(cos3, threeInRe.mul(sin3));
      FloatVector sumRe = aRe.add(twoRe);
      FloatVector sumIm = aIm.add(twoIm);
      FloatVector differenceRe = aRe.sub(twoRe);
      FloatVector differenceIm = aIm.sub(twoIm);
      FloatVector oddRe = oneRe.add(threeRe);
      FloatVector oddIm = oneIm.add(threeIm);
      FloatVector turnRe = threeRe.sub(oneRe);
      FloatVector turnIm = threeIm.sub(oneIm);
      sumRe.sub(oddRe).intoArray(data, i + 2 * quarter);
      sumIm.sub(oddIm).intoArray(data, i + 2 * quarter + LANES);
      differenceRe.sub(turnIm).intoArray(data, i + 3 * quarter);
      differenceIm.add(turnRe).intoArray(data, i + 3 * quarter + LANES);
      w += 6;
    }
  }

  /** Undoes {@link ForwardPasses#forwardSixteens} up to a factor 4. */
  static void inverseSixteens(float[] data, int offset, int rows, float[] twiddles) {
    for (int t = 0; t < 4; t++) {
      FloatVector cos1 = FloatVector.broadcast(SPECIES, twiddles[6 * t]);
      FloatVector sin1 = FloatVector.broadcast(SPECIES, twiddles[6 * t + 1]);
      FloatVector cos2 = FloatVector.broadcast(SPECIES, twiddles[6 * t + 2]);
      FloatVector sin2 = FloatVector.broadcast(SPECIES, twiddles[6 * t + 3]);
      FloatVector cos3 = FloatVector.broadcast(SPECIES, twiddles[6 * t + 4]);
      FloatVector sin3 = FloatVector.broadcast(SPECIES, twiddles[6 * t + 5]);
      int first = offset + t * ROW;
      for (int i = first; i < first + rows * ROW; i += 16 * ROW) {
        FloatVector aRe = FloatVector.fromArray(SPECIES, data, i);
        FloatVector aIm = FloatVector.fromArray(SPECIES, data, i + LANES);
        FloatVector twoInRe = FloatVector.fromArray(SPECIES, data, i + 4 * ROW);
        FloatVector twoInIm = FloatVector.fromArray(SPECIES, data, i + 4 * ROW + LANES);
        FloatVector twoRe = twoInRe.mul(cos2).sub(twoInIm.mul(sin2));
        FloatVector twoIm = twoInIm.fma(cos2, twoInRe.mul(sin2));
        FloatVector oneInRe = FloatVector.fromArray(SPECIES, data, i + 8 * ROW);
        FloatVector oneInIm = FloatVector.fromArray(SPECIES, data, i + 8 * ROW + LANES);
        FloatVector oneRe = oneInRe.mul(cos1).sub(oneInIm.mul(sin1));
        FloatVector oneIm = oneInIm.fma(cos1, oneInRe.mul(sin1));
        FloatVector threeInRe = FloatVector.fromArray(SPECIES, data, i + 12 * ROW);
        FloatVector threeInIm = FloatVector.fromArray(SPECIES, data, i + 12 * ROW + LANES);
        FloatVector threeRe = threeInRe.mul(cos3).sub(threeInIm.mul(sin3));
        FloatVector threeIm = threeInIm.fma(cos3, threeInRe.mul(sin3));
        FloatVector sumRe = aRe.add(twoRe);
        FloatVector sumIm = aIm.add(twoIm);
        FloatVector differenceRe = aRe.sub(twoRe);
        FloatVector differenceIm = aIm.sub(twoIm);
        FloatVector oddRe = oneRe.add(threeRe);
        FloatVector oddIm = oneIm.add(threeIm);
        FloatVector turnRe = threeRe.sub(oneRe);
        FloatVector turnIm = threeIm.sub(oneIm);
        sumRe.add(oddRe).intoArray(data, i);
        sumIm.add(oddIm).intoArray(data, i + LANES);
        differenceRe.add(turnIm).intoArray(data, i + 4 * ROW);
        differenceIm.sub(turnRe).intoArray(data, i + 4 * ROW + LANES);
        sumRe.sub(oddRe).intoArray(data, i + 8 * ROW);
        sumIm.sub(oddIm).intoArray(data, i + 8 * ROW + LANES);
        differenceRe.sub(turnIm).intoArray(data, i + 12 * ROW);
        differenceIm.add(turnRe).intoArray(data, i + 12 * ROW + LANES);
      }
    }
  }

  /** Undoes {@link ForwardPasses#forwardFours} up to a factor 4. */
  static void inverseFours(float[] data, int offset, int rows) {
    for (int i = offset; i < offset + rows * ROW; i += 4 * ROW) {
      FloatVector aRe = FloatVector.fromArray(SPECIES, data, i);
      FloatVector aIm = FloatVector.fromArray(SPECIES, data, i + LANES);
      FloatVector twoRe = FloatVector.fromArray(SPECIES, data, i + ROW);
      FloatVector twoIm = FloatVector.fromArray(SPECIES, data, i + ROW + LANES);
      FloatVector oneRe = FloatVector.fromArray(SPECIES, data, i + 2 * ROW);
      FloatVector oneIm = FloatVector.fromArray(SPECIES, data, i + 2 * ROW + LANES);
      FloatVector threeRe = FloatVector.fromArray(SPECIES, data, i + 3 * ROW);
      FloatVector threeIm = FloatVector.fromArray(SPECIES, data, i + 3 * ROW + LANES);
      FloatVector sumRe = aRe.add(twoRe);
      FloatVector sumIm = aIm.add(twoIm);
      FloatVector differenceRe = aRe.sub(twoRe);
      FloatVector differenceIm = aIm.sub(twoIm);
      FloatVector oddRe = oneRe.add(threeRe);
      FloatVector oddIm = oneIm.add(threeIm);
      FloatVector turnRe = threeRe.sub(oneRe);
      FloatVector turnIm = threeIm.sub(oneIm);
      sumRe.add(oddRe).intoArray(data, i);
      sumIm.add(oddIm).intoArray(data, i + LANES);
      differenceRe.add(turnIm).intoArray(data, i + ROW);
      differenceIm.sub(turnRe).intoArray(data, i + ROW + LANES);
      sumRe.sub(oddRe).intoArray(data, i + 2 * ROW);
      sumIm.sub(oddIm).intoArray(data, i + 2 * ROW + LANES);
      differenceRe.sub(turnIm).intoArray(data, i + 3 * ROW);
      differenceIm.add(turnRe).intoArray(data, i + 3 * ROW + LANES);
    }
  }

  /** Undoes {@link ForwardPasses#forwardHalves} up to a factor 2. */
  static void inverseHalves(float[] data, int offset, int rows, float[] twiddles) {
    int half = rows / 2 * ROW;
    int w = 0;
    for (int i = offset; i < offset + half; i += ROW) {
      FloatVector aRe = FloatVector.fromArray(SPECIES, data, i);
      FloatVector aIm = FloatVector.fromArray(SPECIES, data, i + LANES);
      FloatVector bRe = FloatVector.fromArray(SPECIES, data, i + half);
      FloatVector bIm = FloatVector.fromArray(SPECIES, data, i + half + LANES);
      FloatVector cos = FloatVector.broadcast(SPECIES, twiddles[w]);
      FloatVector sin = FloatVector.broadcast(SPECIES, twiddles[w + 1]);
      FloatVector re = bRe.mul(cos).sub(bIm.mul(sin));
      FloatVector im = bIm.fma(cos, bRe.mul(sin));
      aRe.add(re).intoArray(data, i);
      aIm.add(im).intoArray(data, i + LANES);
      aRe.sub(re).intoArray(data, i + half);
      aIm.sub(im).intoArray(data, i + half + LANES);
      w += 2;
    }
  }

  /** As {@link #inverseHalves}, leaving the first half of the rows undefined. */
  static void inverseUpperHalves(float[] data, int offset, int rows, float[] twiddles) {
    int half = rows / 2 * ROW;
    int w = 0;
    for (int i = offset; i < offset + half; i += ROW) {
      FloatVector aRe = FloatVector.fromArray(SPECIES, data, i);
      FloatVector aIm = FloatVector.fromArray(SPECIES, data, i + LANES);
      FloatVector bRe = FloatVector.fromArray(SPECIES, data, i + half);
      FloatVector bIm = FloatVector.fromArray(SPECIES, data, i + half + LANES);
      FloatVector cos = FloatVector.broadcast(SPECIES, twiddles[w]);
      FloatVector sin = FloatVector.broadcast(SPECIES, twiddles[w + 1]);
      aRe.sub(bRe.mul(cos).sub(bIm.mul(sin))).intoArray(data, i + half);
      aIm.sub(bIm.fma(cos, bRe.mul(sin))).intoArray(data, i + half + LANES);
      w += 2;
    }
  }
}
