package io.github.convbasis.simd.exact;

import io.github.convbasis.backend.GradientEntries;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.SeenKeys;
import io.github.convbasis.backend.TileSums;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.TileGrid;
import io.github.convbasis.matrix.TileKind;
import io.github.convbasis.matrix.TileMap;
import io.github.convbasis.matrix.TiledLogits;
import io.github.convbasis.simd.Allocations;
import io.github.convbasis.simd.Pool;
import io.github.convbasis.simd.Samples;
import io.github.convbasis.simd.Samples.Layout;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Calls with scratch that has grown: closures of a batch of row blocks, nothing by rows. */
class TileHotPathTest {
  private static final int WIDTH = 20;

  /** Bytes of a few closures and views for each call or batch of row blocks; 400 were seen. */
  private static final long LIMIT = 1_500;

  @BeforeEach
  void vectorsAreInHardware() {
    Allocations.assumeVectorsInHardware();
  }

  @Test
  void attention() {
    // A batch is 2L row blocks.
    int n = 16 * AttentionScratch.GROUP_ROWS;
    AttentionInputs inputs = Samples.causal(5, n, WIDTH, WIDTH, 1);
    TileGrid grid = new TileGrid(n, 16, 8);
    TileMap map =
        TileMap.of(
            grid,
            (row, column) ->
                column >= grid.blocksBelowDiagonal(row) || (row + column) % 3 == 0
                    ? TileKind.EXACT
                    : TileKind.RANK_ONE);
    TiledLogits model = new TiledLogits(map, new int[] {0, 1, 9}, null, null, null);
    HeadTensor output = HeadTensor.allocate(true, 1, n, WIDTH);
    boolean[] untrusted = new boolean[n];
    TileAttention attention = new TileAttention(WIDTH, WIDTH);
    Allocations.requireAtMost(
        LIMIT,
        "attention",
        () ->
            attention.attend(inputs, 0, model, null, output, untrusted, Parallelism.sequential()));
  }

  @Test
  void sums() {
    AttentionInputs inputs = Samples.causal(6, 400, WIDTH, WIDTH, 1);
    for (boolean means : new boolean[] {false, true}) {
      TileSums sums = new TileSums(70, WIDTH, 400, 16, means ? WIDTH : 0, means);
      Arrays.setAll(sums.queries, i -> Math.sin(i));
      Arrays.setAll(sums.visible, i -> 5 * i);
      Pool<TileSumScratch> pool = new Pool<>(() -> new TileSumScratch(WIDTH, WIDTH, means, means));
      Allocations.requireAtMost(
          LIMIT,
          "sums",
          () -> TileSumsKernel.compute(inputs, 0, sums, pool, Parallelism.sequential()));
    }
  }

  @Test
  void entries() {
    int n = 4 * AttentionScratch.BLOCK_ROWS;
    AttentionInputs inputs = Samples.causal(7, n, WIDTH, WIDTH, 1);
    HeadTensor output = HeadTensor.allocate(true, 1, n, WIDTH);
    double[] logSums = new double[n];
    AttentionScratch scratch = AttentionScratch.of(inputs);
    GradientEntries[] sets = {
      new GradientEntries(null, null, 0, 64), new GradientEntries(null, new int[] {0, 1}, 0, n)
    };
    for (GradientEntries entries : sets) {
      Allocations.requireAtMost(
          LIMIT,
          "entries",
          () -> {
            EntryAttention attention = new EntryAttention(inputs, 0, entries, output, logSums);
            for (int item = 0; item < attention.items(); item++) {
              attention.attend(item, scratch);
            }
          });
    }
  }

  @Test
  void seenKeys() {
    int n = 4 * AttentionScratch.BLOCK_ROWS;
    AttentionInputs inputs =
        Samples.inputs(8, Layout.DENSE, true, 1, 1, n, n, WIDTH, WIDTH, AttentionMask.NONE);
    HeadTensor output = HeadTensor.allocate(true, 1, n, WIDTH);
    AttentionScratch scratch = AttentionScratch.of(inputs);
    int[] rows = IntStream.range(0, n).filter(row -> row < 300 || row % 3 == 0).toArray();
    SeenKeys band = SeenKeys.ofRange(0, n, -20, 64).withBias(lag -> -0.25 * Math.abs(lag));
    SeenKeys some = band.withKeys(IntStream.range(0, n).filter(key -> key % 5 != 0).toArray());
    for (SeenKeys seen : new SeenKeys[] {band, some}) {
      Allocations.requireAtMost(
          LIMIT,
          "entries",
          () -> {
            EntryAttention attention =
                new EntryAttention(inputs, 0, seen, rows, 0, rows.length, output);
            for (int item = 0; item < attention.items(); item++) {
              attention.attend(item, scratch);
            }
          });
    }
  }
}
