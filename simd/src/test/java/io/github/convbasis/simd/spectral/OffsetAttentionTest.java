package io.github.convbasis.simd.spectral;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;
import io.github.convbasis.simd.Pool;
import io.github.convbasis.simd.Samples;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Judges attention from kernels with offsets and left-out columns by dense sums in double. */
class OffsetAttentionTest {
  private static final double GUARD = 1e-4;
  private static final int[] NO_COLUMNS = {};

  /**
   * Rounding for logits of spread 1 and moderate offsets, relative to the greatest value: four
   * times the worst seen, 2.7e-7, at all widths.
   */
  private static final double MILD = 1.1e-6;

  private static double[] offsets(int n, IntToDoubleFunction f) {
    return IntStream.range(0, n).mapToDouble(f).toArray();
  }

  private static double[] noise(int n, double size, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    return offsets(n, i -> size * (2 * random.nextDouble() - 1));
  }

  private static HeadTensor values(int n, int width, double size) {
    return Samples.tensor(new SplittableRandom(5), Samples.Layout.DENSE, true, 1, n, width, size);
  }

  private static int check(BlockPlan plan, OffsetModel model, Pool<NearPart> near, double bound) {
    return model.check(plan, near, GUARD, bound);
  }

  private static OffsetModel model(
      int n, int terms, int width, double[] g, double[] c, int[] excluded, double corrections) {
    return new OffsetModel(
        SegmentSamples.gaussian(n, terms, 1, 31L * n + terms),
        new FarOffsets(g, c, excluded),
        values(n, width, 1),
        8,
        corrections,
        n + terms);
  }

