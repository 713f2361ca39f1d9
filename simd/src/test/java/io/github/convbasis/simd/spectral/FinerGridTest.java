package io.github.convbasis.simd.spectral;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;
import io.github.convbasis.simd.Samples;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Blocks that round less, for inputs that need them. */
class FinerGridTest {
  private static final Parallelism ALONE = Parallelism.sequential();

  @Test
  void untrustedRowsDecide() {
    int n = 1 << 16;
    BlockPlan plan = BlockPlan.of(64, 1024);
    assertNull(plan.finer(n, 64, 64, 64, 0), "every row is trusted");
    assertNull(plan.finer(n, 64, 64, 64, 10), "a few rows cost less than another run");
    BlockPlan finer = plan.finer(n, 64, 64, 64, n);
    assertEquals(2, finer.levels());
    assertEquals(64, finer.blockSize(0));
    assertEquals(128, finer.blockSize(1));
    assertNull(finer.finer(n, 64, 64, 64, n), "there is nothing finer");
    assertNull(BlockPlan.of(256, 1024).finer(n, 64, 64, 64, n), "the diagonal blocks must stay");
  }

  @Test
  void aRepeatedCallGivesTheFinerGridsBits() {
    int n = 1 << 14;
    int depth = 16;
    AttentionInputs inputs = Samples.causal(3, n, depth, depth, 1);
    double[] kernel = new SplittableRandom(4).doubles(n, -1, 1).toArray();
    SegmentedToeplitz logits = SegmentedToeplitz.wrap(n, new int[] {0}, new double[][] {kernel});
    BlockPlan plan = BlockPlan.cheapest(n, depth, depth, 1);
    BlockPlan finer = plan.finer(n, depth, depth, 1, n);
    HeadTensor expected = HeadTensor.allocate(true, 1, n, depth);
    boolean[] untrusted = new boolean[n];
    // No row is within such a bound.
    double impossible = 1e-15;
    BlockPlan used = finer == null ? plan : finer;
    SegmentAttention.atOnce(used, depth, depth)
        .advance(inputs, 0, logits, impossible, expected, untrusted, ALONE);
    HeadTensor actual = HeadTensor.allocate(true, 1, n, depth);
    new SpectralWorkspace()
        .attend(inputs, 0, logits, FarOffsets.NONE, null, impossible, actual, untrusted, ALONE);
    assertArrayEquals(expected.floats(), actual.floats());
  }
}
