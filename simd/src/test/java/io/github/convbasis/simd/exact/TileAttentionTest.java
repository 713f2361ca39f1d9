package io.github.convbasis.simd.exact;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;
import io.github.convbasis.matrix.TileGrid;
import io.github.convbasis.matrix.TileKind;
import io.github.convbasis.matrix.TileMap;
import io.github.convbasis.matrix.TiledLogits;
import io.github.convbasis.simd.Samples;
import io.github.convbasis.simd.Tolerance;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Rows of models with convolutions, whose kernel's part is added here by definition. */
class TileAttentionTest {
  private static final int DEPTH = 12;
  private static final int WIDTH = 10;

  /** Adds the kernel's part in double, and judges the rows. */
  private record DensePart(TiledLogits model, AttentionInputs inputs, int band, boolean[] seen)
      implements ConvolutionPart {
    @Override
    public void merge(
        int fromRow,
        int toRow,
        float[] numerators,
        double[] shifts,
        double[] rowSums,
        double[] subtracted,
        double[] rankOne) {
      assertEquals(fromRow / band, (toRow - 1) / band, "band");
      double[] row = new double[WIDTH];
      for (int i = fromRow; i < toRow; i++) {
        int r = i - fromRow;
        double sum = rowSums[r];
        for (int c = 0; c < WIDTH; c++) {
          row[c] = numerators[r * WIDTH + c];
        }
        double negative = 0;
        for (int j = 0; j < i / band * band; j++) {
          if (Arrays.binarySearch(model.exactColumns(), j) < 0) {
            double weight = Math.exp(model.convolutionLogit(i, j) - shifts[r]);
            sum += weight;
            inputs.values().addScaledRow(0, j, weight, row);
            boolean kernel = kind(i, j) == TileKind.CONVOLUTION;
            negative += kernel ? 0 : weight;
          }
        }
        assertEquals(negative, subtracted[r], 1e-5 * (1 + negative), "subtracted of row " + i);
        judge(i, row, sum, 1 + 2 * negative / sum);
        seen[i] = true;
      }
    }

    private void judge(int i, double[] numerators, double sum, double cancellation) {
      double[] logits = logits(i);
      double greatest = Arrays.stream(logits).max().orElseThrow();
      double[] expected = new double[WIDTH];
      double total = Arrays.stream(logits).map(logit -> Math.exp(logit - greatest)).sum();
      for (int j = 0; j <= i; j++) {
        double weight = Math.exp(logits[j] - greatest) / total;
        inputs.values().addScaledRow(0, j, weight, expected);
      }
      // A mean key's own rounding moves logits once more.
      double tolerance = 4 * cancellation * Tolerance.attention(inputs, 0, i);
      for (int c = 0; c < WIDTH; c++) {
        String where = inputs.rows() + " rows, " + model.map() + ", row " + i;
        assertEquals(expected[c], numerators[c] / sum, tolerance, where);
      }
    }

    private TileKind kind(int i, int j) {
      TileGrid grid = model.map().grid();
      return model.map().kind(i / grid.rowBlock(), j / grid.columnBlock());
    }

    private double[] logits(int i) {
      TileGrid grid = model.map().grid();
      int bandStart = i / band * band;
      double[] logits = new double[i + 1];
      for (int j = 0; j <= i; j++) {
        TileKind kind = kind(i, j);
        int tile = j / grid.columnBlock();
        boolean whole = grid.columnEnd(tile) <= bandStart;
        if (j >= bandStart
            || Arrays.binarySearch(model.exactColumns(), j) >= 0
            || kind == TileKind.EXACT
            || (kind == TileKind.RANK_ONE && !whole)) {
          logits[j] = inputs.scale() * dot(i, j);
        } else if (kind == TileKind.CONVOLUTION) {
          logits[j] = model.convolutionLogit(i, j);
        } else if (kind == TileKind.NEGLIGIBLE) {
          logits[j] = Double.NEGATIVE_INFINITY;
        } else {
          logits[j] = rankOne(i, j, tile);
        }
      }
      return logits;
    }

    private double dot(int i, int j) {
      double[] query = new double[DEPTH];
      inputs.queries().copyRow(0, i, query);
      return inputs.keys().dot(0, j, query);
    }

    private double rankOne(int i, int j, int tile) {
      TileGrid grid = model.map().grid();
      int block = i / grid.rowBlock();
      int from = grid.rowStart(block);
      int to = grid.rowEnd(block);
      double[] mean = new double[DEPTH];
      for (int row = from; row < to; row++) {
        inputs.queries().addScaledRow(0, row, 1.0 / (to - from), mean);
      }
      double[] query = new double[DEPTH];
      inputs.queries().copyRow(0, i, query);
      double sum = 0;
      double moved = 0;
      for (int key = grid.columnStart(tile); key < grid.columnEnd(tile); key++) {
        if (Arrays.binarySearch(model.exactColumns(), key) < 0) {
          double atMean = inputs.keys().dot(0, key, mean);
          double weight = Math.exp(inputs.scale() * atMean);
          sum += weight;
          moved += weight * inputs.scale() * (inputs.keys().dot(0, key, query) - atMean);
        }
      }
      return moved / sum + inputs.scale() * inputs.keys().dot(0, j, mean);
    }
  }

