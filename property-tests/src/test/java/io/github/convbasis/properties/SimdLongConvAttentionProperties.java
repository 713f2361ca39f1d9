package io.github.convbasis.properties;

import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

/** Conv-basis attention with known starts of the SIMD backend. */
class SimdLongConvAttentionProperties extends LongConvAttentionContract implements SimdContract {
  /** The last lies where sums of squares would overflow a float. */
  @Provide
  Arbitrary<Double> valueFactors() {
    return Arbitraries.of(-1.0, 1e6, 1e20);
  }

  /**
   * EXACT, unlike the scalar reference, which transforms the whole sequence at once: blocks are
   * computed from what lies before their end.
   */
  @Property
  void laterRowsDoNotChangeEarlierBlocks(
      @ForAll(supplier = SegmentedSample.Blocked.class) SegmentedSample sample,
      @ForAll @IntRange(min = 0, max = 99) int place,
      @ForAll("valueFactors") double valueFactor,
      @ForAll @IntRange(min = -30, max = 30) int logitFactor) {
    int terms = sample.starts()[0].length;
    int grid = backend().prefill(sample.n(), sample.depth(), sample.width(), terms).grid();
    int blocks = (sample.n() - 1) / grid;
    int from = grid * (1 + place % blocks);
    int depth = sample.depth();
    AttentionInputs changed =
        sample.inputs(
            scaledFrom(sample.queries(), from * depth, logitFactor),
            scaledFrom(sample.keys(), from * depth, logitFactor),
            scaledFrom(sample.values(), from * sample.width(), valueFactor));
    HeadTensor before = attend(sample, sample.inputs());
    HeadTensor after = attend(sample, changed);
    Tolerances.requireSameBits(
        Layout.elements(Chunks.rows(after, 0, from)),
        Layout.elements(Chunks.rows(before, 0, from)),
        "row before " + from);
  }

  private static double[] scaledFrom(double[] elements, int from, double factor) {
    double[] result = elements.clone();
    for (int i = from; i < result.length; i++) {
      result[i] *= factor;
    }
    return result;
  }
}
