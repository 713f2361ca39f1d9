package io.github.convbasis.simd.fft;

import io.github.convbasis.simd.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The outermost passes of {@link BatchFft} that read their input elsewhere and write their output
 * elsewhere, which saves a copy: half of the rows, where a block is padded and half of the result
 * is kept.
 *
 * <p>Row t elsewhere is at {@code t·step}, its imaginary parts {@code second} further. Same
 * butterflies, and so the same bits, as in {@link ForwardPasses} and {@link InversePasses}. Each
 * method is one loop and makes no call that might not inline. Stateless and thread-safe.
 */
final class EdgePasses {
  private static final VectorSpecies<Float> SPECIES = Lanes.FLOATS;
  private static final VectorSpecies<Integer> BITS =
      VectorSpecies.of(int.class, SPECIES.vectorShape());
  private static final int LANES = SPECIES.length();
  private static final int ROW = BatchFft.ROW;

  /** Masks the sign; bits of absolute values are ordered as the values are. */
  private static final int MAGNITUDE = Integer.MAX_VALUE;

  private EdgePasses() {}

  /** As {@link ForwardPasses#forwardHalvesPadded}, measuring the input. */
  static void loadHalvesPadded(
      float[] source,
      int from,
      int step,
      int second,
      float[] data,
      int offset,
      int rows,
      float[] twiddles,
      int[] greatest,
      int slot) {
    int half = rows / 2 * ROW;
    IntVector bits = IntVector.zero(BITS);
    int s = from;
    int w = 0;
    for (int i = offset; i < offset + half; i += ROW) {
      FloatVector re = FloatVector.fromArray(SPECIES, source, s);
      FloatVector im = FloatVector.fromArray(SPECIES, source, s + second);
      bits = bits.max(re.reinterpretAsInts().and(MAGNITUDE));
      bits = bits.max(im.reinterpretAsInts().and(MAGNITUDE));
      re.intoArray(data, i);
      im.intoArray(data, i + LANES);
      FloatVector cos = FloatVector.broadcast(SPECIES, twiddles[w]);
      FloatVector sin = FloatVector.broadcast(SPECIES, twiddles[w + 1]);
      re.fma(cos, im.mul(sin)).intoArray(data, i + half);
      im.mul(cos).sub(re.mul(sin)).intoArray(data, i + half + LANES);
      w += 2;
      s += step;
    }
    bits.intoArray(greatest, slot);
  }

  /** As {@link ForwardPasses#forwardQuartersPadded}, measuring the input. */
  static void loadQuartersPadded(
      float[] source,
      int from,
      int step,
      int second,
      float[] data,
      int offset,
      int rows,
      float[] twiddles,
      int[] greatest,
      int slot) {
    int quarter = rows / 4 * ROW;
    int far = rows / 4 * step;
    IntVector bits = IntVector.zero(BITS);
    int s = from;
    int w = 0;
    for (int i = offset; i < offset + quarter; i += ROW) {
      FloatVector aRe = FloatVector.fromArray(SPECIES, source, s);
      FloatVector aIm = FloatVector.fromArray(SPECIES, source, s + second);
      FloatVector bRe = FloatVector.fromArray(SPECIES, source, s + far);
      FloatVector bIm = FloatVector.fromArray(SPECIES, source, s + far + second);
      bits = bits.max(aRe.reinterpretAsInts().and(MAGNITUDE));
      bits = bits.max(aIm.reinterpretAsInts().and(MAGNITUDE));
      bits = bits.max(bRe.reinterpretAsInts().and(MAGNITUDE));
      bits = bits.max(bIm.reinterpretAsInts().and(MAGNITUDE));
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
      s += step;
    }
    bits.intoArray(greatest, slot);
  }

  /** As {@link InversePasses#inverseUpperHalves}, times factors; tells whether all is finite. */
  static boolean storeUpperHalves(
      float[] data,
      int offset,
      int rows,
      float[] twiddles,
      float[] target,
      int to,
      int step,
      int second,
      float[] factors) {
    int half = rows / 2 * ROW;
    FloatVector first = FloatVector.fromArray(SPECIES, factors, 0);
    FloatVector last = FloatVector.fromArray(SPECIES, factors, LANES);
    // Zero times an infinity or NaN is NaN and stays it.
    FloatVector check = FloatVector.zero(SPECIES);
    int t = to;
    int w = 0;
    for (int i = offset; i < offset + half; i += ROW) {
      FloatVector aRe = FloatVector.fromArray(SPECIES, data, i);
      FloatVector aIm = FloatVector.fromArray(SPECIES, data, i + LANES);
      FloatVector bRe = FloatVector.fromArray(SPECIES, data, i + half);
      FloatVector bIm = FloatVector.fromArray(SPECIES, data, i + half + LANES);
      FloatVector cos = FloatVector.broadcast(SPECIES, twiddles[w]);
      FloatVector sin = FloatVector.broadcast(SPECIES, twiddles[w + 1]);
      FloatVector outRe = aRe.sub(bRe.mul(cos).sub(bIm.mul(sin))).mul(first).mul(last);
      check = outRe.fma(FloatVector.zero(SPECIES), check);
      outRe.intoArray(target, t);
      FloatVector outIm = aIm.sub(bIm.fma(cos, bRe.mul(sin))).mul(first).mul(last);
      check = outIm.fma(FloatVector.zero(SPECIES), check);
      outIm.intoArray(target, t + second);
      w += 2;
      t += step;
    }
    return !check.test(VectorOperators.IS_NAN).anyTrue();
  }

  /** As {@link InversePasses#inverseUpperQuarters}, times factors; tells whether all is finite. */
  static boolean storeUpperQuarters(
      float[] data,
      int offset,
      int rows,
      float[] twiddles,
      float[] target,
      int to,
      int step,
      int second,
      float[] factors) {
    int quarter = rows / 4 * ROW;
    int far = rows / 4 * step;
    FloatVector first = FloatVector.fromArray(SPECIES, factors, 0);
    FloatVector last = FloatVector.fromArray(SPECIES, factors, LANES);
    // Zero times an infinity or NaN is NaN and stays it.
    FloatVector check = FloatVector.zero(SPECIES);
    int t = to;
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
      FloatVector cRe = sumRe.sub(oddRe).mul(first).mul(last);
      check = cRe.fma(FloatVector.zero(SPECIES), check);
      cRe.intoArray(target, t);
      FloatVector cIm = sumIm.sub(oddIm).mul(first).mul(last);
      check = cIm.fma(FloatVector.zero(SPECIES), check);
      cIm.intoArray(target, t + second);
      FloatVector dRe = differenceRe.sub(turnIm).mul(first).mul(last);
      check = dRe.fma(FloatVector.zero(SPECIES), check);
      dRe.intoArray(target, t + far);
      FloatVector dIm = differenceIm.add(turnRe).mul(first).mul(last);
      check = dIm.fma(FloatVector.zero(SPECIES), check);
      dIm.intoArray(target, t + far + second);
      w += 6;
      t += step;
    }
    return !check.test(VectorOperators.IS_NAN).anyTrue();
  }
}
