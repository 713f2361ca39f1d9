package io.github.convbasis.properties;

import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;
import io.github.convbasis.matrix.TileGrid;
import io.github.convbasis.matrix.TileKind;
import io.github.convbasis.matrix.TileMap;
import io.github.convbasis.matrix.TiledLogits;
import java.util.Arrays;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;

/**
 * A model of logits tile by tile, and what it is a model of, by their recipe.
 *
 * @param exact share of exact tiles below the diagonal
 * @param rankOne share of rank-one tiles among the others
 * @param columns share of exact columns
 */
record TileSample(
    AttentionSample attention,
    int rowBlock,
    int columnBlock,
    double exact,
    double rankOne,
    double columns,
    long seed) {

  static Arbitrary<TileSample> of(Arbitrary<AttentionSample> samples) {
    Arbitrary<Double> shares =
        Arbitraries.oneOf(
            Arbitraries.of(0.0, 1.0), Arbitraries.doubles().between(0, 1).withoutEdgeCases());
    return Combinators.combine(
            samples,
            Sizes.upTo(160),
            Sizes.upTo(160),
            shares,
            shares,
            Arbitraries.of(0.0, 0.0, 0.05, 0.5, 1.0),
            Sizes.seeds())
        .as(TileSample::new);
  }

  int head() {
    return (int) Math.floorMod(seed, (long) attention.shape().queries);
  }

  TileGrid grid() {
    return new TileGrid(attention.n(), rowBlock, columnBlock);
  }

  /** Makes the model; with convolutions every kind may be anywhere it is allowed. */
  TiledLogits model(boolean convolutions) {
    TileGrid grid = grid();
    SplittableRandom random = new SplittableRandom(seed);
    TileMap map =
        TileMap.of(
            grid,
            (row, column) -> {
              double kind = random.nextDouble();
              boolean below = column < grid.blocksBelowDiagonal(row);
              if (convolutions && random.nextBoolean()) {
                return TileKind.CONVOLUTION;
              }
              if (kind < exact || !below) {
                return TileKind.EXACT;
              }
              return random.nextDouble() < rankOne ? TileKind.RANK_ONE : TileKind.NEGLIGIBLE;
            });
    int n = attention.n();
    int[] exactColumns = Draw.subset(random, (int) (columns * n), n);
    if (!map.has(TileKind.CONVOLUTION)) {
      return new TiledLogits(map, exactColumns, null, null, null);
    }
    int terms = Math.min(3, n);
    int[] starts = Draw.subset(random, terms, n);
    starts[0] = 0;
    double[][] kernels = new double[terms][];
    Arrays.setAll(kernels, r -> Draw.gaussian(random, n - starts[r], 1));
    return new TiledLogits(
        map,
        exactColumns,
        SegmentedToeplitz.of(n, starts, kernels),
        random.nextBoolean() ? Draw.gaussian(random, n, 1) : null,
        random.nextBoolean() ? Draw.gaussian(random, n, 1) : null);
  }

  /** Logits by the definitions, row by row; -∞ where a tile is negligible. */
  static double[][] logits(AttentionInputs inputs, int head, TiledLogits model) {
    int n = inputs.rows();
    TileGrid grid = model.map().grid();
    double[][] queries = rows(inputs.queries(), head);
    double[][] keys = rows(inputs.keys(), inputs.keyHead(head));
    double[][] logits = new double[n][n];
    for (int i = 0; i < n; i++) {
      int block = i / grid.rowBlock();
      int from = block * grid.rowBlock();
      int to = Math.min(n, from + grid.rowBlock());
      double[] mean = mean(queries, from, to);
      for (int j = 0; j <= i; j++) {
        int tile = j / grid.columnBlock();
        boolean exact = Arrays.binarySearch(model.exactColumns(), j) >= 0;
        TileKind kind = exact ? TileKind.EXACT : model.map().kind(block, tile);
        switch (kind) {
          case EXACT -> logits[i][j] = inputs.scale() * Reference.dot(queries[i], keys[j]);
          case NEGLIGIBLE -> logits[i][j] = Double.NEGATIVE_INFINITY;
          case CONVOLUTION -> logits[i][j] = convolution(model, i, j);
          case RANK_ONE -> {
            // Every entry of the tile's row at once: they share the mean key.
            int start = tile * grid.columnBlock();
            if (j == start || j == firstInexact(model, start)) {
              int end = Math.min(n, start + grid.columnBlock());
              rankOne(inputs, model, queries[i], mean, keys, start, end, logits[i]);
            }
          }
        }
      }
    }
    return logits;
  }

  private static double convolution(TiledLogits model, int row, int column) {
    SegmentedToeplitz kernels = model.kernels();
    int segment = 0;
    while (segment + 1 < kernels.terms() && kernels.start(segment + 1) <= column) {
      segment++;
    }
    double logit = kernels.kernel(segment)[row - column];
    logit += model.rowOffsets() == null ? 0 : model.rowOffsets()[row];
    return logit + (model.columnOffsets() == null ? 0 : model.columnOffsets()[column]);
  }

  private static int firstInexact(TiledLogits model, int column) {
    int first = column;
    while (Arrays.binarySearch(model.exactColumns(), first) >= 0) {
      first++;
    }
    return first;
  }

  private static void rankOne(
      AttentionInputs inputs,
      TiledLogits model,
      double[] query,
      double[] mean,
      double[][] keys,
      int start,
      int end,
      double[] target) {
    double[] atMean = new double[end - start];
    double greatest = Double.NEGATIVE_INFINITY;
    for (int j = start; j < end; j++) {
      boolean exact = Arrays.binarySearch(model.exactColumns(), j) >= 0;
      atMean[j - start] =
          exact ? Double.NEGATIVE_INFINITY : inputs.scale() * Reference.dot(mean, keys[j]);
      greatest = Math.max(greatest, atMean[j - start]);
    }
    double sum = 0;
    double[] meanKey = new double[query.length];
    for (int j = start; j < end; j++) {
      double weight = Math.exp(atMean[j - start] - greatest);
      sum += weight;
      for (int c = 0; c < meanKey.length; c++) {
        meanKey[c] += weight * keys[j][c];
      }
    }
    double moved = 0;
    for (int c = 0; c < meanKey.length; c++) {
      moved += inputs.scale() * (query[c] - mean[c]) * (meanKey[c] / sum);
    }
    for (int j = start; j < end; j++) {
      if (atMean[j - start] > Double.NEGATIVE_INFINITY) {
        target[j] = moved + atMean[j - start];
      }
    }
  }

  private static double[] mean(double[][] rows, int from, int to) {
    double[] mean = new double[rows[0].length];
    for (int c = 0; c < mean.length; c++) {
      for (int i = from; i < to; i++) {
        mean[c] += rows[i][c] / (to - from);
      }
    }
    return mean;
  }

  static double[][] rows(HeadTensor tensor, int head) {
    double[][] rows = new double[tensor.rows()][tensor.width()];
    for (int i = 0; i < rows.length; i++) {
      tensor.copyRow(head, i, rows[i]);
    }
    return rows;
  }
}
