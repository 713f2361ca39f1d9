package io.github.convbasis.inference.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.attention.RotaryEmbedding;
import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.inference.json.FileFormatException;
import io.github.convbasis.inference.model.LlamaWeights.Part;
import io.github.convbasis.matrix.HeadTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A small random model with grouped heads and an output head of its own, against the formulas. */
class LlamaModelTest {
  private static final int HIDDEN = 12;
  private static final int INNER = 20;
  private static final int HEADS = 4;
  private static final int KEY_HEADS = 2;
  private static final int D = 6;
  private static final int VOCABULARY = 11;
  private static final double BASE = 500;

  /** Rounding of float32 sums of a few dozen products of size one, through two layers. */
  private static final double ROUNDING = 2e-5;

  private static final int[] TOKENS = {3, 0, 10, 3, 3, 7, 1, 9, 2, 2, 5, 8, 4, 6, 0, 1, 3};

  @TempDir Path directory;

  private final Map<String, float[]> weights = new LinkedHashMap<>();
  private final Map<String, int[]> shapes = new LinkedHashMap<>();

  private void addWeights() {
    SplittableRandom random = new SplittableRandom(3);
    add(random, LlamaWeights.EMBEDDING, VOCABULARY, HIDDEN);
    for (int layer = 0; layer < 2; layer++) {
      add(random, LlamaWeights.name(layer, Part.ATTENTION_NORM), HIDDEN);
      add(random, LlamaWeights.name(layer, Part.QUERY), HEADS * D, HIDDEN);
      add(random, LlamaWeights.name(layer, Part.KEY), KEY_HEADS * D, HIDDEN);
      add(random, LlamaWeights.name(layer, Part.VALUE), KEY_HEADS * D, HIDDEN);
      add(random, LlamaWeights.name(layer, Part.OUTPUT), HIDDEN, HEADS * D);
      add(random, LlamaWeights.name(layer, Part.FEED_FORWARD_NORM), HIDDEN);
      add(random, LlamaWeights.name(layer, Part.GATE), INNER, HIDDEN);
      add(random, LlamaWeights.name(layer, Part.UP), INNER, HIDDEN);
      add(random, LlamaWeights.name(layer, Part.DOWN), HIDDEN, INNER);
    }
    add(random, LlamaWeights.FINAL_NORM, HIDDEN);
    add(random, LlamaWeights.HEAD, VOCABULARY, HIDDEN);
  }

  private void add(SplittableRandom random, String name, int... shape) {
    float[] elements = new float[shape[0] * (shape.length == 2 ? shape[1] : 1)];
    for (int i = 0; i < elements.length; i++) {
      elements[i] = (float) (0.4 * random.nextGaussian() + (shape.length == 1 ? 1 : 0));
    }
    weights.put(name, elements);
    shapes.put(name, shape);
  }

  private void write(String file, String part) throws IOException {
    SafetensorsBytes bytes = new SafetensorsBytes();
    weights.forEach(
        (name, elements) -> {
          if (name.contains(part)) {
            bytes.add(name, elements, shapes.get(name));
          }
        });
    Files.write(directory.resolve(file), bytes.bytes());
  }

  private LlamaModel model() throws IOException {
    addWeights();
    Files.writeString(directory.resolve("config.json"), LlamaConfigTest.SOUND);
    write("model.safetensors", "");
    return LlamaModel.load(directory);
  }

  private static float[] forward(LlamaModel model) {
    return model.forward(TOKENS, AttentionStep.exact(Backends.scalar()), Parallelism.sequential());
  }

  @Test
  void theForwardPassFollowsTheFormulas() throws IOException {
    float[] actual = forward(model());
    double[][] hidden = new double[TOKENS.length][HIDDEN];
    for (int row = 0; row < hidden.length; row++) {
      for (int c = 0; c < HIDDEN; c++) {
        hidden[row][c] = weights.get(LlamaWeights.EMBEDDING)[TOKENS[row] * HIDDEN + c];
      }
    }
    for (int layer = 0; layer < 2; layer++) {
      runLayer(layer, hidden);
    }
    for (int row = 0; row < hidden.length; row++) {
      double[] normed = norm(LlamaWeights.FINAL_NORM, hidden[row]);
      double[] logits = times(LlamaWeights.HEAD, normed);
      for (int t = 0; t < VOCABULARY; t++) {
        assertEquals(logits[t], actual[row * VOCABULARY + t], ROUNDING, row + ", " + t);
      }
    }
  }

