package io.github.convbasis.inference.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
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

/** The bundled model against logits of PyTorch in float32, and perplexity of NumPy in double. */
class BundledModelTest {
  private static final int N = 2048;

  /** The oracle holds the logits of every fourth position. */
  private static final int STRIDE = 4;

  /** Both sides compute in float32 in their own order; logits are up to about 30. */
  private static final double LOGIT_TOLERANCE = 1e-3;

  private static final double BITS_PER_BYTE = 1.6428673672118828;
  private static final double BITS_TOLERANCE = 1e-5;

  @TempDir Path directory;

  private NpyArray oracle(String name) throws IOException {
    Path file = directory.resolve(name);
    try (InputStream in = BundledModelTest.class.getResourceAsStream("oracle/" + name)) {
      Files.copy(in, file);
    }
    return NpyReader.read(file);
  }

  private static int[] prompt() throws IOException {
    try (InputStream in = BundledModel.openText()) {
      return ByteVocabulary.tokens(in.readNBytes(N));
    }
  }

  private void checkLogits(Backend backend) throws IOException {
    int[] tokens = prompt();
    float[] logits =
        BundledModel.load(backend)
            .forward(tokens, AttentionStep.exact(backend), Parallelism.sequential());
    float[] expected = oracle("logits.npy").floats();
    assertEquals(N / STRIDE * ByteVocabulary.SIZE, expected.length);
    double worst = 0;
    for (int i = 0; i < expected.length; i++) {
      int row = i / ByteVocabulary.SIZE * STRIDE;
      float actual = logits[row * ByteVocabulary.SIZE + i % ByteVocabulary.SIZE];
      worst = Math.max(worst, Math.abs(expected[i] - actual));
    }
    assertTrue(worst <= LOGIT_TOLERANCE, backend.name() + ": logits differ by " + worst);
    assertEquals(BITS_PER_BYTE, bitsPerByte(tokens, logits), BITS_TOLERANCE, backend.name());
  }

  private static double bitsPerByte(int[] tokens, float[] logits) {
    double nats = 0;
    for (int row = 0; row + 1 < tokens.length; row++) {
      double sum = 0;
      for (int t = 0; t < ByteVocabulary.SIZE; t++) {
        sum += Math.exp(logits[row * ByteVocabulary.SIZE + t]);
      }
      nats += Math.log(sum) - logits[row * ByteVocabulary.SIZE + tokens[row + 1]];
    }
    return nats / (tokens.length - 1) / Math.log(2);
  }

  @Test
  void theOraclesPromptIsTheStartOfTheText() throws IOException {
    double[] expected = oracle("tokens.npy").toDoubles();
    assertArrayEquals(Arrays.stream(expected).mapToInt(token -> (int) token).toArray(), prompt());
  }

  @Test
  void logitsAndPerplexityOfTheScalarBackend() throws IOException {
    checkLogits(Backends.scalar());
  }

  @Test
  void logitsAndPerplexityOfTheFastestBackend() throws IOException {
    checkLogits(Backends.auto());
  }

  @Test
  void tasksDoNotChangeABitAndTheLastPositionIsTheSame() throws IOException {
    int[] tokens = Arrays.copyOf(prompt(), 333);
    LlamaModel model = BundledModel.load();
    AttentionStep step = AttentionStep.exact(Backends.auto());
    float[] one = model.forward(tokens, step, Parallelism.sequential());
    try (ExecutorService executor = Executors.newFixedThreadPool(3)) {
      assertArrayEquals(one, model.forward(tokens, step, Parallelism.of(executor, 4)));
    }
    float[] last = model.forwardLast(tokens, step, Parallelism.sequential());
    assertArrayEquals(
        Arrays.copyOfRange(one, 332 * ByteVocabulary.SIZE, 333 * ByteVocabulary.SIZE), last);
  }
}
