package io.github.convbasis.properties;

import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import java.util.Arrays;
import java.util.SplittableRandom;

/** Heads made to break a planner: one head of floats, n × {@value #DEPTH}. */
enum AdversarialHead {
  /** Every row attends to one key far back, each to another: induction. */
  SPIKY_FAR_KEYS,
  /** Two kinds of content take turns, in stretches that no grid fits. */
  ALTERNATING_SEGMENTS,
  /** Every logit is the same. */
  EQUAL_LOGITS,
  /** Logits up to ±1,000: every row sees one key. */
  HUGE_LOGITS,
  /** One key outweighs all others, for half of the rows. */
  HUGE_KEY,
  /** Values of 1e30. */
  HUGE_VALUES,
  /** Values below the normal range of float. */
  SUBNORMAL_VALUES,
  /** Logits fall by 80 from the first rows to the last: normalisers e^80 apart. */
  TINY_NORMALISERS,
  /** Nothing special, but a single row in a hundred looks elsewhere. */
  RARE_ROWS,
  /** Structure that a plan likes, up to the middle; noise after it. */
  LATE_NOISE,
  /** Two kinds of content, but a passage of rows sees another passage as it likes. */
  PATCH,
  /** All values are zero but one. */
  ONE_VALUE;

  static final int DEPTH = 24;

  /** Makes the head. */
  AttentionInputs inputs(int n, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] queries = Draw.gaussian(random, n * DEPTH, 1);
    double[] keys = Draw.gaussian(random, n * DEPTH, 1);
    double[] values = Draw.gaussian(random, n * DEPTH, 1);
    double scale = 1 / Math.sqrt(DEPTH);
    switch (this) {
      case SPIKY_FAR_KEYS:
        for (int row = 1; row < n; row++) {
          look(queries, row, keys, random.nextInt(row), 3);
        }
        break;
      case ALTERNATING_SEGMENTS:
        for (int row = 0; row < n; row++) {
          System.arraycopy(keys, row / 37 % 2 * DEPTH, keys, row * DEPTH, row < 2 ? 0 : DEPTH);
          System.arraycopy(queries, 0, queries, row * DEPTH, DEPTH);
        }
        break;
      case EQUAL_LOGITS:
        for (int row = 1; row < n; row++) {
          System.arraycopy(keys, 0, keys, row * DEPTH, DEPTH);
          System.arraycopy(queries, 0, queries, row * DEPTH, DEPTH);
        }
        break;
      case HUGE_LOGITS:
        scale = 1000 / (double) DEPTH / 3;
        break;
      case HUGE_KEY:
        scaleRow(keys, n / 3, 50);
        break;
      case HUGE_VALUES:
        Arrays.setAll(values, i -> values[i] * 1e30);
        break;
      case SUBNORMAL_VALUES:
        Arrays.setAll(values, i -> values[i] * 1e-41);
        break;
      case TINY_NORMALISERS:
        for (int row = 0; row < n; row++) {
          Arrays.fill(queries, row * DEPTH, (row + 1) * DEPTH, 1 - 2.0 * row / n);
          Arrays.fill(keys, row * DEPTH, (row + 1) * DEPTH, 40 / Math.sqrt(DEPTH));
        }
        break;
      case RARE_ROWS:
        Arrays.setAll(queries, i -> queries[i] * 0.02);
        for (int row = 50; row < n; row += 101) {
          look(queries, row, keys, random.nextInt(row), 4);
        }
        break;
      case LATE_NOISE:
        Arrays.fill(queries, 0, n / 2 * DEPTH, 0.01);
        Arrays.setAll(queries, i -> i < n / 2 * DEPTH ? 0.01 : 3 * queries[i]);
        break;
      case PATCH:
        for (int row = 0; row < n; row++) {
          // The last dimensions are what the two passages have of their own.
          int same = DEPTH - 4;
          int kind = row < 3 * n / 5 ? 0 : n - 1;
          System.arraycopy(keys, kind * DEPTH, keys, row * DEPTH, same);
          System.arraycopy(queries, 0, queries, row * DEPTH, same);
          for (int c = same; c < DEPTH; c++) {
            keys[row * DEPTH + c] *= row > n / 8 && row < n / 5 ? 4 : 0;
            queries[row * DEPTH + c] *= row > 4 * n / 5 && row < 7 * n / 8 ? 1 : 0;
          }
        }
        break;
      default:
        Arrays.setAll(values, i -> i / DEPTH == n / 4 ? values[i] : 0);
        break;
    }
    return new AttentionInputs(
        tensor(queries, n), tensor(keys, n), tensor(values, n), scale, AttentionMask.CAUSAL);
  }

  /** Turns a query to a key, so that their logit is about {@code strength·√d}. */
  private static void look(double[] queries, int row, double[] keys, int key, double strength) {
    for (int c = 0; c < DEPTH; c++) {
      queries[row * DEPTH + c] = strength * keys[key * DEPTH + c];
    }
  }

  private static void scaleRow(double[] x, int row, double factor) {
    for (int c = row * DEPTH; c < (row + 1) * DEPTH; c++) {
      x[c] *= factor;
    }
  }

  private static HeadTensor tensor(double[] x, int n) {
    float[] floats = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      floats[i] = (float) x[i];
    }
    return HeadTensor.of(floats, 1, n, DEPTH);
  }
}
