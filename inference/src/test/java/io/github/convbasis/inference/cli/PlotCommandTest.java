package io.github.convbasis.inference.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlotCommandTest {
  @TempDir Path directory;

  private Path output() {
    return directory.resolve("head.png");
  }

  private CommandRun plot(Object... more) {
    Object[] words = new Object[3 + more.length];
    words[0] = "plot";
    words[1] = "--output";
    words[2] = output();
    System.arraycopy(more, 0, words, 3, more.length);
    return CommandRun.of(words);
  }

  @Test
  void aHeadOfTheBundledModel() throws IOException {
    JsonNode report =
        plot("--layer", 1, "--head", 3, "--tokens", 1100, "--pixel", "mean", "--json")
            .succeeded()
            .json();
    assertEquals(1100, report.get("n").asInt());
    assertEquals(3, report.get("head").asInt());
    assertEquals("mean", report.get("pixel").asText());
    BufferedImage image = ImageIO.read(output().toFile());
    assertTrue(image.getWidth() > 3 * 1024 && image.getHeight() > 1024, image.toString());
  }

  @Test
  void theSeedChoosesTheRowsThatJudge() throws IOException {
    JsonNode one = certificate(1);
    JsonNode other = certificate(2);
    assertEquals(certificate(1), one);
    assertFalse(one.get("seed").equals(other.get("seed")), "seeds");
  }

  private JsonNode certificate(int seed) throws IOException {
    JsonNode report =
        plot("--layer", 1, "--head", 3, "--tokens", 1100, "--seed", seed, "--json")
            .succeeded()
            .json();
    return report.get("certificate");
  }

  @Test
  void arraysOfAShortHeadAreExactOnBothSides() throws IOException {
    for (boolean single : new boolean[] {true, false}) {
      HeadFixture head = new HeadFixture(directory, 20, 4, 3, single);
      CommandRun run =
          plot("--queries", head.queries, "--keys", head.keys, "--values", head.values);
      assertTrue(run.succeeded().out().contains("head 0, 20 rows, plan within 0.1: exact"));
      BufferedImage image = ImageIO.read(output().toFile());
      // 20 entries a side, 51 pixels each, and a gap of 12.
      int panel = 20 * 51 + 12;
      for (int row = 0; row < 20; row++) {
        for (int column = 0; column < 20; column++) {
          int exact = image.getRGB(column * 51, 14 + row * 51);
          assertEquals(exact, image.getRGB(panel + column * 51, 14 + row * 51));
          assertEquals(column > row, (exact & 0xffffff) == 0xffffff, row + ", " + column);
        }
      }
      assertEquals(0xfde725, image.getRGB(0, 14) & 0xffffff, "the first row sees one key");
    }
  }

  @Test
  void wrongUsageIsRefusedAndWritesNothing() throws IOException {
    plot("--layer", 4).refusedBecause("--layer must be from 0 to 3, was 4");
    plot("--head", -1).refusedBecause("--head must be from 0 to 3, was -1");
    plot("--tokens", 0)
        .refusedBecause("--tokens must be from 1 to the 2048 of the model's context, was 0");
    plot("--tolerance", 0)
        .refusedBecause("--tolerance must be greater than 0 and less than 1, was 0.0");
    plot("--overhead", -1).refusedBecause("--overhead must be greater than 0, was -1.0");
    plot("--pixel", "median").refusedBecause("median");
    plot("--text", directory.resolve("none")).refusedBecause("none: no such file");
    plot("--queries", directory.resolve("q.npy")).refusedBecause("--keys");
    HeadFixture head = new HeadFixture(directory, 20, 4, 3, true);
    plot("--queries", head.queries, "--keys", head.keys, "--values", head.values, "--head", 1)
        .refusedBecause("--head must be from 0 to 0, was 1");
    CommandRun.of("plot").refusedBecause("Missing required option");
    CommandRun.of("plot", "--output", directory.resolve("none").resolve("head.png"))
        .refusedBecause("does not exist");
    assertFalse(Files.exists(output()));
    try (Stream<Path> files = Files.list(directory)) {
      assertEquals(0, files.filter(file -> file.toString().endsWith(".tmp")).count());
    }
  }
}
