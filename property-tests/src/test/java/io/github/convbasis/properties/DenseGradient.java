package io.github.convbasis.properties;

import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.training.GradientMode;
import java.util.Arrays;

/**
 * Differentiates attention from modelled logits by definition, on dense arrays: the modelled logit
 * of an entry is the exact one at the same lag in the column that its segment is sampled at. In
 * mode SEGMENT an entry's gradient goes to the query and the key that its logit was read from, else
 * to its own.
 */
final class DenseGradient {
  private final AttentionInputs inputs;
  private final GradientMode mode;
  private final Model model;
  private final int[] sampleOf;
  private double greatestModelled = Double.NEGATIVE_INFINITY;
  private double leastLogSum = Double.POSITIVE_INFINITY;

  /**
   * Says which logits are modelled.
   *
   * @param starts first column of each segment
   * @param kernelOf for each segment the first segment of its kernel
   * @param band lags below are exact
   * @param exactColumns columns that are exact
   * @param exactRows for each head rows that are exact, increasing
   */
  record Model(int[] starts, int[] kernelOf, int band, int[] exactColumns, int[][] exactRows) {
    /** Models nothing. */
    static final Model NONE = new Model(new int[0], new int[0], 0, new int[0], new int[0][]);

    private boolean isExact(int head, int i, int j) {
      return i - j < band
          || Arrays.binarySearch(exactColumns, j) >= 0
          || Arrays.binarySearch(exactRows[head], i) >= 0;
    }
  }

  /** Outputs, and gradients by queries, keys and values, all dense in C order. */
  final double[] outputs;

  final double[] queries;
  final double[] keys;
  final double[] values;

  /** Sums of absolute terms of these gradients. */
  final double[] querySizes;

  final double[] keySizes;
  final double[] valueSizes;

  /**
   * Differentiates.
   *
   * @param inputs causal inputs
   * @param upstream gradient of the output
   * @param mode EXACT for exact logits everywhere, or what to do with modelled ones
   * @param model which logits are modelled
   */
  DenseGradient(AttentionInputs inputs, HeadTensor upstream, GradientMode mode, Model model) {
    this.inputs = inputs;
    this.mode = mode;
    this.model = model;
    int n = inputs.rows();
    sampleOf = samples(n);
    outputs = new double[inputs.queries().heads() * n * inputs.values().width()];
    queries = like(inputs.queries());
    keys = like(inputs.keys());
    values = like(inputs.values());
    querySizes = like(inputs.queries());
    keySizes = like(inputs.keys());
    valueSizes = like(inputs.values());
    for (int head = 0; head < inputs.queries().heads(); head++) {
      for (int i = 0; i < n; i++) {
        differentiateRow(head, i, upstream);
      }
    }
  }

  /**
   * Returns the greatest modelled weight beside the least row sum of a row with modelled logits: by
   * as much the rounding of transforms counts in that row.
   */
  double amplification() {
    return greatestModelled == Double.NEGATIVE_INFINITY
        ? 0
        : Math.exp(greatestModelled - leastLogSum);
  }

  private static double[] like(HeadTensor tensor) {
    return new double[tensor.heads() * tensor.rows() * tensor.width()];
  }

  /** A kernel is sampled at its first column that is not exact. */
  private int[] samples(int n) {
    int[] samples = new int[n];
    int[] sampleOfKernel = new int[model.starts().length];
    Arrays.fill(sampleOfKernel, -1);
    for (int r = 0; r < model.starts().length; r++) {
      int kernel = model.kernelOf()[r];
      int end = r + 1 < model.starts().length ? model.starts()[r + 1] : n;
      for (int j = model.starts()[r]; j < end; j++) {
        boolean exact = Arrays.binarySearch(model.exactColumns(), j) >= 0;
        sampleOfKernel[kernel] = sampleOfKernel[kernel] < 0 && !exact ? j : sampleOfKernel[kernel];
        samples[j] = sampleOfKernel[kernel];
      }
    }
    return samples;
  }

  private boolean isModelled(int head, int i, int j) {
    return mode != GradientMode.EXACT && !model.isExact(head, i, j);
  }

  /** The column that an entry's logit is read from. */
  private int column(int head, int i, int j) {
    return isModelled(head, i, j) ? sampleOf[j] : j;
  }

  private double logit(int head, int i, int j) {
    double[] key = new double[inputs.keys().width()];
    inputs.keys().copyRow(inputs.keyHead(head), j, key);
    return inputs.scale() * inputs.queries().dot(head, i, key);
  }

  private void differentiateRow(int head, int i, HeadTensor upstream) {
    int keyHead = inputs.keyHead(head);
    int width = inputs.values().width();
    double[] logits = new double[i + 1];
    boolean modelled = false;
    for (int j = 0; j <= i; j++) {
      int column = column(head, i, j);
      logits[j] = logit(head, column + i - j, column);
      if (isModelled(head, i, j)) {
        modelled = true;
        greatestModelled = Math.max(greatestModelled, logits[j]);
      }
    }
    double greatest = Arrays.stream(logits).max().orElseThrow();
    double sum = Arrays.stream(logits).map(logit -> Math.exp(logit - greatest)).sum();
    if (modelled) {
      leastLogSum = Math.min(leastLogSum, greatest + Math.log(sum));
    }
    double[] gradient = new double[width];
    upstream.copyRow(head, i, gradient);
    double[] weights = new double[i + 1];
    double[] pulls = new double[i + 1];
    double dot = 0;
    double size = 0;
    for (int j = 0; j <= i; j++) {
      weights[j] = Math.exp(logits[j] - greatest) / sum;
      pulls[j] = inputs.values().dot(keyHead, j, gradient);
      dot += weights[j] * pulls[j];
      int at = (head * inputs.rows() + i) * width;
      for (int c = 0; c < width; c++) {
        double value = inputs.values().get(keyHead, j, c);
        outputs[at + c] += weights[j] * value;
        size = Math.max(size, Math.abs(value) * Reference.norm1(gradient));
      }
    }
    for (int j = 0; j <= i; j++) {
      double p = inputs.scale() * weights[j] * (pulls[j] - dot);
      double bound = Math.abs(inputs.scale()) * weights[j] * 2 * size;
      boolean moved = mode == GradientMode.SEGMENT;
      int column = moved ? column(head, i, j) : j;
      add(head, moved ? column + i - j : i, column, p, bound);
      int at = (keyHead * inputs.rows() + j) * width;
      for (int c = 0; c < width; c++) {
        values[at + c] += weights[j] * gradient[c];
        valueSizes[at + c] += weights[j] * Math.abs(gradient[c]);
      }
    }
  }

  private void add(int head, int i, int j, double p, double bound) {
    int keyHead = inputs.keyHead(head);
    int depth = inputs.queries().width();
    int query = (head * inputs.rows() + i) * depth;
    int key = (keyHead * inputs.rows() + j) * depth;
    for (int c = 0; c < depth; c++) {
      double q = inputs.queries().get(head, i, c);
      double k = inputs.keys().get(keyHead, j, c);
      queries[query + c] += p * k;
      querySizes[query + c] += bound * Math.abs(k);
      keys[key + c] += p * q;
      keySizes[key + c] += bound * Math.abs(q);
    }
  }
}
