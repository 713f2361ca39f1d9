package io.github.convbasis.bench.study;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.backend.Backends;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every study runs, as short as it can be. */
class StudyTest {
  private static String run(String study, String... args) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8)) {
      Study.run(study, List.of(args), Backends.auto(), out);
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Test
  void heads() throws IOException {
    String text = run("heads", "0", "96");
    assertEquals(16 * 4, text.lines().filter(line -> line.matches("\\| \\d\\.\\d .*")).count());
  }

  @Test
  void coverage() throws IOException {
    String text = run("coverage", "1", "128");
    assertEquals(3, text.lines().filter(line -> line.startsWith("| 128 |")).count());
  }

  @Test
  void growth(@TempDir Path folder) throws IOException {
    Path picture = folder.resolve("growth.png");
    String text = run("growth", "0", "2048", picture.toString());
    assertEquals(3 * 2, text.lines().filter(line -> line.matches("\\| [12],.*")).count());
    assertTrue(Files.size(picture) > 1000);
  }

  @Test
  void gradients(@TempDir Path folder) throws IOException {
    Path picture = folder.resolve("gradients.png");
    String text = run("gradients", "64", picture.toString(), "96");
    assertEquals(11, text.lines().filter(line -> line.matches("\\| \\de-0\\d \\|.*")).count());
    assertEquals(3, text.lines().filter(line -> line.matches("\\| \\d+ \\| 64, 4 .*")).count());
    assertTrue(Files.size(picture) > 1000);
  }

  @Test
  void descent(@TempDir Path folder) throws IOException {
    Path picture = folder.resolve("descent.png");
    String text = run("descent", "1", "96", picture.toString());
    assertEquals(4 * 5, text.lines().filter(line -> line.matches("\\| (as|cont|aver).*")).count());
    assertTrue(Files.size(picture) > 1000);
  }

  @Test
  void otherStudiesAreRefused() {
    String message = assertThrows(IllegalArgumentException.class, () -> run("other")).getMessage();
    assertEquals(
        "the study must be heads, coverage, growth, gradients or descent, was \"other\"", message);
  }
}
