package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.TileSums;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.TileKind;
import io.github.convbasis.matrix.TileMap;
import io.github.convbasis.matrix.TiledLogits;
import java.util.Arrays;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;

/** What attention from tiles, and sums over tiles, of any backend must satisfy. */
abstract class TilesContract implements BackendContract {

  /** Whether the properties draw convolution tiles too. */
  abstract boolean convolutions();

  @Provide
  Arbitrary<TileSample> samples() {
    return TileSample.of(new AttentionSample.Any().get());
  }

  @Provide
  Arbitrary<TileSample> extremes() {
    return TileSample.of(new AttentionSample.Extreme().get());
  }

  @Provide
  Arbitrary<TileSample> longSamples() {
    return TileSample.of(new AttentionSample.SeveralItems().get());
  }

  private double attend(
      AttentionInputs inputs,
      TileSample sample,
      TiledLogits model,
      HeadTensor output,
      Workspace workspace,
      Parallelism parallelism) {
    boolean[] untrusted = new boolean[inputs.rows()];
    Arrays.fill(untrusted, true);
    double share =
        backend()
            .attendTiles(
                inputs, sample.head(), model, 1e-3, output, untrusted, workspace, parallelism);
    for (boolean row : untrusted) {
      assertEquals(false, row, "untrusted");
    }
    return share;
  }

  private double[] attend(TileSample sample, TiledLogits model, HeadTensor output) {
    attend(
        sample.attention().inputs(),
        sample,
        model,
        output,
        backend().newWorkspace(),
        Parallelism.sequential());
    return Layout.elements(output.head(sample.head()));
  }

  private void agrees(TileSample sample, TiledLogits model) {
    AttentionInputs inputs = sample.attention().inputs();
    HeadTensor output = sample.attention().blankOutput(sample.attention().layout(), false);
    double[] actual = attend(sample, model, output);
    double[][] logits = TileSample.logits(inputs, sample.head(), model);
    double[][] values = AttentionErrors.values(inputs, sample.head());
    double[] sups = AttentionErrors.visibleSups(inputs, sample.head());
    double unit = unit(inputs, sample.head(), model);
    int width = values[0].length;
    for (int row = 0; row < logits.length; row++) {
      double[] expected = Reference.attend(logits[row], row + 1, values);
      for (int c = 0; c < width; c++) {
        double error = actual[row * width + c] - expected[c];
        Tolerances.TILED_ATTENTION.require(error, unit * sups[row], "row " + row);
      }
    }
    assertEquals(0, Layout.writtenGaps(output), "elements written outside the output");
  }

  /**
   * As of exact attention; but an error η of the weights in a mean key moves the tile's logit by η
   * times the size of logits.
   */
  private double unit(AttentionInputs inputs, int head, TiledLogits model) {
    double unit = AttentionErrors.unit(unitRoundoff(), inputs, head);
    double amplification = model.map().has(TileKind.RANK_ONE) ? 1 + size(inputs, head) : 1;
    return unit * amplification;
  }

  private static double size(AttentionInputs inputs, int head) {
    double sum = 0;
    for (int c = 0; c < inputs.queries().width(); c++) {
      double query = 0;
      double key = 0;
      for (int row = 0; row < inputs.rows(); row++) {
        query = Math.max(query, Math.abs(inputs.queries().get(head, row, c)));
        key = Math.max(key, Math.abs(inputs.keys().get(inputs.keyHead(head), row, c)));
      }
      sum += query * key;
    }
    return Math.abs(inputs.scale()) * sum;
  }

  @Property
  void outputIsTheModelByDefinition(@ForAll("samples") TileSample sample) {
    agrees(sample, sample.model(convolutions()));
  }

  @Property
  void rowsOfWhichARankOneTileHoldsTooMuchAreUntrusted(
      @ForAll("samples") TileSample sample,
      @ForAll @DoubleRange(min = 0.01, max = 0.99) double most) {
    TiledLogits free = sample.model(false);
    TiledLogits model = new TiledLogits(free.map(), free.exactColumns(), null, null, null, most);
    AttentionInputs inputs = sample.attention().inputs();
    boolean[] untrusted = new boolean[inputs.rows()];
    backend()
        .attendTiles(
            inputs,
            sample.head(),
            model,
            1e-3,
            sample.attention().blankOutput(),
            untrusted,
            backend().newWorkspace(),
            Parallelism.sequential());
    double[][] logits = TileSample.logits(inputs, sample.head(), model);
    // A weight moves by about twice the error of its logit, a unit of attention.
    double margin = Tolerances.TILED_ATTENTION.of(unit(inputs, sample.head(), model));
    for (int row = 0; row < logits.length; row++) {
      double share = greatestRankOneShare(model, row, logits[row]);
      if (Math.abs(share - most) > margin) {
        assertEquals(share > most, untrusted[row], "row " + row + " of which it holds " + share);
      }
    }
  }

