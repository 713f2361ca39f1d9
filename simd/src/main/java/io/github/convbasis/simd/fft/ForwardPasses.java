package io.github.convbasis.simd.fft;

import io.github.convbasis.simd.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The forward passes of {@link BatchFft}: butterflies of decimation in frequency over rows of
 * {@code [re × lanes | im × lanes]}, twiddles last.
 *
 * <p>Outputs of a radix-4 pass with residues 0, 1, 2, 3 lie in quarters 0, 2, 1, 3, as after two
 * radix-2 passes. Each method is one loop and makes no call that might not inline, so that vectors
 * stay in registers. Stateless and thread-safe.
 */
final class ForwardPasses {
  private static final VectorSpecies<Float> SPECIES = Lanes.FLOATS;
  private static final int LANES = SPECIES.length();
  private static final int ROW = BatchFft.ROW;

  private ForwardPasses() {}

  /** A radix-4 pass over one transform; six floats of twiddles per butterfly. */
  static void forwardQuarters(float[] data, int offset, int rows, float[] twiddles) {
    int quarter = rows / 4 * ROW;
    int w = 0;
    for (int i = offset; i < offset + quarter; i += ROW) {
      FloatVector aRe = FloatVector.fromArray(SPECIES, data, i);
      FloatVector aIm = FloatVector.fromArray(SPECIES, data, i + LANES);
      FloatVector bRe = FloatVector.fromArray(SPECIES, data, i + quarter);
      FloatVector bIm = FloatVector.fromArray(SPECIES, data, i + quarter + LANES);
      FloatVector cRe = FloatVector.fromArray(SPECIES, data, i + 2 * quarter);
      FloatVector cIm = FloatVector.fromArray(SPECIES, data, i + 2 * quarter + LANES);
      FloatVector dRe = FloatVector.fromArray(SPECIES, data, i + 3 * quarter);
      FloatVector dIm = FloatVector.fromArray(SPECIES, data, i + 3 * quarter + LANES);
      FloatVector acRe = aRe.add(cRe);
      FloatVector acIm = aIm.add(cIm);
      FloatVector bdRe = bRe.add(dRe);
      FloatVector bdIm = bIm.add(dIm);
      aRe = aRe.sub(cRe);
      aIm = aIm.sub(cIm);
      bRe = bRe.sub(dRe);
      bIm = bIm.sub(dIm);
      acRe.add(bdRe).intoArray(data, i);
      acIm.add(bdIm).intoArray(data, i + LANES);
      FloatVector twoRe = acRe.sub(bdRe);
      FloatVector twoIm = acIm.sub(bdIm);
      FloatVector cos2 = FloatVector.broadcast(SPECIES, twiddles[w + 2]);
      FloatVector sin2 = FloatVector.broadcast(SPECIES, twiddles[w + 3]);
      twoRe.fma(cos2, twoIm.mul(sin2)).intoArray(data, i + quarter);
      twoIm.mul(cos2).sub(twoRe.mul(sin2)).intoArray(data, i + quarter + LANES);
      FloatVector oneRe = aRe.add(bIm);
      FloatVector oneIm = aIm.sub(bRe);
      FloatVector cos1 = FloatVector.broadcast(SPECIES, twiddles[w]);
      FloatVector sin1 = FloatVector.broadcast(SPECIES, twiddles[w + 1]);
      oneRe.fma(cos1, oneIm.mul(sin1)).intoArray(data, i + 2 * quarter);
      oneIm.mul(cos1).sub(oneRe.mul(sin1)).intoArray(data, i + 2 * quarter + LANES);
      FloatVector threeRe = aRe.sub(bIm);
      FloatVector threeIm = aIm.add(bRe);
      FloatVector cos3 = FloatVector.broadcast(SPECIES, twiddles[w + 4]);
      FloatVector sin3 = FloatVector.broadcast(SPECIES, twiddles[w + 5]);
      threeRe.fma(cos3, threeIm.mul(sin3)).intoArray(data, i + 3 * quarter);
      threeIm.mul(cos3).sub(threeRe.mul(sin3)).intoArray(data, i + 3 * quarter + LANES);
      w += 6;
    }
  }

