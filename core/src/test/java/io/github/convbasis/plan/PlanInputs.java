package io.github.convbasis.plan;

import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import java.util.SplittableRandom;

/** Heads whose structure is known. All are doubles, one head, logit scale 1. */
final class PlanInputs {
  static final int DEPTH = 16;
  static final int WIDTH = 5;

  private PlanInputs() {}

  private static double[] gaussian(SplittableRandom random, int count, double size) {
    double[] x = new double[count];
    for (int i = 0; i < count; i++) {
      x[i] = size * random.nextGaussian();
    }
    return x;
  }

  static AttentionInputs inputs(double[] queries, double[] keys, int depth, long seed) {
    int n = queries.length / depth;
    double[] values = gaussian(new SplittableRandom(seed + 7), n * WIDTH, 1);
    return new AttentionInputs(
        HeadTensor.of(queries, 1, n, depth),
        HeadTensor.of(keys, 1, n, depth),
        HeadTensor.of(values, 1, n, WIDTH),
        1,
        AttentionMask.CAUSAL);
  }

  /**
   * Queries that drift slowly from row to row, and keys of any size: tiles have something to find.
   */
  static AttentionInputs drifting(int n, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] queries = gaussian(random, n * DEPTH, 0.1);
    double[] centre = gaussian(random, DEPTH, 0.5);
    for (int i = 0; i < n; i++) {
      for (int c = 0; c < DEPTH; c++) {
        centre[c] += 0.05 * random.nextGaussian();
        queries[i * DEPTH + c] += centre[c];
      }
    }
    return inputs(queries, gaussian(random, n * DEPTH, 1), DEPTH, seed);
  }

  /**
   * Logits that depend on the lag and on the key's kind: rotary embeddings of one query and of a
   * key for each kind, and noise.
   *
   * @param kindOf for each column which key
   * @param noise standard deviation of the noise of a key's elements
   */
  static AttentionInputs segments(int[] kindOf, double noise, long seed) {
    int n = kindOf.length;
    SplittableRandom random = new SplittableRandom(seed);
    double[] query = gaussian(random, DEPTH, 0.7);
    double[][] kinds = new double[100][];
    for (int kind = 0; kind < kinds.length; kind++) {
      kinds[kind] = gaussian(random, DEPTH, 0.7);
    }
    double[] queries = new double[n * DEPTH];
    double[] keys = new double[n * DEPTH];
    for (int i = 0; i < n; i++) {
      rotate(query, i, queries);
      double[] key = kinds[kindOf[i]].clone();
      for (int c = 0; c < DEPTH; c++) {
        key[c] += noise * random.nextGaussian();
      }
      rotate(key, i, keys);
    }
    return inputs(queries, keys, DEPTH, seed);
  }

  /** The same without noise, but some rows see other logits of some columns. */
  static AttentionInputs patched(
      int[] kindOf, int fromRow, int toRow, int fromColumn, int toColumn, long seed) {
    AttentionInputs segments = segments(kindOf, 0, seed);
    int n = kindOf.length;
    int depth = DEPTH + 4;
    SplittableRandom random = new SplittableRandom(seed + 1);
    double[] queries = new double[n * depth];
    double[] keys = new double[n * depth];
    for (int i = 0; i < n; i++) {
      System.arraycopy(segments.queries().doubles(), i * DEPTH, queries, i * depth, DEPTH);
      System.arraycopy(segments.keys().doubles(), i * DEPTH, keys, i * depth, DEPTH);
      for (int c = DEPTH; c < depth; c++) {
        queries[i * depth + c] = i >= fromRow && i < toRow ? 0.6 * random.nextGaussian() : 0;
        keys[i * depth + c] = i >= fromColumn && i < toColumn ? 0.6 * random.nextGaussian() : 0;
      }
    }
    return inputs(queries, keys, depth, seed);
  }

  private static void rotate(double[] row, int position, double[] target) {
    for (int pair = 0; pair < DEPTH / 2; pair++) {
      double angle = position * Math.pow(1000, -2.0 * pair / DEPTH);
      double x = row[2 * pair];
      double y = row[2 * pair + 1];
      target[position * DEPTH + 2 * pair] = x * Math.cos(angle) - y * Math.sin(angle);
      target[position * DEPTH + 2 * pair + 1] = x * Math.sin(angle) + y * Math.cos(angle);
    }
  }

  /** Logits {@code cos((i-j)·0.01) + g_i + c_j}. */
  static AttentionInputs offsets(double[] g, double[] c, long seed) {
    int n = g.length;
    int depth = 4;
    double[] queries = new double[n * depth];
    double[] keys = new double[n * depth];
    for (int i = 0; i < n; i++) {
      queries[i * depth] = Math.cos(0.01 * i);
      queries[i * depth + 1] = Math.sin(0.01 * i);
      queries[i * depth + 2] = g[i];
      queries[i * depth + 3] = 1;
      keys[i * depth] = Math.cos(0.01 * i);
      keys[i * depth + 1] = Math.sin(0.01 * i);
      keys[i * depth + 2] = 1;
      keys[i * depth + 3] = c[i];
    }
    return inputs(queries, keys, depth, seed);
  }
}
