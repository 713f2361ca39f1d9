package io.github.convbasis.inference.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.inference.npy.NpyArray;
import io.github.convbasis.inference.npy.NpyReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Texts read in pieces against texts read at once. A row's products, norm and exact attention do
 * not depend on the rows beside it, so what holds is equality to the last bit, not a tolerance.
 */
class DecodingTest {
  private static final int N = 300;
  private static final int VOCABULARY = ByteVocabulary.SIZE;
  private static final Parallelism ONE = Parallelism.sequential();

  /** The kind is rounding: both sides compute in float32 in their own order; logits up to 30. */
  private static final double ORACLE_TOLERANCE = 1e-3;

  private static final int ORACLE_STRIDE = 4;

  @TempDir Path directory;

  private static int[] text(int count) throws IOException {
    try (InputStream in = BundledModel.openText()) {
      return ByteVocabulary.tokens(in.readNBytes(count));
    }
  }

  private static void requireSameBits(Backend backend, int count) throws IOException {
    int[] text = text(count);
    LlamaModel model = BundledModel.load(backend);
    AttentionStep step = AttentionStep.exact(backend);
    float[] whole = model.forward(text, step, ONE);
    for (int chunk : new int[] {1, 2, 7, 64, 95, 96, 97, count - 1, count, count + 9}) {
      DecodingState state = model.newState();
      for (int from = 0; from < count; from += chunk) {
        int to = Math.min(count, from + chunk);
        float[] logits = model.extend(state, Arrays.copyOfRange(text, from, to), chunk, step, ONE);
        assertEquals(to, state.positions());
        assertArrayEquals(
            Arrays.copyOfRange(whole, (to - 1) * VOCABULARY, to * VOCABULARY),
            logits,
            backend.name() + ", chunks of " + chunk + ", " + to + " tokens");
      }
      DecodingState again = model.newState();
      assertArrayEquals(
          Arrays.copyOfRange(whole, (count - 1) * VOCABULARY, count * VOCABULARY),
          model.extend(again, text, chunk, step, ONE),
          backend.name() + ", one call in chunks of " + chunk);
    }
  }

  @Test
  void anyCutGivesTheBitsOfTheWholeOnTheFastestBackend() throws IOException {
    requireSameBits(Backends.auto(), N);
  }

  @Test
  void anyCutGivesTheBitsOfTheWholeOnTheScalarBackend() throws IOException {
    requireSameBits(Backends.scalar(), 101);
  }

  @Test
  void tasksDoNotChangeABit() throws IOException {
    int[] text = text(N);
    LlamaModel model = BundledModel.load();
    AttentionStep step = AttentionStep.exact(Backends.auto());
    DecodingState one = model.newState();
    DecodingState four = model.newState();
    try (ExecutorService executor = Executors.newFixedThreadPool(3)) {
      Parallelism tasks = Parallelism.of(executor, 4);
      assertArrayEquals(
          model.extend(one, text, 100, step, ONE), model.extend(four, text, 100, step, tasks));
      for (int token = 0; token < 20; token++) {
        int[] next = {token};
        assertArrayEquals(
            model.extend(one, next, 1, step, ONE), model.extend(four, next, 1, step, tasks));
      }
    }
  }

  /** PyTorch's logits of every fourth position, met by decoding the text token by token. */
  @Test
  void decodingTokenByTokenMeetsTheLogitsOfPyTorch() throws IOException {
    Path file = directory.resolve("logits.npy");
    try (InputStream in = DecodingTest.class.getResourceAsStream("oracle/logits.npy")) {
      Files.copy(in, file);
    }
    NpyArray oracle = NpyReader.read(file);
    int[] text = text(oracle.floats().length / VOCABULARY * ORACLE_STRIDE);
    LlamaModel model = BundledModel.load();
    AttentionStep step = AttentionStep.exact(Backends.auto());
    DecodingState state = model.newState();
    double worst = 0;
    for (int position = 0; position < text.length; position++) {
      float[] logits = model.extend(state, new int[] {text[position]}, 1, step, ONE);
      for (int t = 0; position % ORACLE_STRIDE == 0 && t < VOCABULARY; t++) {
        float expected = oracle.floats()[position / ORACLE_STRIDE * VOCABULARY + t];
        worst = Math.max(worst, Math.abs(expected - logits[t]));
      }
    }
    assertTrue(worst <= ORACLE_TOLERANCE, "logits differ by " + worst);
    assertEquals(0, state.left());
  }

