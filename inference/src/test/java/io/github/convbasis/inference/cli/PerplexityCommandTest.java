package io.github.convbasis.inference.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PerplexityCommandTest {
  /** Of the oracle of the bundled model's test, from a double-precision forward pass. */
  private static final double BITS_PER_BYTE = 1.6428673672118828;

  private static final double TOLERANCE = 1e-5;

  @TempDir Path directory;

  private static CommandRun perplexity(Object... more) {
    Object[] words = new Object[1 + more.length];
    words[0] = "perplexity";
    System.arraycopy(more, 0, words, 1, more.length);
    return CommandRun.of(words);
  }

  @Test
  void theBundledModelAtItsWholeContext() throws IOException {
    JsonNode report = perplexity("--rounds", 1, "--threads", 2, "--json").succeeded().json();
    assertEquals(2048, report.get("tokens").asInt());
    JsonNode exact = report.get("runs").get(0);
    assertEquals("exact", exact.get("attention").asText());
    assertEquals(BITS_PER_BYTE, exact.get("bits_per_byte").asDouble(), TOLERANCE);
    assertEquals(Math.pow(2, BITS_PER_BYTE), exact.get("perplexity").asDouble(), 10 * TOLERANCE);
    assertEquals(2047, exact.get("predicted_tokens").asInt());
    assertEquals(4, report.get("runs").size());
    double[] tolerances = {0.1, 0.03, 0.01};
    for (int run = 0; run < tolerances.length; run++) {
      JsonNode planned = report.get("runs").get(run + 1);
      assertEquals(tolerances[run], planned.get("tolerance").asDouble());
      // Bits per byte cannot change by more than twice the greatest drift of a logit.
      double most = 2 * planned.get("logit_max").asDouble() / Math.log(2);
      double change = Math.abs(planned.get("bits_per_byte").asDouble() - BITS_PER_BYTE);
      assertTrue(change <= most + TOLERANCE, planned.toString());
      double agreement = planned.get("top_agreement").asDouble();
      assertTrue(agreement > 0.9 && agreement <= 1, "agreement " + agreement);
      assertTrue(planned.get("logit_rms").asDouble() <= planned.get("logit_max").asDouble());
      requireHeads(planned, tolerances[run]);
    }
  }

  private static void requireHeads(JsonNode run, double tolerance) {
    assertEquals(16, run.get("heads").size());
    int approximated = 0;
    for (int i = 0; i < 16; i++) {
      JsonNode head = run.get("heads").get(i);
      assertEquals(i / 4, head.get("layer").asInt());
      assertEquals(i % 4, head.get("head").asInt());
      if (!head.get("certificate").isNull()) {
        approximated++;
        assertTrue(head.get("certificate").get("relative_error").asDouble() <= tolerance);
      }
    }
    assertEquals(approximated, run.get("heads_not_exact").asInt());
    assertTrue(tolerance < 0.1 || approximated > 0, "a head whose plan holds at " + tolerance);
  }

  @Test
  void headsTooShortToPlanAreExactToTheLastBit() throws IOException {
    JsonNode report =
        perplexity(
                "--tokens",
                100,
                "--windows",
                3,
                "--tolerance",
                0.1,
                "--overhead",
                0.1,
                "--rounds",
                1,
                "--json")
            .succeeded()
            .json();
    assertEquals(3, report.get("windows").asInt());
    JsonNode exact = report.get("runs").get(0);
    JsonNode planned = report.get("runs").get(1);
    assertEquals(3 * 99, exact.get("predicted_tokens").asInt());
    assertEquals(0, planned.get("logit_max").asDouble());
    assertEquals(0, planned.get("kl_nats").asDouble());
    assertEquals(1, planned.get("top_agreement").asDouble());
    assertEquals(exact.get("perplexity"), planned.get("perplexity"));
    assertEquals(0, planned.get("heads_not_exact").asInt());
  }

  @Test
  void aReportForAPerson() throws IOException {
    Path text = Files.writeString(directory.resolve("short.txt"), "In the beginning God created");
    String out =
        perplexity("--text", text, "--tolerance", "0.2,0.05", "--rounds", 1, "--threads", 1)
            .succeeded()
            .out();
    assertTrue(out.contains("windows 1, bytes in each 28"), out);
    assertTrue(out.contains("within 0.2: perplexity "), out);
    assertTrue(out.contains("within 0.05: perplexity "), out);
    assertTrue(out.contains("plan within 0.05"), out);
  }

  @Test
  void recoveredBasesAreCompared() throws IOException {
    JsonNode report =
        perplexity("--tokens", 400, "--terms", "8,400", "--rounds", 1, "--json").succeeded().json();
    assertEquals(3, report.get("runs").size(), "exact and the two that were asked for");
    JsonNode few = report.get("runs").get(1);
    assertEquals("recover", few.get("attention").asText());
    assertEquals(8, few.get("terms").asInt());
    assertEquals(16, few.get("heads").size());
    assertTrue(few.get("logit_max").asDouble() > 0.1, "8 terms are not these heads");
    double worst = 0;
    for (JsonNode head : few.get("heads")) {
      assertTrue(head.get("terms").asInt() <= 8);
      worst = Math.max(worst, head.get("relative_error").asDouble());
    }
    assertTrue(worst > 0.01, "error " + worst);
    JsonNode all = report.get("runs").get(2);
    assertEquals(400, all.get("heads").get(0).get("terms").asInt());
    assertEquals(0, all.get("logit_max").asDouble(), 1e-3);
    String out =
        perplexity("--tokens", 100, "--terms", 8, "--tolerance", 0.2, "--rounds", 1)
            .succeeded()
            .out();
    assertTrue(out.contains("within 0.2: perplexity "), out);
    assertTrue(out.contains("8 terms: perplexity "), out);
    assertTrue(out.contains("basis of at most 8 terms"), out);
  }

  @Test
  void tokensOfATokenizerAreCountedAsSuch() throws IOException {
    Path model = ModelFixture.model(directory.resolve("m"), config -> {});
    Object[] words = {"--model", model, "--tokens", 200, "--rounds", 1, "--json"};
    JsonNode bytes = perplexity(words).succeeded().json().get("runs").get(0);
    ModelFixture.withTokenizer(model, "bytes.json");
    JsonNode tokens = perplexity(words).succeeded().json().get("runs").get(0);
    assertEquals(bytes.get("bits_per_byte"), tokens.get("bits_per_token"));
    Path text = directory.resolve("bytes");
    Files.write(text, new byte[] {'a', 'b', (byte) 0xc0});
    perplexity("--model", model, "--text", text)
        .refusedBecause("bytes: text must be UTF-8, was 0xc0 at byte 2");
    Path shorter = Files.writeString(directory.resolve("short.txt"), "In the beginning");
    perplexity("--model", model, "--text", shorter, "--tokens", 17)
        .refusedBecause("short.txt: has 16 tokens from offset 0, expected at least 17");
  }

  @Test
  void wrongUsageIsRefused() throws IOException {
    Path text = Files.writeString(directory.resolve("short.txt"), "In the beginning");
    perplexity("--tolerance", "0.1,1")
        .refusedBecause("--tolerance must be greater than 0 and less than 1, was 1.0");
    perplexity("--tolerance", "NaN").refusedBecause("was NaN");
    perplexity("--overhead", 0).refusedBecause("--overhead must be greater than 0, was 0.0");
    perplexity("--terms", "8,0").refusedBecause("--terms must be at least 1, was 0");
    perplexity("--delta", 1).refusedBecause("--delta needs --terms");
    perplexity("--windows", 0).refusedBecause("--windows must be at least 1, was 0");
    perplexity("--rounds", -1).refusedBecause("--rounds must be at least 1, was -1");
    perplexity("--threads", 0).refusedBecause("--threads must be at least 1, was 0");
    perplexity("--tokens", 1)
        .refusedBecause("--tokens must be from 2 to the 2048 of the model's context, was 1");
    perplexity("--tokens", 2049).refusedBecause("was 2049");
    perplexity("--windows", 2_000_000)
        .refusedBecause("at most 2147483647 tokens, 2000000 windows hold 4096000000");
    perplexity("--text", text, "--tokens", 5, "--windows", 4)
        .refusedBecause("short.txt: has 16 bytes from offset 0, expected at least 20");
    perplexity("--text", directory.resolve("none")).refusedBecause("none: no such file");
    perplexity("--model", directory.resolve("none")).refusedBecause("config.json: no such file");
    perplexity("--backend", "gpu").refusedBecause("was gpu");
  }
}