  /** As {@link #forwardQuarters} where the second half of the rows counts as zero. */
  static void forwardQuartersPadded(float[] data, int offset, int rows, float[] twiddles) {
    int quarter = rows / 4 * ROW;
    int w = 0;
    for (int i = offset; i < offset + quarter; i += ROW) {
      FloatVector aRe = FloatVector.fromArray(SPECIES, data, i);
      FloatVector aIm = FloatVector.fromArray(SPECIES, data, i + LANES);
      FloatVector bRe = FloatVector.fromArray(SPECIES, data, i + quarter);
      FloatVector bIm = FloatVector.fromArray(SPECIES, data, i + quarter + LANES);
      aRe.add(bRe).intoArray(data, i);
      aIm.add(bIm).intoArray(data, i + LANES);
      FloatVector twoRe = aRe.sub(bRe);
      FloatVector twoIm = aIm.sub(bIm);
      FloatVector cos2 = FloatVector.broadcast(SPECIES, twiddles[w + 2]);
      FloatVector sin2 = FloatVector.broadcast(SPECIES, twiddles[w + 3]);
      twoRe.fma(cos2, twoIm.mul(sin2)).intoArray(data, i + quarter);
      twoIm.mul(cos2).sub(twoRe.mul(sin2)).intoArray(data, i + quarter + LANES);
      FloatVector oneRe = aRe.add(bIm);
      FloatVector oneIm = aIm.sub(bRe);
      FloatVector cos1 = FloatVector.broadcast(SPECIES, twiddles[w]);
      FloatVector sin1 = FloatVector.broadcast(SPECIES, twiddles[w + 1]);
      oneRe.fma(cos1, oneIm.mul(sin1)).intoArray(data, i + 2 * quarter);
      oneIm.mul(cos1).sub(oneRe.mul(sin1)).intoArray(data, i + 2 * quarter + LANES);
      FloatVector threeRe = aRe.sub(bIm);
      FloatVector threeIm = aIm.add(bRe);
      FloatVector cos3 = FloatVector.broadcast(SPECIES, twiddles[w + 4]);
      FloatVector sin3 = FloatVector.broadcast(SPECIES, twiddles[w + 5]);
      threeRe.fma(cos3, threeIm.mul(sin3)).intoArray(data, i + 3 * quarter);
      threeIm.mul(cos3).sub(threeRe.mul(sin3)).intoArray(data, i + 3 * quarter + LANES);
      w += 6;
    }
  }

