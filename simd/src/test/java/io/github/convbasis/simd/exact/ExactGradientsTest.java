package io.github.convbasis.simd.exact;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.backend.GradientEntries;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.simd.Samples;
import io.github.convbasis.simd.Samples.Layout;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

class ExactGradientsTest {
  /** SUM(n): bound of the error beside the sum of absolute terms and what was there before. */
  private static final double TOLERANCE = 1e-5;

  private static final GradientEntries ALL = GradientEntries.all();

  private static boolean contains(int[] list, int index) {
    return list == null || Arrays.binarySearch(list, index) >= 0;
  }

  private static double logit(AttentionInputs in, int head, int i, int j) {
    double[] key = new double[in.keys().width()];
    in.keys().copyRow(in.keyHead(head), j, key);
    return in.scale() * in.queries().dot(head, i, key);
  }

  private static double[] logSums(AttentionInputs in, int head) {
    double[] sums = new double[in.rows()];
    for (int i = 0; i < in.rows(); i++) {
      double max = Double.NEGATIVE_INFINITY;
      for (int j = 0; j < in.visibleKeys(i); j++) {
        max = Math.max(max, logit(in, head, i, j));
      }
      double sum = 0;
      for (int j = 0; j < in.visibleKeys(i); j++) {
        sum += Math.exp(logit(in, head, i, j) - max);
      }
      sums[i] = max + Math.log(sum);
    }
    return sums;
  }

  /** The definition in double: gradients of queries, keys, values, then sums of absolute terms. */
  private static HeadTensor[] expected(
      AttentionInputs in, int head, GradientEntries e, double[] sums, double[] dots, HeadTensor g) {
    HeadTensor[] r = new HeadTensor[6];
    for (int t = 0; t < 6; t++) {
      HeadTensor like = t % 3 == 0 ? in.queries() : t % 3 == 1 ? in.keys() : in.values();
      r[t] = HeadTensor.allocate(false, like.heads(), like.rows(), like.width());
    }
    int keyHead = in.keyHead(head);
    boolean positions = in.mask() != AttentionMask.NONE;
    for (int i = 0; i < in.rows(); i++) {
      for (int j = 0; j < in.visibleKeys(i); j++) {
        long lag = (long) in.firstPosition() + i - j;
        boolean inLags = !positions || lag >= e.fromLag() && lag < e.toLag();
        if (!inLags || !contains(e.rows(), i) || !contains(e.keys(), j)) {
          continue;
        }
        double f = Math.exp(logit(in, head, i, j) - sums[i]);
        double product = 0;
        double size = Math.abs(dots[i]);
        for (int c = 0; c < in.values().width(); c++) {
          double term = g.get(head, i, c) * in.values().get(keyHead, j, c);
          product += term;
          size += Math.abs(term);
          int at = r[2].index(keyHead, j) + c;
          r[2].doubles()[at] += f * g.get(head, i, c);
          r[5].doubles()[at] += f * Math.abs(g.get(head, i, c));
        }
        double p = in.scale() * f * (product - dots[i]);
        double bound = Math.abs(in.scale()) * f * size;
        for (int c = 0; c < in.queries().width(); c++) {
          double q = in.queries().get(head, i, c);
          double k = in.keys().get(keyHead, j, c);
          r[0].doubles()[r[0].index(head, i) + c] += p * k;
          r[3].doubles()[r[3].index(head, i) + c] += bound * Math.abs(k);
          r[1].doubles()[r[1].index(keyHead, j) + c] += p * q;
          r[4].doubles()[r[4].index(keyHead, j) + c] += bound * Math.abs(q);
        }
      }
    }
    return r;
  }

  private static HeadTensor[] ones(AttentionInputs in, Layout layout, boolean single) {
    HeadTensor[] result = new HeadTensor[3];
    HeadTensor[] like = {in.queries(), in.keys(), in.values()};
    for (int t = 0; t < 3; t++) {
      result[t] = Samples.empty(layout, single, like[t].heads(), like[t].rows(), like[t].width());
      double[] row = new double[like[t].width()];
      Arrays.fill(row, 1);
      for (int h = 0; h < like[t].heads(); h++) {
        for (int i = 0; i < like[t].rows(); i++) {
          result[t].setRow(h, i, row);
        }
      }
    }
    return result;
  }

