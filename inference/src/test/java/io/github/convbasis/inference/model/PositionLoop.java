package io.github.convbasis.inference.model;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.inference.embed.AttentionEngine;
import io.github.convbasis.inference.embed.CacheRows;
import io.github.convbasis.inference.embed.HeadShape;
import io.github.convbasis.inference.embed.LayerReport;
import io.github.convbasis.inference.model.LlamaWeights.Part;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The worked example: a Llama forward pass as plain JVM engines write it, in plain loops with
 * caches {@code [layer][position·kvDim + …]}, on the bundled model. Its attention is either its own
 * loop over positions and heads or one call of {@link AttentionEngine} for each layer: prefill for
 * the prompt, extend for every token after it.
 */
final class PositionLoop {
  private final LlamaConfig config;
  private final List<float[][]> layers = new ArrayList<>();
  private final float[] embedding;
  private final float[] finalNorm;
  private final float[] head;
  private final double[] frequencies;
  private final int dim;
  private final int kvDim;
  private final int headSize;
  private final List<LayerReport> reports = new ArrayList<>();

  PositionLoop(LlamaConfig config, InputStream weights) throws IOException {
    this.config = config;
    dim = config.hiddenSize();
    kvDim = config.keyWidth();
    headSize = config.headWidth();
    frequencies = config.ropeScaling().frequencies(config.ropeBase(), headSize);
    try (Checkpoint checkpoint =
        Checkpoint.of(SafetensorsFile.of("example", weights.readAllBytes()))) {
      LlamaWeights all = LlamaWeights.of(config, checkpoint);
      embedding = all.tensor(LlamaWeights.EMBEDDING);
      finalNorm = all.tensor(LlamaWeights.FINAL_NORM);
      head = config.tiedEmbeddings() ? embedding : all.tensor(LlamaWeights.HEAD);
      for (int layer = 0; layer < config.layers(); layer++) {
        float[][] parts = new float[Part.values().length][];
        for (Part part : Part.values()) {
          parts[part.ordinal()] = all.tensor(LlamaWeights.name(layer, part));
        }
        layers.add(parts);
      }
    }
  }

  /** Computes the logits of every position of a text that is read at once. */
  float[] forward(int[] tokens, AttentionEngine engine, Parallelism parallelism) {
    return forward(tokens, tokens.length, engine, parallelism);
  }

  /**
   * Computes the logits of every position.
   *
   * @param prompt how many tokens are read at once, each later one by itself, as in generating
   * @param engine what attends; null: the loop itself
   */
  float[] forward(int[] tokens, int prompt, AttentionEngine engine, Parallelism parallelism) {
    reports.clear();
    float[][] keyCache = new float[config.layers()][tokens.length * kvDim];
    float[][] valueCache = new float[config.layers()][tokens.length * kvDim];
    float[] logits = new float[tokens.length * config.vocabularySize()];
    for (int from = 0; from < tokens.length; ) {
      int to = from == 0 ? prompt : from + 1;
      read(tokens, from, to, keyCache, valueCache, logits, engine, parallelism);
      from = to;
    }
    return logits;
  }

  /** Returns what the engine reported of each layer of the last prompt. */
  List<LayerReport> reports() {
    return List.copyOf(reports);
  }

  private void read(
      int[] tokens,
      int from,
      int to,
      float[][] keyCache,
      float[][] valueCache,
      float[] logits,
      AttentionEngine engine,
      Parallelism parallelism) {
    int n = to - from;
    int queryDim = config.queryWidth();
    float[] x = new float[n * dim];
    for (int t = 0; t < n; t++) {
      System.arraycopy(embedding, tokens[from + t] * dim, x, t * dim, dim);
    }
    float[] queries = new float[n * queryDim];
    float[] attended = new float[n * queryDim];
    float[] normed = new float[dim];
    for (int l = 0; l < config.layers(); l++) {
      float[][] w = layers.get(l);
      for (int t = 0; t < n; t++) {
        int position = from + t;
        norm(x, t * dim, w[Part.ATTENTION_NORM.ordinal()], normed);
        matmul(w[Part.QUERY.ordinal()], normed, queries, t * queryDim, queryDim);
        matmul(w[Part.KEY.ordinal()], normed, keyCache[l], position * kvDim, kvDim);
        matmul(w[Part.VALUE.ordinal()], normed, valueCache[l], position * kvDim, kvDim);
        rotate(queries, t * queryDim, config.heads(), position);
        rotate(keyCache[l], position * kvDim, config.keyHeads(), position);
      }
      if (engine == null) {
        attend(queries, keyCache[l], valueCache[l], attended, from, n);
      } else {
        HeadShape shape = HeadShape.of(config.heads(), config.keyHeads(), headSize);
        CacheRows q = CacheRows.of(queries, 0, queryDim, headSize);
        CacheRows k = CacheRows.of(keyCache[l], 0, kvDim, headSize);
        CacheRows v = CacheRows.of(valueCache[l], 0, kvDim, headSize);
        CacheRows output = CacheRows.of(attended, 0, queryDim, headSize);
        if (from == 0) {
          reports.add(engine.prefill(l, shape, n, q, k, v, output, parallelism));
        } else {
          engine.extend(l, shape, from, n, q, k, v, output, parallelism);
        }
      }
      for (int t = 0; t < n; t++) {
        finish(w, attended, x, t, normed);
      }
    }
    int vocabulary = config.vocabularySize();
    for (int t = 0; t < n; t++) {
      norm(x, t * dim, finalNorm, normed);
      matmul(head, normed, logits, (from + t) * vocabulary, vocabulary);
    }
  }