  private static double greatestRankOneShare(TiledLogits model, int row, double[] logits) {
    double top = Double.NEGATIVE_INFINITY;
    for (int column = 0; column <= row; column++) {
      top = Math.max(top, logits[column]);
    }
    double[] tiles = new double[row / model.map().grid().columnBlock() + 1];
    double sum = 0;
    for (int column = 0; column <= row; column++) {
      double weight = Math.exp(logits[column] - top);
      sum += weight;
      if (Arrays.binarySearch(model.exactColumns(), column) < 0) {
        tiles[column / model.map().grid().columnBlock()] += weight;
      }
    }
    double greatest = 0;
    for (int tile = 0; tile < tiles.length; tile++) {
      int block = row / model.map().grid().rowBlock();
      if (model.map().kind(block, tile) == TileKind.RANK_ONE) {
        greatest = Math.max(greatest, tiles[tile] / sum);
      }
    }
    return greatest;
  }

  @Property
  void greatLogitsAreHarmless(@ForAll("extremes") TileSample sample) {
    agrees(sample, sample.model(convolutions()));
  }

  @Property
  void exactTilesAreExactAttention(@ForAll("samples") TileSample sample) {
    TiledLogits model = TiledLogits.of(TileMap.uniform(sample.grid(), TileKind.EXACT));
    agrees(sample, model);
  }

  @Property
  void shareCountsTheEntriesFromQueriesAndKeys(@ForAll("samples") TileSample sample) {
    TiledLogits model = sample.model(false);
    AttentionInputs inputs = sample.attention().inputs();
    double share =
        attend(
            inputs,
            sample,
            model,
            sample.attention().blankOutput(),
            backend().newWorkspace(),
            Parallelism.sequential());
    long exact = 0;
    for (int i = 0; i < inputs.rows(); i++) {
      for (int j = 0; j <= i; j++) {
        TileKind kind = model.map().kind(i / sample.rowBlock(), j / sample.columnBlock());
        boolean counts =
            kind == TileKind.EXACT || Arrays.binarySearch(model.exactColumns(), j) >= 0;
        exact += counts ? 1 : 0;
      }
    }
    assertEquals((double) exact / model.map().grid().entries(), share, "share");
  }

  /** EXACT, in a workspace that has seen another problem. */
  @Property
  void numberOfTasksGivesTheSameBits(
      @ForAll("longSamples") TileSample sample,
      @ForAll("samples") TileSample other,
      @ForAll @IntRange(min = 2, max = Threads.MOST_TASKS) int tasks) {
    Workspace used = backend().newWorkspace();
    attend(
        other.attention().inputs(),
        other,
        other.model(convolutions()),
        other.attention().blankOutput(),
        used,
        Parallelism.sequential());
    TiledLogits model = sample.model(convolutions());
    double[] alone = attend(sample, model, sample.attention().blankOutput());
    HeadTensor output = sample.attention().blankOutput();
    attend(
        sample.attention().inputs(),
        sample,
        model,
        output,
        used,
        Parallelism.of(Threads.POOL, tasks));
    Tolerances.requireSameBits(Layout.elements(output.head(sample.head())), alone, "output");
  }

  @Property
  void overflowOfAnExactLogitIsRefused(@ForAll("samples") TileSample sample) {
    AttentionSample attention = sample.attention();
    boolean single = attention.single() && unitRoundoff() == Tolerances.FLOAT;
    double huge = single ? 1e30 : 1e200;
    double[] queries = Draw.uniform(new SplittableRandom(1), attention.queries().length, 1);
    Arrays.setAll(queries, i -> huge * (2 + queries[i]));
    double[] keys = new double[attention.keys().length];
    Arrays.fill(keys, huge);
    AttentionInputs inputs =
        attention.inputs(attention.layout(), single, queries, keys, attention.values());
    assertThrows(
        ArithmeticException.class,
        () ->
            attend(
                inputs,
                sample,
                sample.model(false),
                attention.blankOutput(),
                backend().newWorkspace(),
                Parallelism.sequential()));
    TileSums sums = sums(sample, false, false);
    System.arraycopy(queries, 0, sums.queries, 0, Math.min(queries.length, attention.d()));
    sums.visible[0] = attention.n();
    assertThrows(
        ArithmeticException.class,
        () ->
            backend()
                .tileSums(inputs, 0, sums, backend().newWorkspace(), Parallelism.sequential()));
  }

