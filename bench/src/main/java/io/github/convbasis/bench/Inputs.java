package io.github.convbasis.bench;

import io.github.convbasis.attention.RotaryEmbedding;
import io.github.convbasis.attention.RotaryEmbedding.Pairing;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;

/** Makes inputs of known structure from a fixed seed. */
public final class Inputs {
  private static final long SEED = 20_250_131;

  private Inputs() {}

  /** Gaussian numbers. */
  static float[] numbers(int count) {
    return numbers(new SplittableRandom(SEED), count);
  }

  /** A Gaussian kernel of norm about 1, so that what it convolves keeps its size. */
  static double[] kernel(int n) {
    SplittableRandom random = new SplittableRandom(SEED + 1);
    double[] kernel = new double[n];
    for (int lag = 0; lag < n; lag++) {
      kernel[lag] = random.nextGaussian() / Math.sqrt(n);
    }
    return kernel;
  }

  /** Gaussian queries, keys and values of one head. */
  static AttentionInputs gaussian(int n, int d) {
    SplittableRandom random = new SplittableRandom(SEED);
    return AttentionInputs.causal(
        gaussianTensor(random, n, d), gaussianTensor(random, n, d), gaussianTensor(random, n, d));
  }

  /** Gaussian queries of the last rows, and keys and values of all. */
  static AttentionInputs decoding(int rows, int n, int d, int heads, int keyHeads) {
    SplittableRandom random = new SplittableRandom(SEED);
    return AttentionInputs.causalChunk(
        HeadTensor.of(numbers(random, heads * rows * d), heads, rows, d),
        HeadTensor.of(numbers(random, keyHeads * n * d), keyHeads, n, d),
        HeadTensor.of(numbers(random, keyHeads * n * d), keyHeads, n, d));
  }

  /**
   * One head whose logits are a sum of exactly {@code segments} convolution matrices: constant
   * queries and per-segment constant keys, rotated by position. Segments start anywhere: starts on
   * a grid of powers of two would suit blocks of such sizes, and save them a fifth of the time.
   *
   * @param n rows
   * @param d columns of queries, keys and values
   * @param segments segments
   * @return causal inputs of one head
   */
  public static AttentionInputs segmented(int n, int d, int segments) {
    SplittableRandom random = new SplittableRandom(SEED);
    float[] query = numbers(random, d);
    float[] queries = new float[n * d];
    float[] keys = new float[n * d];
    float[] key = query;
    TreeSet<Integer> starts = new TreeSet<>(List.of(0));
    while (starts.size() < segments) {
      starts.add(random.nextInt(n));
    }
    for (int row = 0; row < n; row++) {
      if (starts.contains(row)) {
        key = numbers(random, d);
      }
      System.arraycopy(query, 0, queries, row * d, d);
      System.arraycopy(key, 0, keys, row * d, d);
    }
    RotaryEmbedding rope = new RotaryEmbedding(10_000, Pairing.HALF_SPLIT);
    HeadTensor queryTensor = HeadTensor.of(queries, 1, n, d);
    HeadTensor keyTensor = HeadTensor.of(keys, 1, n, d);
    rope.rotate(queryTensor, 0);
    rope.rotate(keyTensor, 0);
    return AttentionInputs.causal(queryTensor, keyTensor, gaussianTensor(random, n, d));
  }

  private static float[] numbers(SplittableRandom random, int count) {
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = (float) random.nextGaussian();
    }
    return numbers;
  }

  private static HeadTensor gaussianTensor(SplittableRandom random, int n, int d) {
    return HeadTensor.of(numbers(random, n * d), 1, n, d);
  }
}
