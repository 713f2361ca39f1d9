package io.github.convbasis.inference.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.convbasis.inference.npy.NpyReader;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoAndDoctorTest {
  @TempDir Path directory;

  @Test
  void theDemoAnalysesAndAttendsRealHeads() throws IOException {
    Path target = directory.resolve("new").resolve("demo");
    CommandRun run = CommandRun.of("demo", "--directory", target, "--terms", 4).succeeded();
    assertTrue(run.out().contains("4 heads, n = 2048, d = 32"), run.out());
    for (String name : new String[] {"queries", "keys", "values", "exact", "approximate"}) {
      assertArrayEquals(
          new int[] {4, 2048, 32}, NpyReader.read(target.resolve(name + ".npy")).shape());
    }
  }

  @Test
  void doctorTellsBackendsAndChoice() throws IOException {
    JsonNode report = CommandRun.of("doctor", "--json").succeeded().json();
    assertTrue(report.get("backends").size() >= 1);
    assertTrue(report.get("processors").asInt() >= 1);
    boolean scalar = false;
    for (JsonNode backend : report.get("backends")) {
      scalar |= backend.get("name").asText().equals("scalar") && backend.get("usable").asBoolean();
    }
    assertTrue(scalar);
    assertTrue(CommandRun.of("doctor").succeeded().out().contains("auto chooses"));
  }

  @Test
  void helpAndVersionSucceed() {
    for (String command :
        new String[] {"attend", "analyze", "decompose", "rebuild", "capture", "doctor", "demo"}) {
      CommandRun run = CommandRun.of(command, "--help").succeeded();
      assertTrue(run.out().startsWith("Usage: convbasis " + command), run.out());
    }
    String version = CommandRun.of("--version").succeeded().out();
    assertTrue(version.matches("(?s)convbasis \\d+\\..*"), version);
    assertEquals(0, CommandRun.of("--help").exitCode());
  }
}