  private static void agrees(
      ExactGradients kernel, AttentionInputs in, GradientEntries e, Layout layout, boolean single) {
    SplittableRandom random = new SplittableRandom(5);
    int heads = in.queries().heads();
    HeadTensor g = Samples.tensor(random, layout, single, heads, in.rows(), in.values().width(), 1);
    double[] dots = new double[in.rows()];
    Arrays.setAll(dots, i -> random.nextDouble() - 0.5);
    for (int head = 0; head < heads; head++) {
      double[] sums = logSums(in, head);
      HeadTensor[] want = expected(in, head, e, sums, dots, g);
      HeadTensor[] got = ones(in, layout, single);
      kernel.add(in, head, e, sums, dots, g, got[0], got[1], got[2], Parallelism.sequential());
      for (int t = 0; t < 3; t++) {
        int written = 0;
        for (int h = 0; h < got[t].heads(); h++) {
          for (int i = 0; i < got[t].rows(); i++) {
            for (int c = 0; c < got[t].width(); c++) {
              double error = Math.abs(got[t].get(h, i, c) - 1 - want[t].get(h, i, c));
              double bound = TOLERANCE * (1 + want[t + 3].get(h, i, c));
              String where = in + " tensor " + t + " row " + i + " column " + c;
              assertTrue(error <= bound, () -> where + ": " + error + " above " + bound);
              written++;
            }
          }
        }
        int finite = 0;
        int length = single ? got[t].floats().length : got[t].doubles().length;
        for (int k = 0; k < length; k++) {
          finite += Double.isNaN(single ? got[t].floats()[k] : got[t].doubles()[k]) ? 0 : 1;
        }
        assertEquals(written, finite);
      }
    }
  }

  @Test
  void agreesForShapesMasksAndSubsets() {
    // One kernel throughout: its scratch holds what larger and other calls left.
    ExactGradients kernel = new ExactGradients();
    int[] lengths = {450, 1, 2, 17, 33, 47, 48, 49, 191, 193};
    for (int n : lengths) {
      agrees(kernel, Samples.causal(n, n, 1 + n % 37, 1 + n % 23, 2), ALL, Layout.DENSE, true);
    }
    for (AttentionMask mask : AttentionMask.values()) {
      for (Layout layout : Layout.values()) {
        for (boolean single : new boolean[] {true, false}) {
          int keyRows = mask == AttentionMask.CAUSAL ? 53 : 97;
          AttentionInputs in = Samples.inputs(7, layout, single, 4, 2, 53, keyRows, 9, 34, mask);
          agrees(kernel, in, ALL, layout, single);
          int[] rows = {0, 3, 4, 20, 52};
          int[] keys = {0, 1, 7, 30, 50};
          agrees(kernel, in, new GradientEntries(rows, null, 0, 1000), layout, single);
          agrees(kernel, in, new GradientEntries(null, keys, 3, 1000), layout, single);
          agrees(kernel, in, new GradientEntries(null, null, 0, 9), layout, single);
          agrees(kernel, in, new GradientEntries(rows, keys, 2, 20), layout, single);
        }
      }
    }
  }

  @Test
  void sameBitsForAnyNumberOfTasksAndForwardsLogSums() {
    AttentionInputs in = Samples.causal(3, 1000, 20, 12, 3);
    HeadTensor output = HeadTensor.allocate(true, 1, 1000, 12);
    double[][] sums = new double[1][1000];
    ExactAttentionKernel.attendGroup(in, 0, 0, 1000, output, sums, AttentionScratch.of(in));
    assertArrayEquals(logSums(in, 0), sums[0], 1e-5);
    double[] dots = new double[1000];
    HeadTensor[] one = ones(in, Layout.DENSE, true);
    new ExactGradients()
        .add(in, 0, ALL, sums[0], dots, output, one[0], one[1], one[2], Parallelism.sequential());
    try (ExecutorService executor = Executors.newFixedThreadPool(3)) {
      HeadTensor[] four = ones(in, Layout.DENSE, true);
      Parallelism tasks = Parallelism.of(executor, 4);
      new ExactGradients().add(in, 0, ALL, sums[0], dots, output, four[0], four[1], four[2], tasks);
      for (int t = 0; t < 3; t++) {
        assertArrayEquals(one[t].floats(), four[t].floats());
      }
    }
  }
}