  private void attend(
      float[] queries, float[] keys, float[] values, float[] output, int first, int n) {
    int queryDim = config.queryWidth();
    int group = config.heads() / config.keyHeads();
    double[] scores = new double[first + n];
    for (int t = 0; t < n; t++) {
      for (int h = 0; h < config.heads(); h++) {
        int q = t * queryDim + h * headSize;
        int kv = h / group * headSize;
        double most = Double.NEGATIVE_INFINITY;
        for (int s = 0; s <= first + t; s++) {
          double score = 0;
          for (int c = 0; c < headSize; c++) {
            score += queries[q + c] * keys[s * kvDim + kv + c];
          }
          scores[s] = score / Math.sqrt(headSize);
          most = Math.max(most, scores[s]);
        }
        double sum = 0;
        for (int s = 0; s <= first + t; s++) {
          scores[s] = Math.exp(scores[s] - most);
          sum += scores[s];
        }
        for (int c = 0; c < headSize; c++) {
          double value = 0;
          for (int s = 0; s <= first + t; s++) {
            value += scores[s] * values[s * kvDim + kv + c];
          }
          output[q + c] = (float) (value / sum);
        }
      }
    }
  }

  private void finish(float[][] w, float[] attended, float[] x, int t, float[] normed) {
    int queryDim = config.queryWidth();
    int intermediate = config.intermediateSize();
    float[] row = new float[queryDim];
    float[] gate = new float[intermediate];
    float[] up = new float[intermediate];
    System.arraycopy(attended, t * queryDim, row, 0, queryDim);
    matmul(w[Part.OUTPUT.ordinal()], row, normed, 0, dim);
    add(normed, x, t * dim);
    norm(x, t * dim, w[Part.FEED_FORWARD_NORM.ordinal()], normed);
    matmul(w[Part.GATE.ordinal()], normed, gate, 0, intermediate);
    matmul(w[Part.UP.ordinal()], normed, up, 0, intermediate);
    for (int i = 0; i < intermediate; i++) {
      up[i] *= (float) (gate[i] / (1 + Math.exp(-gate[i])));
    }
    matmul(w[Part.DOWN.ordinal()], up, normed, 0, dim);
    add(normed, x, t * dim);
  }

  private static void add(float[] summand, float[] x, int at) {
    for (int i = 0; i < summand.length; i++) {
      x[at + i] += summand[i];
    }
  }

  private void norm(float[] x, int at, float[] weights, float[] target) {
    double squares = 0;
    for (int i = 0; i < dim; i++) {
      squares += (double) x[at + i] * x[at + i];
    }
    double scale = 1 / Math.sqrt(squares / dim + config.normEpsilon());
    for (int i = 0; i < dim; i++) {
      target[i] = (float) (weights[i] * (x[at + i] * scale));
    }
  }

  private static void matmul(float[] w, float[] x, float[] y, int at, int outputs) {
    for (int o = 0; o < outputs; o++) {
      float sum = 0;
      for (int i = 0; i < x.length; i++) {
        sum += w[o * x.length + i] * x[i];
      }
      y[at + o] = sum;
    }
  }

  private void rotate(float[] rows, int at, int heads, int position) {
    int half = headSize / 2;
    for (int h = 0; h < heads; h++) {
      for (int m = 0; m < half; m++) {
        int i = at + h * headSize + m;
        double cosine = Math.cos(position * frequencies[m]);
        double sine = Math.sin(position * frequencies[m]);
        double a = rows[i];
        double b = rows[i + half];
        rows[i] = (float) (a * cosine - b * sine);
        rows[i + half] = (float) (b * cosine + a * sine);
      }
    }
  }

  /** Says how far logits are from those of the loop's own attention, for the log of a test run. */
  static String drift(String what, LogitDrift drift) {
    return String.format(
        Locale.ROOT,
        "%s: logits drift by %.1e at most, %.1e rms",
        what,
        drift.greatestDifference(),
        drift.rootMeanSquare());
  }
}
