package io.github.convbasis.simd.spectral;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;
import io.github.convbasis.simd.Allocations;
import io.github.convbasis.simd.Pool;
import io.github.convbasis.simd.Samples;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Calls with scratch that has grown: closures of work items and views, nothing by rows. */
class SpectralHotPathTest {
  private static final int WIDTH = 20;

  /** Bytes of a few closures for each region of {@link #BLOCK} rows; 256 were seen. */
  private static final long PER_REGION = 500;

  private static final int BLOCK = 64;

  @BeforeEach
  void vectorsAreInHardware() {
    Allocations.assumeVectorsInHardware();
  }

  @Test
  void attention() {
    for (int n : new int[] {256, 1024}) {
      SegmentedToeplitz logits = SegmentSamples.gaussian(n, 5, 1, 3);
      AttentionInputs inputs = narrow(n);
      HeadTensor output = HeadTensor.allocate(true, 1, n, WIDTH);
      boolean[] untrusted = new boolean[n];
      SegmentAttention attention = SegmentAttention.atOnce(BlockPlan.of(16, BLOCK), 4, WIDTH);
      requireFewBytes(
          n,
          () -> {
            attention.restart();
            attention.advance(inputs, 0, logits, 1e-4, output, untrusted, Parallelism.sequential());
          });
    }
  }

  @Test
  void attentionWithOffsets() {
    for (int n : new int[] {256, 1024}) {
      SegmentedToeplitz logits = SegmentSamples.gaussian(n, 5, 1, 3);
      AttentionInputs inputs = narrow(n);
      HeadTensor output = HeadTensor.allocate(true, 1, n, WIDTH);
      boolean[] untrusted = new boolean[n];
      double[] slopes = new double[n];
      for (int i = 0; i < n; i++) {
        slopes[i] = 1e-3 * i;
      }
      int[] excluded = {0, 1, 100};
      Pool<NearPart> near = new Pool<>(() -> new DiagonalPart(4, WIDTH).of(inputs, 0));
      SegmentAttention attention = SegmentAttention.atOnce(BlockPlan.of(16, BLOCK), 4, WIDTH);
      for (double[] c : new double[][] {null, slopes}) {
        FarOffsets offsets = new FarOffsets(slopes, c, excluded);
        requireFewBytes(
            n,
            () -> {
              attention.restart();
              attention.advance(
                  inputs,
                  0,
                  logits,
                  offsets,
                  near,
                  1e-4,
                  output,
                  untrusted,
                  Parallelism.sequential());
            });
      }
    }
  }

  /** Queries and keys are only for the diagonal blocks, whatever the logits elsewhere are. */
  private static AttentionInputs narrow(int n) {
    SplittableRandom random = new SplittableRandom(5);
    return AttentionInputs.causal(
        Samples.tensor(random, Samples.Layout.DENSE, true, 1, n, 4, 1),
        Samples.tensor(random, Samples.Layout.DENSE, true, 1, n, 4, 1),
        Samples.tensor(random, Samples.Layout.DENSE, true, 1, n, WIDTH, 1));
  }

  @Test
  void products() {
    for (int n : new int[] {256, 1024}) {
      SegmentedToeplitz matrix = SegmentSamples.gaussian(n, 5, 1, 3);
      HeadTensor x = narrow(n).values();
      HeadTensor y = HeadTensor.allocate(true, 1, n, WIDTH);
      SegmentProduct product = SegmentProduct.of(BlockPlan.of(16, BLOCK));
      requireFewBytes(
          n,
          () -> {
            product.apply(matrix, x, y, 0, false, Parallelism.sequential());
            product.apply(matrix, x, y, 0, true, Parallelism.sequential());
          });
    }
  }

  private static void requireFewBytes(int n, Runnable call) {
    Allocations.requireAtMost((long) n / BLOCK * PER_REGION + 1_000, n + " rows", call);
  }
}