  private static TileSums sums(TileSample sample, boolean withValues, boolean withKeys) {
    AttentionSample attention = sample.attention();
    SplittableRandom random = new SplittableRandom(sample.seed());
    int count = 1 + random.nextInt(70);
    TileSums sums =
        new TileSums(
            count,
            attention.d(),
            attention.n(),
            sample.columnBlock(),
            withValues ? attention.width() : 0,
            withKeys);
    double[] queries = Draw.gaussian(random, sums.queries.length, 1);
    Arrays.setAll(sums.queries, i -> (float) queries[i]);
    Arrays.setAll(sums.visible, i -> random.nextInt(attention.n() + 1));
    Arrays.fill(sums.logSums, Double.NaN);
    return sums;
  }

  @Property
  void sumsAndMeansAreThoseByDefinition(
      @ForAll("samples") TileSample sample,
      @ForAll boolean withValues,
      @ForAll boolean withKeys,
      @ForAll @IntRange(min = 1, max = Threads.MOST_TASKS) int tasks) {
    TileSums sums = sums(sample, withValues, withKeys);
    AttentionInputs inputs = sample.attention().inputs();
    int keyHead = inputs.keyHead(sample.head());
    backend()
        .tileSums(
            inputs, keyHead, sums, backend().newWorkspace(), Parallelism.of(Threads.POOL, tasks));
    double[][] keys = TileSample.rows(inputs.keys(), keyHead);
    double[][] values = TileSample.rows(inputs.values(), keyHead);
    for (int query = 0; query < sums.count; query++) {
      for (int tile = 0; tile < sums.tiles; tile++) {
        int from = tile * sums.columnBlock;
        int to = Math.min(sums.visible[query], from + sums.columnBlock);
        requireSums(inputs.scale(), sums, query, tile, from, to, keys, values);
      }
    }
  }

  private void requireSums(
      double scale,
      TileSums sums,
      int query,
      int tile,
      int from,
      int to,
      double[][] keys,
      double[][] values) {
    int at = query * sums.tiles + tile;
    if (to <= from) {
      assertEquals(Double.NEGATIVE_INFINITY, sums.logSums[at], "unseen tile");
      return;
    }
    int depth = keys[0].length;
    double[] q = Arrays.copyOfRange(sums.queries, query * depth, (query + 1) * depth);
    double[] weights = new double[to - from];
    double greatest = Double.NEGATIVE_INFINITY;
    double size = 0;
    for (int j = from; j < to; j++) {
      weights[j - from] = scale * Reference.dot(q, keys[j]);
      greatest = Math.max(greatest, weights[j - from]);
      double terms = 0;
      for (int c = 0; c < depth; c++) {
        terms += Math.abs(scale * q[c] * keys[j][c]);
      }
      size = Math.max(size, terms);
    }
    Reference.Accumulator sum = new Reference.Accumulator();
    for (int j = 0; j < weights.length; j++) {
      weights[j] = Math.exp(weights[j] - greatest);
      sum.add(weights[j]);
    }
    double logitError = Tolerances.sum(unitRoundoff(), depth + 2, size);
    double unit = logitError + Tolerances.sum(unitRoundoff(), to - from + 2, 1);
    double expected = greatest + Math.log(sum.value());
    Tolerances.TILE_LOG_SUM.require(sums.logSums[at] - expected, unit, "logarithm of a sum");
    requireMeans(sums.values, at, values, from, weights, sum.value(), unit);
    requireMeans(sums.keys, at, keys, from, weights, sum.value(), unit);
  }

  private static void requireMeans(
      float[] actual, int at, double[][] rows, int from, double[] weights, double sum, double u) {
    if (actual == null) {
      return;
    }
    int width = rows[0].length;
    for (int c = 0; c < width; c++) {
      Reference.Accumulator mean = new Reference.Accumulator();
      double sup = 0;
      for (int j = 0; j < weights.length; j++) {
        mean.addProduct(weights[j], rows[from + j][c]);
        sup = Math.max(sup, Math.abs(rows[from + j][c]));
      }
      double error = actual[at * width + c] - mean.value() / sum;
      // Means are stored as floats, whatever they were computed in.
      double stored = Tolerances.STORED_FLOAT.of(Tolerances.ulps(Tolerances.FLOAT, sup));
      double rounding = Tolerances.TILE_MEAN.of(u * sup) + stored + Float.MIN_VALUE;
      Tolerances.requireBounded(error, 0, rounding, "mean over a tile");
    }
  }
}