  private void runLayer(int layer, double[][] hidden) {
    int n = hidden.length;
    double[][] queries = new double[n][];
    double[][] keys = new double[n][];
    double[][] values = new double[n][];
    for (int row = 0; row < n; row++) {
      double[] normed = norm(LlamaWeights.name(layer, Part.ATTENTION_NORM), hidden[row]);
      queries[row] = rotated(times(LlamaWeights.name(layer, Part.QUERY), normed), row);
      keys[row] = rotated(times(LlamaWeights.name(layer, Part.KEY), normed), row);
      values[row] = times(LlamaWeights.name(layer, Part.VALUE), normed);
    }
    for (int row = 0; row < n; row++) {
      double[] attended = new double[HEADS * D];
      for (int head = 0; head < HEADS; head++) {
        attend(queries[row], keys, values, row, head, attended);
      }
      add(times(LlamaWeights.name(layer, Part.OUTPUT), attended), hidden[row]);
      double[] normed = norm(LlamaWeights.name(layer, Part.FEED_FORWARD_NORM), hidden[row]);
      double[] gate = times(LlamaWeights.name(layer, Part.GATE), normed);
      double[] up = times(LlamaWeights.name(layer, Part.UP), normed);
      for (int i = 0; i < INNER; i++) {
        up[i] *= gate[i] / (1 + Math.exp(-gate[i]));
      }
      add(times(LlamaWeights.name(layer, Part.DOWN), up), hidden[row]);
    }
  }

  private static void attend(
      double[] query, double[][] keys, double[][] values, int row, int head, double[] output) {
    int keyHead = head / (HEADS / KEY_HEADS);
    double normaliser = 0;
    for (int j = 0; j <= row; j++) {
      double logit = 0;
      for (int c = 0; c < D; c++) {
        logit += query[head * D + c] * keys[j][keyHead * D + c] / Math.sqrt(D);
      }
      normaliser += Math.exp(logit);
      for (int c = 0; c < D; c++) {
        output[head * D + c] += Math.exp(logit) * values[j][keyHead * D + c];
      }
    }
    for (int c = 0; c < D; c++) {
      output[head * D + c] /= normaliser;
    }
  }

  private static double[] rotated(double[] row, int position) {
    HeadTensor heads = HeadTensor.of(row, row.length / D, 1, D);
    new RotaryEmbedding(BASE, RotaryEmbedding.Pairing.HALF_SPLIT).rotate(heads, position);
    return row;
  }

  private double[] norm(String name, double[] x) {
    double squares = 0;
    for (double element : x) {
      squares += element * element;
    }
    double[] y = new double[x.length];
    for (int c = 0; c < x.length; c++) {
      y[c] = weights.get(name)[c] * x[c] / Math.sqrt(squares / x.length + 1e-5);
    }
    return y;
  }

  private double[] times(String name, double[] x) {
    float[] matrix = weights.get(name);
    double[] y = new double[matrix.length / x.length];
    for (int o = 0; o < y.length; o++) {
      for (int i = 0; i < x.length; i++) {
        y[o] += matrix[o * x.length + i] * x[i];
      }
    }
    return y;
  }

