package io.github.convbasis.simd.spectral;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.SegmentedToeplitz;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The parts of the spectral form, each by itself. */
class PartsTest {
  @Test
  void exponentialsAreGoodToElevenDigits() {
    SplittableRandom random = new SplittableRandom(1);
    double[] x = new double[ScaledExp.padded(1000)];
    for (int exponent : new int[] {-3000, -7, 0, 1, 1500}) {
      double[] exact = new double[1000];
      for (int i = 0; i < 1000; i++) {
        double relative = -600 * random.nextDouble() * random.nextDouble();
        x[i] = relative + exponent * Math.log(2);
        exact[i] = x[i];
      }
      ScaledExp.apply(x, 0, 1000, exponent);
      for (int i = 0; i < 1000; i++) {
        double expected = Math.exp(exact[i] - exponent * Math.log(2));
        // The reference itself rounds its argument, up to 2,700 in size, to 2.3e-13.
        assertEquals(1, x[i] / expected, 2e-11, exact[i] + " at 2^" + exponent);
      }
    }
  }

  @Test
  void exponentialsFarBelowVanishAndScalesArePowersOfTwo() {
    double[] x = new double[ScaledExp.padded(3)];
    double[] y = new double[ScaledExp.padded(3)];
    double[] logits = {-1e300, -1000, 1.25};
    System.arraycopy(logits, 0, x, 0, 3);
    System.arraycopy(logits, 0, y, 0, 3);
    ScaledExp.apply(x, 0, 3, 2);
    ScaledExp.apply(y, 0, 3, 60);
    assertEquals(0, x[0]);
    assertEquals(0, x[1]);
    assertEquals(x[2], Math.scalb(y[2], 58));
    assertEquals(2, ScaledExp.exponentOf(1.25));
    assertEquals(0x1p-126f, ScaledExp.power(-126));
    assertEquals(0f, ScaledExp.power(-127));
    assertEquals(0f, ScaledExp.power(-3_000_000_000L));
    assertEquals(8f, ScaledExp.power(3));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 10, 40})
  void farSumsAreSumsLeftOfTheDiagonalBlock(int terms) {
    for (int n : new int[] {40, 64, 129}) {
      SegmentedToeplitz logits = SegmentSamples.gaussian(n, terms, 20, 13L * n + terms);
      for (int band : new int[] {8, 16, 64}) {
        for (int regionSize : new int[] {band, 4 * band}) {
          LogitPeaks peaks = new LogitPeaks(regionSize);
          FarSums sums = new FarSums(band, regionSize);
          for (int[] rows : new int[][] {{0, n}, {0, 17, n}, {0, 16, 32, 33, n}}) {
            peaks.restart();
            for (int c = 1; c < rows.length; c++) {
              requireSums(logits, rows[c - 1], rows[c], band, sums, peaks);
            }
          }
        }
      }
    }
  }

  private static void requireSums(
      SegmentedToeplitz all, int from, int to, int band, FarSums sums, LogitPeaks peaks) {
    SegmentedToeplitz logits = SegmentSamples.prefix(all, to);
    peaks.advance(logits, from, Parallelism.sequential());
    sums.sum(logits, peaks, from, to, Parallelism.sequential());
    double[] row = new double[to];
    for (int i = from; i < to; i++) {
      logits.copyRow(i, row);
      double expected = 0;
      for (int j = 0; j < i / band * band; j++) {
        expected += Math.exp(row[j] - FarSums.exponent(peaks, i) * Math.log(2));
      }
      // No subtraction: relative, whatever the neighbours.
      assertEquals(expected, sums.sum(i), 1e-10 * expected, "row " + i);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void piecesCoverEveryColumnOnceAndHalvesDoNotOverlap(boolean diagonal) {
    SegmentedToeplitz logits = SegmentSamples.gaussian(1000, 30, 1, 4);
    for (int firstOutput : new int[] {0, 5}) {
      Pieces pieces = new Pieces();
      pieces.cut(logits, 0, 1000, 32, firstOutput, 32, diagonal);
      int column = 0;
      for (int p = 0; p < pieces.count; p++) {
        assertEquals(column, pieces.from[p]);
        assertEquals(pieces.block[p], pieces.from[p] / 32);
        assertEquals(pieces.block[p], (pieces.to[p] - 1) / 32);
        assertEquals(logits.segmentOf(pieces.from[p]), logits.segmentOf(pieces.to[p] - 1));
        column = pieces.to[p];
        int set = pieces.set[p];
        int phase = pieces.from[p] % 32;
        assertEquals(phase, pieces.setPhase[set]);
        int firstSlot = set == 0 ? 0 : pieces.setEnd[set - 1];
        int nearest = pieces.laterHalf(p, pieces.firstOutputOf(p));
        assertTrue(nearest - 1 >= firstSlot, "piece " + p);
        assertTrue(pieces.laterHalf(p, 31) < pieces.setEnd[set], "piece " + p);
      }
      assertEquals(diagonal ? 1000 : 31 * 32, column);
      assertEquals(pieces.slots, pieces.setEnd[pieces.sets - 1]);
    }
  }

  @Test
  void plansGrowWithLengthAndLeaveShortOnesExact() {
    assertTrue(BlockPlan.cheapest(1, 64, 64, 1).isExact());
    assertTrue(BlockPlan.cheapest(200, 64, 64, 200).isExact());
    BlockPlan middle = BlockPlan.cheapest(65_536, 64, 64, 64);
    BlockPlan large = BlockPlan.cheapest(1 << 20, 64, 64, 64);
    int middleTop = middle.blockSize(middle.levels() - 1);
    int largeTop = large.blockSize(large.levels() - 1);
    assertTrue(middleTop >= 512 && largeTop >= 4 * middleTop, middle + " and " + large);
    for (int level = 1; level < large.levels(); level++) {
      assertTrue(large.blockSize(level) > large.blockSize(level - 1));
    }
    assertFalse(BlockPlan.cheapest(1 << 20, 16, 16, 4).isExact(), "long and thin");
  }
}