  private static void allTrusted(BlockPlan plan, OffsetModel model, double bound) {
    assertEquals(model.n, check(plan, model, model.near(), bound), plan + ", n = " + model.n);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 8, 9, 16, 31, 33, 64, 65, 127, 129, 200, 257})
  void anyLengthAndNumberOfSegments(int n) {
    for (int terms : new int[] {1, 3, 40}) {
      OffsetModel model = model(n, terms, 3, noise(n, 3, 1), noise(n, 3, 2), new int[] {0}, 0.1);
      for (BlockPlan plan :
          new BlockPlan[] {BlockPlan.of(8), BlockPlan.of(16), BlockPlan.of(8, 32, 128)}) {
        allTrusted(plan, model, MILD);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 8, 15, 16, 17, 24, 31, 32, 33, 48, 63, 64, 65, 130})
  void anyWidth(int width) {
    int n = 150;
    OffsetModel model = model(n, 5, width, noise(n, 2, 1), noise(n, 2, 2), new int[] {3, 70}, 0);
    allTrusted(BlockPlan.of(8, 64), model, MILD);
  }

  @ParameterizedTest
  @ValueSource(ints = {64, 128, 512})
  void productionSizes(int size) {
    int n = 1100;
    OffsetModel model = model(n, 9, 5, noise(n, 3, 1), noise(n, 3, 2), new int[] {0, 500}, 0);
    BlockPlan plan = size == 64 ? BlockPlan.of(64) : BlockPlan.of(64, size);
    allTrusted(plan, model, MILD);
  }

  @Test
  void onlyRowOffsetsChangeWhatFarRowsWeigh() {
    for (double size : new double[] {0.1, 5, 1000}) {
      OffsetModel model = model(300, 5, 3, noise(300, size, 4), null, NO_COLUMNS, 0);
      // Near and far share g, so softmax is what it was.
      allTrusted(BlockPlan.of(16, 64), model, MILD);
      assertEquals(300, check(BlockPlan.of(16, 64), model, null, MILD));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5})
  void excludedColumns(int kind) {
    int n = 260;
    int[][] kinds = {
      {0},
      IntStream.range(0, n).filter(j -> j % 3 == 0).toArray(),
      IntStream.range(32, 96).toArray(),
      IntStream.range(0, 250).toArray(),
      // So many runs that sums come from the products.
      IntStream.range(0, n).filter(j -> j % 2 == 1).toArray(),
      IntStream.range(0, n).toArray(),
    };
    for (int terms : new int[] {1, 4}) {
      for (double[] c : new double[][] {null, noise(n, 2, 3)}) {
        OffsetModel model = model(n, terms, 5, null, c, kinds[kind], 0);
        allTrusted(BlockPlan.of(8), model, MILD);
        allTrusted(BlockPlan.of(16, 64), model, MILD);
      }
    }
  }

  @Test
  void allColumnsOfASegment() {
    int n = 260;
    SegmentedToeplitz kernels =
        SegmentSamples.logits(n, new int[] {0, 40, 90, 200}, 1, lag -> 0, 6);
    FarOffsets offsets = new FarOffsets(null, null, IntStream.range(40, 90).toArray());
    OffsetModel model = new OffsetModel(kernels, offsets, values(n, 3, 1), 8, 0, 3);
    allTrusted(BlockPlan.of(8, 32), model, MILD);
  }

  @Test
  void correctionsTakeTilesOutOfTheFarField() {
    int n = 300;
    for (double share : new double[] {0.05, 0.5, 1}) {
      for (double[] c : new double[][] {null, noise(n, 2, 3)}) {
        OffsetModel model = model(n, 4, 5, noise(n, 2, 9), c, new int[] {0, 17}, share);
        assertTrue(check(BlockPlan.of(8, 64), model, model.near(), GUARD) > 0.9 * n);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {10, 30, -30, 500, -500, 5000, 1e7, 1e9})
  void rampsAndNoiseOfAnySizeAreAccurateOrFlagged(double size) {
    int n = 400;
    double[] ramp = offsets(n, j -> size * j / n);
    double[] noise = noise(n, size, 8);
    for (double[] c : new double[][] {ramp, noise}) {
      for (double[] g : new double[][] {null, noise(n, size, 12)}) {
        for (BlockPlan plan : new BlockPlan[] {BlockPlan.of(8), BlockPlan.of(16, 128)}) {
          OffsetModel model = model(n, 5, 3, g, c, new int[] {0}, 0);
          check(plan, model, model.near(), GUARD);
        }
      }
    }
  }

  /** Pieces have exponents of their own, so a slow ramp costs no accuracy. */
  @Test
  void aSteepRampIsHeldByExponents() {
    int n = 1024;
    for (double rise : new double[] {-500, 500}) {
      double[] c = offsets(n, j -> rise * j / n);
      OffsetModel model = model(n, 3, 3, null, c, NO_COLUMNS, 0);
      int trusted = check(BlockPlan.of(16), model, model.near(), GUARD);
      assertTrue(trusted == n, rise + ": " + trusted + " trusted");
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {20, 60, 90, 200, 1000, 1e8, 1e12})
  void oneHugeColumn(double size) {
    int n = 300;
    for (double sign : new double[] {1, -1}) {
      double[] c = noise(n, 1, 3);
      c[100] = sign * size;
      check(BlockPlan.of(16, 64), model(n, 3, 3, null, c, NO_COLUMNS, 0), null, GUARD);
      OffsetModel model = model(n, 3, 3, null, c, new int[] {100}, 0);
      if (size < 1e8) {
        // As an excluded column it does not matter to the far field.
        int trusted = check(BlockPlan.of(16, 64), model, model.near(), GUARD);
        assertTrue(sign > 0 || trusted == n, trusted + " trusted");
      }
      // It meets zeros: the sums must not believe what it hides.
      OffsetModel hidden = model(n, 3, 3, null, c, NO_COLUMNS, 0);
      Arrays.fill(hidden.values.floats(), 96 * 3, 104 * 3, 0);
      check(BlockPlan.of(16, 64), hidden, null, GUARD);
    }
  }

  @Test
  void valuesOfZeroBeforeTheBlockDoNotExcuseTheRowSum() {
    int n = 128;
    double[] c = noise(n, 12, 4);
    OffsetModel model = model(n, 1, 3, null, c, NO_COLUMNS, 0);
    Arrays.fill(model.values.floats(), 0, 120 * 3, 0);
    check(BlockPlan.of(8), model, model.near(), GUARD);
    check(BlockPlan.of(8, 64), model, model.near(), GUARD);
  }

  @Test
  void groupedHeadsReadTheSameFarField() {
    int n = 130;
    OffsetModel model = model(n, 4, 20, noise(n, 2, 3), noise(n, 2, 4), new int[] {0}, 0.1);
    AttentionInputs inputs = model.inputs(3);
    HeadTensor output = Samples.empty(Samples.Layout.INTERLEAVED, true, 3, n, 20);
    SegmentAttention attention = SegmentAttention.atOnce(BlockPlan.of(8, 32), n, 20);
    for (int head = 0; head < 3; head++) {
      attention.restart();
      boolean[] untrusted = new boolean[n];
      attention.advance(
          inputs,
          head,
          model.kernels,
          model.offsets,
          model.near(),
          GUARD,
          output,
          untrusted,
          Parallelism.sequential());
      assertArrayEquals(new boolean[n], untrusted);
    }
    double[][] expected = model.expected(8);
    for (int row = 0; row < n; row++) {
      for (int c = 0; c < 20; c++) {
        assertEquals(expected[row][c], output.get(0, row, c), MILD);
        assertEquals(output.get(0, row, c), output.get(2, row, c));
      }
    }
  }

  @Test
  void theShareCountsBandsAndExcludedColumns() {
    int n = 20;
    OffsetModel model = model(n, 2, 3, null, null, new int[] {0, 3, 12}, 0);
    HeadTensor output = HeadTensor.allocate(true, 1, n, 3);
    double share =
        model.attend(
            BlockPlan.of(8),
            model.inputs(1),
            0,
            model.near(),
            GUARD,
            output,
            new boolean[n],
            Parallelism.sequential());
    assertEquals((36 + 36 + 10 + 2 * 12 + 4) / 210.0, share, 1e-15);
  }

  @Test
  void thePublicFormPlansForItself() {
    for (int n : new int[] {1, 60, 1500}) {
      OffsetModel model = model(n, 2, 4, noise(n, 1, 1), noise(n, 1, 2), NO_COLUMNS, 0);
      HeadTensor output = HeadTensor.allocate(true, 1, n, 4);
      boolean[] untrusted = new boolean[n];
      new SpectralWorkspace()
          .attend(
              model.inputs(1),
              0,
              model.kernels,
              model.offsets,
              null,
              GUARD,
              output,
              untrusted,
              Parallelism.sequential());
      double[][] expected = model.expected(n);
      for (int row = 0; row < n; row++) {
        assertEquals(false, untrusted[row]);
        for (int c = 0; c < 4; c++) {
          assertEquals(expected[row][c], output.get(0, row, c), 1e-5);
        }
      }
    }
  }

  @Test
  void costsAreInExactPairs() {
    assertEquals(200 * 201 / 2, SpectralWorkspace.segmentCost(200, 64, 64, 200), 1e-9);
    double pairs = SpectralWorkspace.segmentCost(65_536, 64, 64, 64);
    assertTrue(pairs > 1e7 && pairs < 65_536.0 * 65_537 / 4, pairs + " pairs");
    assertTrue(pairs < SpectralWorkspace.segmentCost(65_536, 64, 64, 512));
  }

  @Test
  void columnsMustIncrease() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> new FarOffsets(null, null, new int[] {4, 4}));
    assertEquals("excludedColumns[1] must be at least 5, was 4", e.getMessage());
  }

  /** Everything at random: whatever is trusted is right. */
  @Test
  void trustedRowsAreRight() {
    SplittableRandom random = new SplittableRandom(20);
    int trusted = 0;
    int rows = 0;
    for (int t = 0; t < 1000; t++) {
      OffsetModel model = anyModel(random);
      BlockPlan[] plans = {
        BlockPlan.of(8), BlockPlan.of(16), BlockPlan.of(8, 32), BlockPlan.of(8, 16, 64)
      };
      trusted += check(plans[t % 4], model, model.near(), GUARD);
      rows += model.n;
      // Beside so low a guard what float rows round shows, but so would an error of the bound.
      model.check(plans[t % 4], model.near(), 1e-6, 1e-6);
    }
    assertTrue(trusted > 0.5 * rows, trusted + " of " + rows + " rows trusted");
  }

  /** Rounding of equal numbers does not cancel, in numerators nor in the column of row sums. */
  @ParameterizedTest
  @ValueSource(ints = {1_000, 5_000, 20_000})
  void manyPiecesOfEqualDataStayUnderTheBound(int n) {
    float[] data = new float[n];
    Arrays.fill(data, 1.1f);
    HeadTensor values = HeadTensor.of(data, 1, n, 1);
    HeadTensor zeros = HeadTensor.allocate(true, 1, n, 1);
    AttentionInputs inputs = AttentionInputs.causal(zeros, zeros, values);
    SegmentedToeplitz kernels =
        SegmentedToeplitz.of(n, new int[] {0}, new double[][] {new double[n]});
    FarOffsets offsets = new FarOffsets(offsets(n, i -> -0.3), offsets(n, j -> 0.3), NO_COLUMNS);
    for (double guard : new double[] {3e-6, 1e-6, 4.5e-7}) {
      HeadTensor output = HeadTensor.allocate(true, 1, n, 1);
      boolean[] untrusted = new boolean[n];
      SegmentAttention.atOnce(BlockPlan.of(64), 1, 1)
          .advance(
              inputs,
              0,
              kernels,
              offsets,
              null,
              guard,
              output,
              untrusted,
              Parallelism.sequential());
      for (int row = 0; row < n; row++) {
        if (!untrusted[row]) {
          assertEquals(1.1f, output.get(0, row, 0), 1.1 * (guard + 0x1p-21), "row " + row);
        }
      }
    }
  }

  private static OffsetModel anyModel(SplittableRandom random) {
    int n = 1 + random.nextInt(90);
    double[] sizes = {0.1, 1, 5, 20, 100, 1000};
    int[] starts = SegmentSamples.starts(n, 1 + random.nextInt(6), random.nextLong());
    double sigma = sizes[random.nextInt(4)];
    SegmentedToeplitz kernels =
        SegmentSamples.logits(n, starts, sigma, lag -> 0, random.nextLong());
    double share = random.nextInt(3) == 0 ? random.nextDouble() : 0;
    int[] excluded = IntStream.range(0, n).filter(j -> random.nextDouble() < share).toArray();
    FarOffsets offsets =
        new FarOffsets(anyOffsets(n, sizes, random), anyOffsets(n, sizes, random), excluded);
    double[] valueSizes = {1, 1, 1e-10, 1e10, 1e-19, 1e-30, 1e20};
    int width = 1 + random.nextInt(40);
    HeadTensor values = values(n, width, valueSizes[random.nextInt(valueSizes.length)]);
    if (random.nextInt(4) == 0) {
      int from = random.nextInt(n);
      int to = from + random.nextInt(n - from + 1);
      Arrays.fill(values.floats(), from * width, to * width, 0);
    }
    double corrections = random.nextInt(3) == 0 ? random.nextDouble() : 0;
    return new OffsetModel(kernels, offsets, values, 8, corrections, random.nextLong());
  }

  private static double[] anyOffsets(int n, double[] sizes, SplittableRandom random) {
    double size = sizes[random.nextInt(sizes.length)];
    int place = random.nextInt(n);
    double[] noise = noise(n, 0.5, random.nextLong());
    return switch (random.nextInt(5)) {
      case 0 -> null;
      case 1 -> noise(n, size, random.nextLong());
      case 2 -> offsets(n, j -> size * j / n + noise[j]);
      case 3 -> offsets(n, j -> j == place ? size : noise[j]);
      default -> offsets(n, j -> (j < place ? size : -size) + noise[j]);
    };
  }
}