  /**
   * A radix-4 pass over many transforms of 16 rows: the inner loop runs over transforms, because
   * four trips are too few and the twiddles stay in registers.
   */
  static void forwardSixteens(float[] data, int offset, int rows, float[] twiddles) {
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
        FloatVector bRe = FloatVector.fromArray(SPECIES, data, i + 4 * ROW);
        FloatVector bIm = FloatVector.fromArray(SPECIES, data, i + 4 * ROW + LANES);
        FloatVector cRe = FloatVector.fromArray(SPECIES, data, i + 8 * ROW);
        FloatVector cIm = FloatVector.fromArray(SPECIES, data, i + 8 * ROW + LANES);
        FloatVector dRe = FloatVector.fromArray(SPECIES, data, i + 12 * ROW);
        FloatVector dIm = FloatVector.fromArray(SPECIES, data, i + 12 * ROW + LANES);
        FloatVector acRe = aRe.add(cRe);
        FloatVector acIm = aIm.add(cIm);
        FloatVector bdRe = bRe.add(dRe);
        FloatVector bdIm = bIm.add(dIm);
        aRe = aRe.sub(cRe);
        aIm = aIm.sub(cIm);
        bRe = bRe.sub(dRe);
        bIm = bIm.sub(dIm);
        acRe.add(bdRe).intoArray(data, i);
        acIm.add(bdIm).intoArray(data, i + LANES);
        FloatVector twoRe = acRe.sub(bdRe);
        FloatVector twoIm = acIm.sub(bdIm);

        twoRe.fma(cos2, twoIm.mul(sin2)).intoArray(data, i + 4 * ROW);
        twoIm.mul(cos2).sub(twoRe.mul(sin2)).intoArray(data, i + 4 * ROW + LANES);
        FloatVector oneRe = aRe.add(bIm);
        FloatVector oneIm = aIm.sub(bRe);

        oneRe.fma(cos1, oneIm.mul(sin1)).intoArray(data, i + 8 * ROW);
        oneIm.mul(cos1).sub(oneRe.mul(sin1)).intoArray(data, i + 8 * ROW + LANES);
        FloatVector threeRe = aRe.sub(bIm);
        FloatVector threeIm = aIm.add(bRe);

        threeRe.fma(cos3, threeIm.mul(sin3)).intoArray(data, i + 12 * ROW);
        threeIm.mul(cos3).sub(threeRe.mul(sin3)).intoArray(data, i + 12 * ROW + LANES);
      }
    }
  }

  /** Transforms of four rows: no twiddles. */
  static void forwardFours(float[] data, int offset, int rows) {
    for (int i = offset; i < offset + rows * ROW; i += 4 * ROW) {
      FloatVector aRe = FloatVector.fromArray(SPECIES, data, i);
      FloatVector aIm = FloatVector.fromArray(SPECIES, data, i + LANES);
      FloatVector bRe = FloatVector.fromArray(SPECIES, data, i + ROW);
      FloatVector bIm = FloatVector.fromArray(SPECIES, data, i + ROW + LANES);
      FloatVector cRe = FloatVector.fromArray(SPECIES, data, i + 2 * ROW);
      FloatVector cIm = FloatVector.fromArray(SPECIES, data, i + 2 * ROW + LANES);
      FloatVector dRe = FloatVector.fromArray(SPECIES, data, i + 3 * ROW);
      FloatVector dIm = FloatVector.fromArray(SPECIES, data, i + 3 * ROW + LANES);
      FloatVector acRe = aRe.add(cRe);
      FloatVector acIm = aIm.add(cIm);
      FloatVector bdRe = bRe.add(dRe);
      FloatVector bdIm = bIm.add(dIm);
      aRe = aRe.sub(cRe);
      aIm = aIm.sub(cIm);
      bRe = bRe.sub(dRe);
      bIm = bIm.sub(dIm);
      acRe.add(bdRe).intoArray(data, i);
      acIm.add(bdIm).intoArray(data, i + LANES);
      acRe.sub(bdRe).intoArray(data, i + ROW);
      acIm.sub(bdIm).intoArray(data, i + ROW + LANES);
      aRe.add(bIm).intoArray(data, i + 2 * ROW);
      aIm.sub(bRe).intoArray(data, i + 2 * ROW + LANES);
      aRe.sub(bIm).intoArray(data, i + 3 * ROW);
      aIm.add(bRe).intoArray(data, i + 3 * ROW + LANES);
    }
  }

  /** A radix-2 pass over one transform; two floats of twiddles per butterfly. */
  static void forwardHalves(float[] data, int offset, int rows, float[] twiddles) {
    int half = rows / 2 * ROW;
    int w = 0;
    for (int i = offset; i < offset + half; i += ROW) {
      FloatVector aRe = FloatVector.fromArray(SPECIES, data, i);
      FloatVector aIm = FloatVector.fromArray(SPECIES, data, i + LANES);
      FloatVector bRe = FloatVector.fromArray(SPECIES, data, i + half);
      FloatVector bIm = FloatVector.fromArray(SPECIES, data, i + half + LANES);
      FloatVector cos = FloatVector.broadcast(SPECIES, twiddles[w]);
      FloatVector sin = FloatVector.broadcast(SPECIES, twiddles[w + 1]);
      aRe.add(bRe).intoArray(data, i);
      aIm.add(bIm).intoArray(data, i + LANES);
      FloatVector re = aRe.sub(bRe);
      FloatVector im = aIm.sub(bIm);
      re.fma(cos, im.mul(sin)).intoArray(data, i + half);
      im.mul(cos).sub(re.mul(sin)).intoArray(data, i + half + LANES);
      w += 2;
    }
  }

  /** As {@link #forwardHalves} where the second half of the rows counts as zero. */
  static void forwardHalvesPadded(float[] data, int offset, int rows, float[] twiddles) {
    int half = rows / 2 * ROW;
    int w = 0;
    for (int i = offset; i < offset + half; i += ROW) {
      FloatVector re = FloatVector.fromArray(SPECIES, data, i);
      FloatVector im = FloatVector.fromArray(SPECIES, data, i + LANES);
      FloatVector cos = FloatVector.broadcast(SPECIES, twiddles[w]);
      FloatVector sin = FloatVector.broadcast(SPECIES, twiddles[w + 1]);
      re.fma(cos, im.mul(sin)).intoArray(data, i + half);
      im.mul(cos).sub(re.mul(sin)).intoArray(data, i + half + LANES);
      w += 2;
    }
  }
}
