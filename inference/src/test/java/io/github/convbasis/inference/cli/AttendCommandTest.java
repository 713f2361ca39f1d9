package io.github.convbasis.inference.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.convbasis.inference.npy.ElementType;
import io.github.convbasis.inference.npy.NpyArray;
import io.github.convbasis.inference.npy.NpyReader;
import io.github.convbasis.inference.npy.NpyWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AttendCommandTest {
  private static final int N = 50;

  /** Rounding of double attention over 50 keys of size one. */
  private static final double DOUBLE_ROUNDING = 1e-13;

  /** Rounding of float32 attention, and of results stored as float32. */
  private static final double FLOAT_ROUNDING = 1e-5;

  @TempDir Path directory;

  @Test
  void theDefaultIsExactAndSaysSo() throws IOException {
    HeadFixture head = new HeadFixture(directory, N, 8, 5, false);
    CommandRun run = head.attend("--backend", "scalar").succeeded();
    assertTrue(head.outputError(1 / Math.sqrt(8)) <= DOUBLE_ROUNDING);
    assertTrue(run.out().contains("exact attention (the default"), run.out());
    NpyArray output = NpyReader.read(head.output);
    assertEquals(ElementType.FLOAT64, output.elementType());
    assertArrayEquals(new int[] {N, 5}, output.shape());
  }

  @Test
  void everyMethodIsExactWithAsManyTermsAsColumns() throws IOException {
    HeadFixture head = new HeadFixture(directory, N, 8, 5, false);
    Object[][] methods = {
      {"--exact"},
      {"--terms", N},
      {"--terms", 10 * N},
      {"--terms", N, "--recovery", "literal", "--window", 1, "--delta", 0, "--epsilon", 0},
      {"--exact", "--threads", 1},
      {"--terms", N, "--threads", 3}
    };
    for (Object[] method : methods) {
      Files.deleteIfExists(head.output);
      Object[] words = new Object[method.length + 2];
      System.arraycopy(method, 0, words, 0, method.length);
      words[method.length] = "--backend";
      words[method.length + 1] = "scalar";
      head.attend(words).succeeded();
      assertTrue(head.outputError(1 / Math.sqrt(8)) <= DOUBLE_ROUNDING, Arrays.toString(method));
    }
  }

  @Test
  void theDefaultBackendIsExactToItsPrecision() throws IOException {
    HeadFixture head = new HeadFixture(directory, N, 8, 5, true);
    head.attend().succeeded();
    assertTrue(head.outputError(1 / Math.sqrt(8)) <= FLOAT_ROUNDING);
    assertEquals(ElementType.FLOAT32, NpyReader.read(head.output).elementType());
  }

  @Test
  void theScaleIsTheCallers() throws IOException {
    HeadFixture head = new HeadFixture(directory, N, 8, 5, false);
    head.attend("--scale", "-0.25", "--backend", "scalar").succeeded();
    assertTrue(head.outputError(-0.25) <= DOUBLE_ROUNDING);
  }

  @Test
  void groupedHeadsShareKeys() throws IOException {
    HeadFixture head = new HeadFixture(directory, N, 8, 5, false);
    double[] q = NpyReader.read(head.queries).toDoubles();
    double[] twice = new double[2 * q.length];
    System.arraycopy(q, 0, twice, 0, q.length);
    System.arraycopy(q, 0, twice, q.length, q.length);
    NpyWriter.write(head.queries, NpyArray.ofDoubles(twice, 2, N, 8));
    head.attend("--backend", "scalar").succeeded();
    NpyArray output = NpyReader.read(head.output);
    assertArrayEquals(new int[] {2, N, 5}, output.shape());
    for (int i = 0; i < N * 5; i++) {
      assertEquals(output.doubles()[i], output.doubles()[N * 5 + i]);
    }
    assertTrue(head.outputError(1 / Math.sqrt(8)) <= DOUBLE_ROUNDING);
  }

  @Test
  void withoutAMaskEveryRowSeesEveryKey() throws IOException {
    HeadFixture head = new HeadFixture(directory, N, 8, 5, false);
    NpyWriter.write(head.queries, NpyArray.ofDoubles(new double[3 * 8], 3, 8));
    head.attend("--mask", "none").succeeded();
    assertArrayEquals(new int[] {3, 5}, NpyReader.read(head.output).shape());
  }

  @Test
  void jsonTellsMethodTermsAndMeasuredError() throws IOException {
    HeadFixture head = new HeadFixture(directory, N, 8, 5, false);
    JsonNode exact = head.attend("--json").succeeded().json();
    assertEquals("exact", exact.get("method").asText());
    assertEquals("default", exact.get("method_chosen_by").asText());
    JsonNode report = head.attend("--json", "--terms", 7).succeeded().json();
    assertEquals("conv-basis", report.get("method").asText());
    JsonNode only = report.get("heads").get(0);
    assertTrue(only.get("terms").asInt() <= 7);
    assertEquals(only.get("terms").asInt(), only.get("starts").size());
    assertTrue(only.get("relative_error_low").asDouble() <= only.get("relative_error").asDouble());
    assertTrue(only.get("relative_error").asDouble() <= only.get("relative_error_high").asDouble());
    assertTrue(only.get("relative_error").asDouble() > 0, "7 terms do not fit random logits");
  }

  @Test
  void wrongUsageIsRefusedAndWritesNothing() throws IOException {
    HeadFixture head = new HeadFixture(directory, N, 8, 5, false);
    head.attend("--exact", "--terms", 3).refusedBecause("--exact and --terms exclude each other");
    head.attend("--window", 3).refusedBecause("--window needs --terms");
    head.attend("--recovery", "literal").refusedBecause("--recovery needs --terms");
    head.attend("--terms", 0).refusedBecause("terms must be at least 1, was 0");
    head.attend("--terms", "many").refusedBecause("'many' is not an int");
    head.attend("--terms", 3, "--window", 51)
        .refusedBecause("window must be at most n = 50, was 51");
    head.attend("--terms", 3, "--delta", -1).refusedBecause("delta must be finite and at least 0");
    head.attend("--terms", 3, "--mask", "none").refusedBecause("--terms needs --mask causal");
    head.attend("--threads", 0).refusedBecause("--threads must be at least 1, was 0");
    head.attend("--backend", "gpu").refusedBecause("was gpu");
    head.attend("--scale", "NaN").refusedBecause("scale must be finite, was NaN");
    head.attend("--frobnicate").refusedBecause("Unknown option: '--frobnicate'");
    CommandRun.of("attend", "--queries", head.queries).refusedBecause("Missing required options");
    CommandRun.of().refusedBecause("a command is missing");
    CommandRun.of("fly").refusedBecause("'fly'");
    assertFalse(Files.exists(head.output));
  }

  @Test
  void badFilesAreRefusedByName() throws IOException {
    HeadFixture head = new HeadFixture(directory, N, 8, 5, false);
    Files.delete(head.keys);
    head.attend().refusedBecause("k.npy: no such file");
    NpyWriter.write(head.keys, NpyArray.ofDoubles(new double[N * 7], N, 7));
    head.attend().refusedBecause("keys must be 8 wide like queries, was 7");
    NpyWriter.write(head.keys, NpyArray.ofDoubles(new double[0], 0, 8));
    head.attend().refusedBecause("must not be empty");
    NpyWriter.write(head.keys, NpyArray.ofLongs(new long[N * 8], N, 8));
    head.attend().refusedBecause("must be float32 or float64, holds whole numbers");
    NpyWriter.write(head.keys, NpyArray.ofDoubles(new double[8], 8));
    head.attend().refusedBecause("has 1 dimensions");
    double[] infinite = new double[N * 8];
    infinite[8 * 3 + 2] = Double.NEGATIVE_INFINITY;
    NpyWriter.write(head.keys, NpyArray.ofDoubles(infinite, N, 8));
    head.attend().refusedBecause("keys must be finite, was -Infinity at head 0, row 3, column 2");
    Files.writeString(head.keys, "not an array");
    head.attend().refusedBecause("k.npy: ");
    assertFalse(Files.exists(head.output));
  }

  @Test
  void logitsThatOverflowAreRefusedAndTheOldOutputStays() throws IOException {
    HeadFixture head = new HeadFixture(directory, N, 8, 5, false);
    Files.writeString(head.output, "old");
    double[] huge = new double[N * 8];
    Arrays.fill(huge, 1e200);
    NpyWriter.write(head.queries, NpyArray.ofDoubles(huge, N, 8));
    NpyWriter.write(head.keys, NpyArray.ofDoubles(huge, N, 8));
    head.attend("--backend", "scalar").refusedBecause("overflows to Infinity");
    head.attend("--backend", "scalar", "--terms", 4).refusedBecause("overflows to Infinity");
    assertEquals("old", Files.readString(head.output));
    try (var files = Files.list(directory)) {
      assertEquals(4, files.count(), "no temporary file is left");
    }
  }

  @Test
  void anOutputThatCannotBeWrittenIsRefusedBeforeTheWork() throws IOException {
    HeadFixture head = new HeadFixture(directory, N, 8, 5, false);
    CommandRun.of(
            "attend",
            "--queries",
            head.queries,
            "--keys",
            head.keys,
            "--values",
            head.values,
            "--output",
            directory.resolve("missing").resolve("y.npy"))
        .refusedBecause("does not exist");
  }

  @Test
  void anInputIsNeverReplaced() throws IOException {
    HeadFixture head = new HeadFixture(directory, N, 8, 5, false);
    byte[] before = Files.readAllBytes(head.keys);
    CommandRun.of(
            "attend",
            "--queries",
            head.queries,
            "--keys",
            head.keys,
            "--values",
            head.values,
            "--output",
            directory.resolve("..").resolve(directory.getFileName()).resolve("k.npy"))
        .refusedBecause("is the input");
    assertArrayEquals(before, Files.readAllBytes(head.keys));
  }

  @Test
  void analyzeMeasuresEveryHeadAndNumberOfTerms() throws IOException {
    HeadFixture head = new HeadFixture(directory, N, 8, 5, false);
    JsonNode report =
        head.analyze("--terms", "3," + N, "--json", "--backend", "scalar").succeeded().json();
    JsonNode few = report.get("heads").get(0);
    JsonNode all = report.get("heads").get(1);
    assertTrue(few.get("relative_error").asDouble() > 0.1);
    assertTrue(few.get("residual_max").asDouble() > 0.1);
    assertTrue(all.get("relative_error").asDouble() <= DOUBLE_ROUNDING);
    assertEquals(0, all.get("residual_max").asDouble());
    assertTrue(all.get("exact_seconds").asDouble() > 0);
    CommandRun table = head.analyze("--terms", 3).succeeded();
    assertTrue(table.out().contains("segment starts"), table.out());
  }
}
