package io.github.convbasis.properties;

import io.github.convbasis.attention.ExactAttention;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.TileKind;
import io.github.convbasis.matrix.TileMap;
import io.github.convbasis.matrix.TiledLogits;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Attention from tiles of the SIMD backend. */
class SimdTilesProperties extends TilesContract implements SimdContract {
  @Override
  boolean convolutions() {
    return false;
  }

  /** EXACT: the same kernel, in the same order. */
  @Property
  void exactTilesHaveTheBitsOfExactAttention(@ForAll("longSamples") TileSample sample) {
    AttentionInputs inputs = sample.attention().inputs();
    HeadTensor expected = sample.attention().blankOutput();
    new ExactAttention(backend()).forward(inputs, expected, Parallelism.sequential());
    HeadTensor actual = sample.attention().blankOutput();
    backend()
        .attendTiles(
            inputs,
            sample.head(),
            TiledLogits.of(TileMap.uniform(sample.grid(), TileKind.EXACT)),
            1e-3,
            actual,
            new boolean[inputs.rows()],
            backend().newWorkspace(),
            Parallelism.sequential());
    Tolerances.requireSameBits(
        Layout.elements(actual.head(sample.head())),
        Layout.elements(expected.head(sample.head())),
        "output");
  }
}