  private static TiledLogits model(SplittableRandom random, TileGrid grid) {
    int n = grid.rows();
    TileMap map =
        TileMap.of(
            grid,
            (row, column) -> {
              boolean below = column < grid.blocksBelowDiagonal(row);
              return TileKind.values()[random.nextInt(below ? 4 : 2)];
            });
    int[] exactColumns = n < 9 ? new int[0] : new int[] {0, 3, n / 2, n / 2 + 1, n - 2};
    int[] starts = n < 2 ? new int[] {0} : new int[] {0, n / 2};
    double[][] kernels = new double[starts.length][];
    for (int r = 0; r < starts.length; r++) {
      kernels[r] = random.doubles(n - starts[r], -2, 2).toArray();
    }
    double[] offsets = random.doubles(n, -1, 1).toArray();
    return new TiledLogits(
        map, exactColumns, SegmentedToeplitz.of(n, starts, kernels), offsets, offsets);
  }

  @Test
  void rowsMergeWithTheKernelsPartToTheModel() {
    SplittableRandom random = new SplittableRandom(11);
    TileAttention attention = new TileAttention(DEPTH, WIDTH);
    for (int n : new int[] {1, 5, 63, 130, 211, 300}) {
      AttentionInputs inputs = Samples.causal(n, n, DEPTH, WIDTH, 1);
      for (int[] sizes : new int[][] {{32, 16, 16}, {32, 16, 64}, {10, 7, 12}, {64, 300, 8}}) {
        TiledLogits model = model(random, new TileGrid(n, sizes[0], sizes[1]));
        boolean[] seen = new boolean[n];
        DensePart part = new DensePart(model, inputs, sizes[2], seen);
        double share =
            attention.attend(inputs, 0, model, part, null, null, Parallelism.sequential());
        assertTrue(share > 0 && share <= 1, "share " + share);
        for (int i = 0; i < n; i++) {
          assertTrue(seen[i], "row " + i);
        }
      }
    }
  }

  @Test
  void convolutionsNeedTheirPart() {
    AttentionInputs inputs = Samples.causal(1, 20, DEPTH, WIDTH, 1);
    TiledLogits model = model(new SplittableRandom(1), new TileGrid(20, 4, 4));
    TileAttention attention = new TileAttention(DEPTH, WIDTH);
    HeadTensor output = HeadTensor.allocate(true, 1, 20, WIDTH);
    assertThrows(
        IllegalArgumentException.class,
        () -> attention.attend(inputs, 0, model, null, output, null, Parallelism.sequential()));
  }
}
