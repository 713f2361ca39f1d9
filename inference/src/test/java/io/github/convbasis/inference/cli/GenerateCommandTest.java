package io.github.convbasis.inference.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GenerateCommandTest {
  @TempDir Path directory;

  private static CommandRun generate(Object... more) {
    Object[] words = new Object[1 + more.length];
    words[0] = "generate";
    System.arraycopy(more, 0, words, 1, more.length);
    return CommandRun.of(words);
  }

  private static JsonNode json(Object... more) throws IOException {
    Object[] words = new Object[more.length + 1];
    System.arraycopy(more, 0, words, 0, more.length);
    words[more.length] = "--json";
    return generate(words).succeeded().json();
  }

  private static String text(Object... more) throws IOException {
    return json(more).get("text").asText();
  }

  @Test
  void theTextGoesToTheOutputAndTheReportToTheErrors() throws IOException {
    CommandRun run = generate("--max-tokens", 40, "--threads", 1, "--prompt", "In the beginning");
    assertEquals(0, run.exitCode());
    assertEquals(
        text("--max-tokens", 40, "--prompt", "In the beginning") + System.lineSeparator(),
        run.out());
    assertTrue(run.err().contains("model bundled: 4 layers of 4 heads (4 of keys), d = 32"));
    assertTrue(run.err().contains("prompt     16 bytes read in "), run.err());
    assertTrue(run.err().contains("generated  39 bytes read in "), run.err());
    assertTrue(run.err().contains("ended after 40 bytes: --max-tokens"), run.err());
  }

  @Test
  void theReportAsJson() throws IOException {
    JsonNode report = json("--max-tokens", 20, "--threads", 2, "--seed", 9);
    assertEquals("bundled", report.get("model").asText());
    assertEquals(2, report.get("threads").asInt());
    assertEquals("exact", report.get("attention").asText());
    assertEquals(20, report.get("generated_tokens").asInt());
    assertEquals("token-limit", report.get("ending").asText());
    for (String phase : new String[] {"prompt", "generation"}) {
      JsonNode node = report.get(phase);
      assertEquals(19, node.get("tokens").asInt());
      double seconds = node.get("seconds").asDouble();
      double parts = node.get("attention_seconds").asDouble() + node.get("rest_seconds").asDouble();
      assertEquals(seconds, parts, 1e-9 * seconds + 1e-12);
      assertEquals(19 / seconds, node.get("tokens_per_second").asDouble(), 1e-6 * 19 / seconds);
    }
    assertFalse(report.has("heads"));
    assertTrue(json("--max-tokens", 1).get("generation").get("tokens_per_second").isNull());
  }

  @Test
  void seedsChunksAndThreadsDecideWhatTheyShould() throws IOException {
    String one = text("--max-tokens", 60, "--seed", 5, "--threads", 1);
    assertEquals(60, one.length());
    assertEquals(one, text("--max-tokens", 60, "--seed", 5, "--threads", 3, "--chunk", 2));
    assertNotEquals(one, text("--max-tokens", 60, "--seed", 6));
    String greedy = text("--max-tokens", 60, "--temperature", 0);
    assertEquals(greedy, text("--max-tokens", 60, "--temperature", 0, "--seed", 6));
    assertEquals(greedy, text("--max-tokens", 60, "--top-k", 1, "--seed", 7));
    assertEquals(greedy, text("--max-tokens", 60, "--top-p", 1e-9, "--seed", 8));
  }

  @Test
  void promptsFromFilesAreTheSame() throws IOException {
    Path file = Files.writeString(directory.resolve("prompt.txt"), "And God said ä");
    assertEquals(
        text("--prompt", "And God said ä", "--max-tokens", 30),
        text("--prompt-file", file, "--max-tokens", 30));
  }

  @Test
  void thePromptsAttentionIsReportedHeadByHead() throws IOException {
    Path file = Files.writeString(directory.resolve("prompt.txt"), "And God said, ".repeat(40));
    JsonNode planned =
        json("--prompt-file", file, "--max-tokens", 5, "--tolerance", 0.1, "--overhead", 9);
    assertEquals("tolerance", planned.get("attention").asText());
    assertEquals(0.1, planned.get("tolerance").asDouble());
    assertEquals(16, planned.get("heads").size());
    JsonNode recovered = json("--prompt-file", file, "--max-tokens", 5, "--terms", 4);
    assertEquals("recover", recovered.get("attention").asText());
    assertEquals(4, recovered.get("terms").asInt());
    assertEquals(16, recovered.get("heads").size());
    for (JsonNode head : recovered.get("heads")) {
      assertTrue(head.get("terms").asInt() <= 4, head.toString());
      assertTrue(head.get("relative_error").asDouble() >= 0, head.toString());
      assertTrue(head.get("starts").size() >= 1, head.toString());
    }
    String err = generate("--prompt-file", file, "--max-tokens", 5, "--attention", "recover").err();
    assertTrue(err.contains("attention to the prompt, 64 terms"), err);
    assertTrue(err.contains(" segments, "), err);
  }

  @Test
  void aTokenizerOfSingleBytesGivesTheSameText() throws IOException {
    Path model = ModelFixture.model(directory.resolve("m"), config -> {});
    String bytes = text("--model", model, "--prompt", "And it came to pass", "--max-tokens", 50);
    assertEquals(text("--max-tokens", 50), bytes);
    ModelFixture.withTokenizer(model, "bytes.json");
    JsonNode json = json("--model", model, "--prompt", "And it came to pass", "--max-tokens", 50);
    assertEquals(bytes, json.get("text").asText());
  }

  @Test
  void theModelEndsTheText() throws IOException {
    Path model =
        ModelFixture.model(
            directory.resolve("m"), config -> config.putArray("eos_token_id").add(1).add(' '));
    JsonNode report =
        json("--model", model, "--prompt", "And it came to", "--max-tokens", 99, "--top-k", 1);
    assertEquals("end-token", report.get("ending").asText());
    assertEquals("", report.get("text").asText());
    assertEquals(1, report.get("generated_tokens").asInt());
  }

  @Test
  void aFullContextEndsTheText() throws IOException {
    Path file = Files.writeString(directory.resolve("prompt.txt"), "a".repeat(2047));
    JsonNode report = json("--prompt-file", file, "--max-tokens", 99);
    assertEquals("context-full", report.get("ending").asText());
    assertEquals(2, report.get("generated_tokens").asInt());
  }

  @Test
  void aReaderWhoHasGoneEndsTheRun() {
    Writer gone =
        new Writer() {
          private int left = 10;

          @Override
          public void write(char[] buffer, int offset, int length) throws IOException {
            left -= length;
            if (left < 0) {
              throw new IOException("broken pipe");
            }
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    StringWriter err = new StringWriter();
    int exitCode =
        Main.run(
            new PrintWriter(gone, true),
            new PrintWriter(err, true),
            "generate",
            "--max-tokens",
            "2000",
            "--top-k",
            "1");
    assertEquals(1, exitCode);
    assertTrue(err.toString().contains("ended after 11 bytes: the output stream takes no more"));
    assertTrue(err.toString().contains("the report could not be written to the output stream"));
  }

  @Test
  void wrongUsageIsRefused() throws IOException {
    generate("--temperature", -1)
        .refusedBecause("--temperature must be finite and at least 0, was -1.0");
    generate("--temperature", "NaN").refusedBecause("was NaN");
    generate("--top-k", -1).refusedBecause("--top-k must be at least 0, was -1");
    generate("--top-p", 0).refusedBecause("--top-p must be greater than 0 and at most 1, was 0.0");
    generate("--max-tokens", 0).refusedBecause("--max-tokens must be at least 1, was 0");
    generate("--chunk", 0).refusedBecause("--chunk must be at least 1, was 0");
    generate("--chunk", 5, "--tolerance", 0.1)
        .refusedBecause("--chunk needs --attention exact, since others attend to a whole prompt,");
    generate("--tolerance", 1).refusedBecause("less than 1, was 1.0");
    generate("--terms", 0).refusedBecause("--terms must be at least 1, was 0");
    generate("--overhead", -1, "--tolerance", 0.1).refusedBecause("greater than 0, was -1.0");
    generate("--tolerance", 0.1, "--terms", 4)
        .refusedBecause("--terms needs --attention recover, was tolerance");
    generate("--attention", "exact", "--tolerance", 0.1)
        .refusedBecause("--tolerance needs --attention tolerance, was exact");
    generate("--window", 4).refusedBecause("--window needs --attention recover, was exact");
    generate("--attention", "some").refusedBecause("some");
    generate("--threads", 0).refusedBecause("--threads must be at least 1, was 0");
    generate("--prompt", "a", "--prompt-file", "b")
        .refusedBecause("--prompt and --prompt-file exclude each other");
    generate("--prompt", "")
        .refusedBecause(
            "--prompt must have from 1 to the 2048 tokens of the model's context, had 0");
    Path file = Files.writeString(directory.resolve("long.txt"), "a".repeat(2049));
    generate("--prompt-file", file)
        .refusedBecause("long.txt: must have from 1 to the 2048 tokens of the model's context,");
    generate("--prompt-file", directory).refusedBecause("is a directory");
    generate("--prompt-file", directory.resolve("none")).refusedBecause("none: no such file");
  }

  @Test
  void hostileModelsAreRefused() throws IOException {
    Path model = ModelFixture.model(directory.resolve("m"), config -> {});
    generate("--model", model).refusedBecause("--prompt or --prompt-file is missing");
    ModelFixture.withTokenizer(model, "merges.json");
    generate("--model", model, "--prompt", "a")
        .refusedBecause("must be from 0 to 255, which the model's embedding has (vocab_size), was");
    ModelFixture.withTokenizer(model, "bytes.json");
    Path tokenizer = model.resolve("tokenizer.json");
    byte[] whole = Files.readAllBytes(tokenizer);
    Files.write(tokenizer, java.util.Arrays.copyOf(whole, whole.length / 2));
    generate("--model", model, "--prompt", "a").refusedBecause("tokenizer.json: malformed JSON");
    Files.write(tokenizer, whole);
    Path bytes = directory.resolve("bytes");
    Files.write(bytes, new byte[] {'a', (byte) 0xff});
    generate("--model", model, "--prompt-file", bytes)
        .refusedBecause("bytes: text must be UTF-8, was 0xff at byte 1");
    generate("--model", model, "--prompt", "").refusedBecause("had 0");
    ModelFixture.withTokenizer(model, "words.json");
    Files.writeString(tokenizer, Files.readString(tokenizer).replace("\"[UNK]\": 0", "\"x\": 0"));
    generate("--model", model, "--prompt", "me")
        .refusedBecause("--prompt text cannot be cut into tokens of " + tokenizer);
    Files.delete(tokenizer);
    ModelFixture.model(model, config -> config.put("vocab_size", 255));
    generate("--model", model, "--prompt", "a")
        .refusedBecause("tokenizer.json is missing; without it vocab_size must be 256");
    ModelFixture.withTokenizer(model, "words.json");
    generate("--model", model, "--prompt", "a")
        .refusedBecause("shape must be [255, 128] by config.json, was [256, 128]");
    ModelFixture.model(model, config -> config.put("eos_token_id", 256));
    generate("--model", model, "--prompt", "a")
        .refusedBecause("eos_token_id must be from 0 to 255 by vocab_size, was 256");
    ModelFixture.model(model, config -> config.put("eos_token_id", "x"));
    generate("--model", model, "--prompt", "a").refusedBecause("was \"x\"");
  }
}
