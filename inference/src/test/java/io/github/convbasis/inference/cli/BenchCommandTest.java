package io.github.convbasis.inference.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchCommandTest {
  @TempDir Path directory;

  private static CommandRun bench(Object... more) {
    Object[] words = new Object[3 + more.length];
    words[0] = "bench";
    words[1] = "--warm-up";
    words[2] = 0;
    System.arraycopy(more, 0, words, 3, more.length);
    return CommandRun.of(words);
  }

  @Test
  void testsAndAttentionsAsJson() throws IOException {
    JsonNode results =
        bench(
                "--pp",
                "64,33",
                "--tg",
                7,
                "--tolerance",
                0.1,
                "--terms",
                "4,8",
                "--repetitions",
                3,
                "--threads",
                2,
                "--json")
            .succeeded()
            .json();
    List<String> tests = new ArrayList<>();
    for (JsonNode result : results) {
      tests.add(result.get("test").asText() + " " + result.get("attention").asText());
      assertEquals("llama bundled", result.get("model").asText());
      assertEquals(2, result.get("threads").asInt());
      // Embedding 256 × 128, four layers of four 128², three 128 × 352 and two norms, last norm.
      long weights = 256 * 128 + 4 * (4 * 128 * 128 + 3 * 128 * 352 + 2 * 128) + 128;
      assertEquals(weights, result.get("params").asLong());
      assertEquals(4 * weights, result.get("size_bytes").asLong());
      assertEquals(3, result.get("samples").size());
      double sum = 0;
      for (JsonNode sample : result.get("samples")) {
        sum += sample.asDouble();
      }
      double mean = result.get("tokens_per_second").asDouble();
      assertEquals(sum / 3, mean, 1e-9 * mean);
      double squares = 0;
      for (JsonNode sample : result.get("samples")) {
        squares += Math.pow(sample.asDouble() - mean, 2);
      }
      double deviation = result.get("standard_deviation").asDouble();
      assertEquals(Math.sqrt(squares / 2), deviation, 1e-9 * mean);
      double share = result.get("attention_share").asDouble();
      assertTrue(share > 0 && share < 1, "share " + share);
    }
    assertEquals(
        List.of(
            "pp64 exact",
            "pp64 tolerance",
            "pp64 recover",
            "pp64 recover",
            "pp33 exact",
            "pp33 tolerance",
            "pp33 recover",
            "pp33 recover",
            "tg7 exact"),
        tests);
    assertEquals(0.1, results.get(1).get("tolerance").asDouble());
    assertEquals(8, results.get(3).get("terms").asInt());
    assertEquals(7, results.get(8).get("tokens").asInt());
  }

  @Test
  void aTableOfMarkdown() throws IOException {
    List<String> lines =
        bench("--pp", 40, "--tg", 3, "--repetitions", 2, "--threads", 1)
            .succeeded()
            .out()
            .lines()
            .toList();
    assertEquals(4, lines.size());
    assertTrue(
        lines.get(0).matches("\\| model +\\| size +\\| params +\\| backend \\| threads .* t/s .*"));
    assertTrue(lines.get(1).matches("(\\| -+ )+\\|"), lines.get(1));
    assertTrue(
        lines.get(2).matches("\\| llama bundled \\| 3\\.\\d\\d MiB \\| 0\\.\\d\\d M .*pp40.*"),
        lines.get(2));
    assertTrue(lines.get(3).matches(".* tg3 .*\\d\\.\\d\\d ± \\d+\\.\\d\\d .*"), lines.get(3));
    for (String line : lines) {
      assertEquals(lines.get(0).length(), line.length());
    }
  }

  @Test
  void commaSeparatedValues() throws IOException {
    Path model = ModelFixture.model(directory.resolve("a,b\"c"), config -> {});
    List<String> lines =
        bench(
                "--model",
                model,
                "--pp",
                20,
                "--tg",
                0,
                "--repetitions",
                1,
                "--terms",
                5,
                "--format",
                "csv")
            .succeeded()
            .out()
            .lines()
            .toList();
    assertEquals(3, lines.size());
    assertTrue(lines.get(0).startsWith("model,size_bytes,params,backend,threads,attention,test,"));
    assertTrue(lines.get(1).startsWith("\"llama a,b\"\"c\","), lines.get(1));
    assertTrue(lines.get(2).contains(",5 terms,pp20,20,1,"), lines.get(2));
    // The deviation of a single repetition.
    assertTrue(lines.get(1).matches(".*,pp20,20,1,[0-9.E]+,0\\.0,.*"), lines.get(1));
  }

  @Test
  void wrongUsageIsRefused() throws IOException {
    bench("--pp", 2049)
        .refusedBecause("--pp must be from 0 to the 2048 of the model's context, was 2049");
    bench("--tg", -1).refusedBecause("--tg must be from 0 to the 2048 of the model's context");
    bench("--pp", 0, "--tg", 0).refusedBecause("must ask for a test, were both 0");
    bench("--chunk", 0).refusedBecause("--chunk must be at least 1, was 0");
    bench("--repetitions", 0).refusedBecause("--repetitions must be at least 1, was 0");
    bench("--warm-up", -1).refusedBecause("--warm-up");
    bench("--tolerance", 2).refusedBecause("less than 1, was 2.0");
    bench("--window", 3).refusedBecause("--window needs --terms");
    bench("--json", "--format", "csv").refusedBecause("--json and --format csv exclude each other");
    bench("--format", "pdf").refusedBecause("pdf");
    Path text = Files.writeString(directory.resolve("short.txt"), "In the beginning");
    bench("--text", text)
        .refusedBecause("short.txt: has 16 bytes from offset 0, expected at least");
  }
}