  @Test
  void aStateGoesBackAndOnDifferently() throws IOException {
    int[] text = text(200);
    LlamaModel model = BundledModel.load();
    AttentionStep step = AttentionStep.exact(Backends.auto());
    DecodingState state = model.newState();
    model.extend(state, text, 64, step, ONE);
    state.rewind(50);
    int[] other = Arrays.copyOfRange(text, 100, 180);
    int[] joined = Arrays.copyOf(text, 130);
    System.arraycopy(other, 0, joined, 50, 80);
    assertArrayEquals(
        model.forwardLast(joined, step, ONE), model.extend(state, other, 33, step, ONE));
    assertThrows(IllegalArgumentException.class, () -> state.rewind(131));
    assertThrows(IllegalArgumentException.class, () -> state.rewind(-1));
  }

  @Test
  void whatCannotBeReadIsRefusedAndLeavesTheStateAsItWas() throws IOException {
    LlamaModel model = BundledModel.load();
    AttentionStep step = AttentionStep.exact(Backends.auto());
    DecodingState state = model.newState();
    int context = model.config().contextLength();
    refused(
        "tokens must be from 1 to the 2048 of the model's context, were 2049",
        () -> model.extend(state, new int[context + 1], 64, step, ONE));
    model.extend(state, text(2040), 2048, step, ONE);
    refused(
        "tokens must be from 1 to the 8 left of the model's context of 2048, were 9",
        () -> model.extend(state, new int[9], 1, step, ONE));
    refused(
        "tokens must be from 1 to the 8 left of the model's context of 2048, were 0",
        () -> model.extend(state, new int[0], 1, step, ONE));
    refused(
        "tokens must be from 0 to 255, was 256 at position 2041",
        () -> model.extend(state, new int[] {1, 256}, 1, step, ONE));
    refused("chunk must be at least 1, was 0", () -> model.extend(state, new int[1], 0, step, ONE));
    refused(
        "state must be of this model, was of another one",
        () -> BundledModel.load().extend(state, new int[1], 1, step, ONE));
    assertEquals(2040, state.positions());
    model.extend(state, new int[8], 3, step, ONE);
    refused(
        "tokens must be from 1 to the 0 left of the model's context of 2048, were 1",
        () -> model.extend(state, new int[1], 1, step, ONE));
  }

  @Test
  void overflowNamesThePositionInTheTextAndTakesTheChunksBack() throws IOException {
    LlamaModel model = BundledModel.load();
    AttentionStep exact = AttentionStep.exact(Backends.auto());
    AttentionStep breaking =
        (layer, queries, keys, values, output, tasks) -> {
          exact.attend(layer, queries, keys, values, output, tasks);
          if (keys.rows() == 30) {
            output.floats()[output.index(1, 3)] = Float.POSITIVE_INFINITY;
          }
        };
    int[] text = text(40);
    DecodingState state = model.newState();
    model.extend(state, Arrays.copyOf(text, 10), 10, breaking, ONE);
    ArithmeticException e =
        assertThrows(
            ArithmeticException.class,
            () -> model.extend(state, Arrays.copyOfRange(text, 10, 40), 10, breaking, ONE));
    assertTrue(e.getMessage().startsWith("hidden state of layer 0, position 23,"), e.getMessage());
    assertEquals(10, state.positions());
    assertArrayEquals(
        model.forwardLast(text, exact, ONE),
        model.extend(state, Arrays.copyOfRange(text, 10, 40), 10, exact, ONE));
  }

  private interface Reading {
    void run() throws IOException;
  }

  private static void refused(String message, Reading reading) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, reading::run).getMessage());
  }
}
