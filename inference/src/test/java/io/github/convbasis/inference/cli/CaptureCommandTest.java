package io.github.convbasis.inference.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.convbasis.inference.npy.NpyArray;
import io.github.convbasis.inference.npy.NpyReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CaptureCommandTest {
  private static final String RESOURCES = "/io/github/convbasis/inference/bundled/";

  /** Layer and head of each bundled head. */
  private static final int[][] BUNDLED = {{0, 1}, {1, 0}, {2, 3}, {3, 1}};

  private static final int N = 2048;
  private static final int D = 32;

  /** Both come from float32 forward passes; elements are up to about 20. */
  private static final double TOLERANCE = 1e-3;

  @TempDir Path directory;

  private CommandRun capture(Object... more) {
    Object[] words = new Object[3 + more.length];
    words[0] = "capture";
    words[1] = "--output";
    words[2] = output();
    System.arraycopy(more, 0, words, 3, more.length);
    return CommandRun.of(words);
  }

  private Path output() {
    return directory.resolve("heads");
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(p -> p.getFileName().toString()).sorted().collect(Collectors.toList());
    }
  }

  private Path resource(String name) throws IOException {
    Path file = directory.resolve(name.replace('/', '-'));
    try (InputStream in = CaptureCommandTest.class.getResourceAsStream(RESOURCES + name)) {
      Files.copy(in, file);
    }
    return file;
  }

  @Test
  void theBundledHeadsAreMadeAgain() throws IOException {
    CommandRun run = capture().succeeded();
    assertTrue(run.out().contains("wrote 48 files, 2048 × 32, to "), run.out());
    assertEquals(48, names(output()).size());
    double worst = 0;
    for (String kind : new String[] {"queries", "keys", "values"}) {
      float[] expected = NpyReader.read(resource(kind + ".npy")).floats();
      for (int head = 0; head < BUNDLED.length; head++) {
        String name = "layer" + BUNDLED[head][0] + "_head" + BUNDLED[head][1] + "_" + kind + ".npy";
        NpyArray actual = NpyReader.read(output().resolve(name));
        assertArrayEquals(new int[] {N, D}, actual.shape());
        for (int i = 0; i < N * D; i++) {
          worst = Math.max(worst, Math.abs(expected[head * N * D + i] - actual.floats()[i]));
        }
      }
    }
    assertTrue(worst <= TOLERANCE, "elements differ by " + worst);
  }

  @Test
  void aModelDirectoryTextOffsetLayerAndHead() throws IOException {
    Path model = Files.createDirectory(directory.resolve("model"));
    Files.move(resource("model/config.json"), model.resolve("config.json"));
    Files.move(resource("model/model.safetensors"), model.resolve("model.safetensors"));
    Path text = resource("model/text.txt");
    JsonNode report =
        capture(
                "--model",
                model,
                "--text",
                text,
                "--tokens",
                50,
                "--offset",
                7,
                "--layer",
                1,
                "--head",
                2,
                "--json")
            .succeeded()
            .json();
    assertEquals(50, report.get("n").asInt());
    assertEquals(1 / Math.sqrt(D), report.get("scale").asDouble());
    assertEquals(1, report.get("heads").size());
    assertEquals(2, report.get("heads").get(0).get("key_head").asInt());
    assertEquals(
        List.of("layer1_head2_keys.npy", "layer1_head2_queries.npy", "layer1_head2_values.npy"),
        names(output()));
    Path other = directory.resolve("other");
    CommandRun.of(
            "capture", "--output", other, "--tokens", 50, "--offset", 7, "--head", 2, "--layer", 1)
        .succeeded();
    for (String name : names(output())) {
      assertArrayEquals(
          Files.readAllBytes(output().resolve(name)), Files.readAllBytes(other.resolve(name)));
    }
  }

  @Test
  void theWholeTextIsTheDefaultWhereItIsShort() throws IOException {
    Path text = Files.writeString(directory.resolve("short.txt"), "In the beginning");
    JsonNode report = capture("--text", text, "--layer", 0, "--json").succeeded().json();
    assertEquals(16, report.get("n").asInt());
    assertEquals(4, report.get("heads").size());
  }

  @Test
  void wrongUsageIsRefusedAndWritesNothing() throws IOException {
    Path text = Files.writeString(directory.resolve("short.txt"), "In the beginning");
    capture("--layer", 4).refusedBecause("--layer must be from 0 to 3, was 4");
    capture("--layer", -1).refusedBecause("--layer must be from 0 to 3, was -1");
    capture("--head", 4).refusedBecause("--head must be from 0 to 3, was 4");
    capture("--tokens", 2049)
        .refusedBecause("--tokens must be from 1 to the 2048 of the model's context, was 2049");
    capture("--tokens", 0).refusedBecause("was 0");
    capture("--offset", -1).refusedBecause("--offset must be at least 0, was -1");
    capture("--text", text, "--tokens", 17)
        .refusedBecause("short.txt: has 16 bytes from offset 0, expected at least 17");
    capture("--text", text, "--offset", 16)
        .refusedBecause("short.txt: has 0 bytes from offset 16, expected at least 1");
    capture("--tokens", 10, "--offset", 119_991)
        .refusedBecause("has 9 bytes from offset 119991, expected at least 10");
    capture("--text", directory.resolve("none")).refusedBecause("none: no such file");
    capture("--text", directory).refusedBecause("is a directory");
    capture("--model", directory.resolve("none")).refusedBecause("config.json: no such file");
    capture("--backend", "gpu").refusedBecause("was gpu");
    CommandRun.of("capture").refusedBecause("Missing required option");
    assertFalse(Files.exists(output()));
  }

  @Test
  void anOffsetInsideACharacterIsNamed() throws IOException {
    Path model = ModelFixture.model(directory.resolve("model"), config -> {});
    ModelFixture.withTokenizer(model, "bytes.json");
    Path text = Files.writeString(directory.resolve("text"), "äöü");
    capture("--model", model, "--text", text, "--offset", 3)
        .refusedBecause(text + " from offset 3: text must be UTF-8, was 0xb6 at byte 0");
    assertFalse(Files.exists(output()));
  }

  @Test
  void unsoundModelsAreRefusedByName() throws IOException {
    Path model = Files.createDirectory(directory.resolve("model"));
    Path config = model.resolve("config.json");
    Files.move(resource("model/config.json"), config);
    capture("--model", model)
        .refusedBecause(
            "model.safetensors: no such file, and no model.safetensors.index.json beside it");
    Files.write(model.resolve("model.safetensors"), new byte[3]);
    capture("--model", model).refusedBecause("model.safetensors: truncated: has 3 bytes");
    capture("--model", config).refusedBecause("config.json: is not a directory");
    Files.writeString(config, Files.readString(config).replace("silu", "gelu"));
    capture("--model", model)
        .refusedBecause("config.json: field hidden_act must be \"silu\", was \"gelu\"");
    assertFalse(Files.exists(output()));
  }

  @Test
  void nothingIsReplacedAndNothingIsLeftOfAFailure() throws IOException {
    Files.createDirectory(output());
    Path other = Files.writeString(output().resolve("layer0_head3_keys.npy"), "mine");
    capture("--tokens", 10).refusedBecause("layer0_head3_keys.npy: exists already");
    assertEquals(List.of("layer0_head3_keys.npy"), names(output()));
    assertEquals("mine", Files.readString(other));
    capture("--tokens", 10, "--layer", 0, "--head", 0).succeeded();
    assertEquals(4, names(output()).size());
    Path file = Files.writeString(directory.resolve("file"), "");
    CommandRun.of("capture", "--output", file).refusedBecause("file: is not a directory");
    CommandRun.of("capture", "--output", directory.resolve("none").resolve("heads"))
        .refusedBecause("its directory does not exist");
  }
}