  private static void add(double[] summand, double[] sum) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] += summand[i];
    }
  }

  @Test
  void shardsGiveTheSameModel() throws IOException {
    float[] expected = forward(model());
    Files.delete(directory.resolve("model.safetensors"));
    StringBuilder map = new StringBuilder();
    for (String name : weights.keySet()) {
      String shard = name.contains("layers") ? "x-1.safetensors" : "x-2.safetensors";
      map.append(map.length() == 0 ? "" : ",").append("\"" + name + "\":\"" + shard + "\"");
    }
    write("x-1.safetensors", "layers");
    layersOut();
    write("x-2.safetensors", "");
    Path index = directory.resolve("model.safetensors.index.json");
    Files.writeString(index, "{\"weight_map\":{" + map + "}}");
    assertArrayEquals(expected, forward(LlamaModel.load(directory)));

    Files.writeString(index, "{\"weight_map\":{" + map.toString().replace("x-1", "../x-1") + "}}");
    refused("must be the plain name of a .safetensors file, was \"../x-1.safetensors\"");
    Files.writeString(index, "{\"weight_map\":{" + map.toString().replace("x-1", "x-2") + "}}");
    refused("must be the shard that holds the tensor, was \"x-2.safetensors\"");
    Files.writeString(
        index, "{\"weight_map\":{" + map.toString().replaceFirst(",\"lm_head[^,]*$", "") + "}}");
    refused("tensor 'lm_head.weight': is in this shard, but not so in");
    Files.writeString(index, "{}");
    refused("field weight_map is missing");
  }

  private void layersOut() {
    weights.keySet().removeIf(name -> name.contains("layers"));
  }

  private void refused(String saying) {
    IOException e = assertThrows(IOException.class, () -> LlamaModel.load(directory));
    assertTrue(e.getMessage().startsWith(directory.toString()), e.getMessage());
    assertTrue(e.getMessage().contains(saying), e.getMessage() + " does not say: " + saying);
  }

  @Test
  void wrongTensorsAreRefused() throws IOException {
    model();
    String norm = LlamaWeights.name(1, Part.ATTENTION_NORM);
    float[] right = weights.remove(norm);
    write("model.safetensors", "");
    refused("tensor '" + norm + "' is missing");
    weights.put(norm, new float[HIDDEN + 1]);
    shapes.put(norm, new int[] {HIDDEN + 1});
    write("model.safetensors", "");
    refused("tensor '" + norm + "': shape must be [12] by config.json, was [13]");
    weights.put(norm, new float[] {1, 2, 3, 4, Float.NaN, 6, 7, 8, 9, 10, 11, 12});
    shapes.put(norm, new int[] {HIDDEN});
    write("model.safetensors", "");
    refused("tensor '" + norm + "': must be finite, was NaN at element 4");
    weights.put(norm, right);
    weights.put("model.layers.0.self_attn.q_proj.bias", new float[HIDDEN]);
    shapes.put("model.layers.0.self_attn.q_proj.bias", new int[] {HIDDEN});
    write("model.safetensors", "");
    refused("tensor 'model.layers.0.self_attn.q_proj.bias' is none of a Llama model of 2 layers");
  }

  @Test
  void weightsThatNoHeapTakesAreRefused() throws IOException {
    Checkpoint checkpoint = Checkpoint.of(SafetensorsFile.of("f", new SafetensorsBytes().bytes()));
    LlamaWeights.requireHeap(checkpoint, 100, 100);
    FileFormatException e =
        assertThrows(
            FileFormatException.class, () -> LlamaWeights.requireHeap(checkpoint, 101, 100));
    assertTrue(
        e.getMessage().contains("need 101 bytes of memory as float32, Java has at most 100"));
  }

  @Test
  void wrongTokensAreRefusedAndOverflowIsTold() throws IOException {
    LlamaModel model = model();
    AttentionStep step = AttentionStep.exact(Backends.scalar());
    Parallelism one = Parallelism.sequential();
    String[] sayings = {
      "tokens must be from 1 to the 40 of the model's context, were 0",
      "tokens must be from 1 to the 40 of the model's context, were 41",
      "tokens must be from 0 to 10, was 11 at position 1",
      "tokens must be from 0 to 10, was -1 at position 0"
    };
    int[][] wrong = {{}, new int[41], {0, 11}, {-1}};
    for (int i = 0; i < wrong.length; i++) {
      int[] tokens = wrong[i];
      assertEquals(
          sayings[i],
          assertThrows(IllegalArgumentException.class, () -> model.forward(tokens, step, one))
              .getMessage());
    }
    assertThrows(IllegalArgumentException.class, () -> model.runLayers(TOKENS, 3, step, one));
    AttentionStep infinite =
        (layer, queries, keys, values, output, tasks) ->
            output.floats()[output.index(1, 2)] = Float.POSITIVE_INFINITY;
    ArithmeticException e =
        assertThrows(ArithmeticException.class, () -> model.forward(TOKENS, infinite, one));
    assertTrue(e.getMessage().startsWith("hidden state of layer 0, position 2"), e.getMessage());
  }

  @Test
  void bytesAreTokensAndBack() {
    assertArrayEquals(new int[] {97, 0xc3, 0xa4}, ByteVocabulary.tokens("aä"));
    assertEquals("aä", ByteVocabulary.text(new int[] {97, 0xc3, 0xa4}));
    assertThrows(IllegalArgumentException.class, () -> ByteVocabulary.text(new int[] {256}));
  }
}
