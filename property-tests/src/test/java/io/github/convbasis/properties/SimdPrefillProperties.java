package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Attention chunk by chunk of the SIMD backend. */
class SimdPrefillProperties extends PrefillContract implements SimdContract {

  /** Else the properties above would judge exact attention only. */
  @Property
  void longSamplesAreCutIntoBlocks(
      @ForAll(supplier = SegmentedSample.Blocked.class) SegmentedSample sample) {
    int terms = sample.starts()[0].length;
    int grid = backend().prefill(sample.n(), sample.depth(), sample.width(), terms).grid();
    assertTrue(grid > 1, "grid " + grid);
  }
}
