package io.github.convbasis.inference.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.convbasis.inference.npy.NpyArray;
import io.github.convbasis.inference.npy.NpyReader;
import io.github.convbasis.inference.npy.NpyWriter;
import io.github.convbasis.inference.plan.PlanFile;
import io.github.convbasis.plan.AttentionPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlannedAttendTest {
  private static final int N = 600;
  private static final int DEPTH = 8;
  private static final int WIDTH = 5;
  private static final double TOLERANCE = 0.2;

  @TempDir Path directory;

  /**
   * Two heads whose weights are nearly uniform and whose values differ little, so that the first
   * plan holds.
   */
  private HeadFixture flat() throws IOException {
    HeadFixture head = new HeadFixture(directory, N, DEPTH, WIDTH, false);
    double[] q = NpyReader.read(head.queries).toDoubles();
    double[] twice = new double[2 * q.length];
    for (int i = 0; i < twice.length; i++) {
      twice[i] = 0.05 * q[i % q.length];
    }
    NpyWriter.write(head.queries, NpyArray.ofDoubles(twice, 2, N, DEPTH));
    double[] v = NpyReader.read(head.values).toDoubles();
    for (int i = 0; i < v.length; i++) {
      v[i] += 30;
    }
    NpyWriter.write(head.values, NpyArray.ofDoubles(v, N, WIDTH));
    return head;
  }

  private static CommandRun attend(HeadFixture head, Object... more) {
    List<Object> words = new ArrayList<>();
    words.addAll(List.of("--tolerance", TOLERANCE, "--overhead", 1000, "--backend", "scalar"));
    words.addAll(Arrays.asList(more));
    return head.attend(words.toArray());
  }

  private static double relativeError(Path exact, Path output) throws IOException {
    double[] expected = NpyReader.read(exact).toDoubles();
    double[] actual = NpyReader.read(output).toDoubles();
    assertEquals(expected.length, actual.length);
    double error = 0;
    double norm = 0;
    for (int i = 0; i < expected.length; i++) {
      error += (expected[i] - actual[i]) * (expected[i] - actual[i]);
      norm += expected[i] * expected[i];
    }
    return Math.sqrt(error / norm);
  }

  private long files() throws IOException {
    try (var files = Files.list(directory)) {
      return files.count();
    }
  }

  @Test
  void theOutputIsWithinTheToleranceAndTheReportSaysHow() throws IOException {
    HeadFixture head = flat();
    Path exact = directory.resolve("exact.npy");
    head.attend("--backend", "scalar").succeeded();
    Files.move(head.output, exact);
    JsonNode report = attend(head, "--json", "--seed", 7).succeeded().json();
    double error = relativeError(exact, head.output);
    assertTrue(error > 0 && error <= TOLERANCE, "error " + error);
    assertEquals("planned", report.get("method").asText());
    assertEquals(TOLERANCE, report.get("tolerance").asDouble());
    assertEquals(7, report.get("seed").asLong());
    assertEquals(2, report.get("heads").size());
    for (int h = 0; h < 2; h++) {
      JsonNode one = report.get("heads").get(h);
      assertEquals(h, one.get("head").asInt());
      assertEquals("planned", one.get("outcome").asText(), one.toString());
      assertTrue(one.get("exact_share").asDouble() < 1);
      assertTrue(one.get("run_nanos").asLong() > 0);
      JsonNode certificate = one.get("certificate");
      assertTrue(certificate.get("holds").asBoolean());
      assertTrue(certificate.get("high").asDouble() <= TOLERANCE);
      assertTrue(certificate.get("low").asDouble() <= certificate.get("relative_error").asDouble());
      assertTrue(certificate.get("rows_within").asDouble() > 0);
      assertEquals(N, certificate.get("rows").asInt());
      JsonNode plan = one.get("plan");
      assertEquals(TOLERANCE, plan.get("tolerance").asDouble());
      assertEquals(N, plan.get("rows").asInt());
      double shares = 0;
      for (String kind : List.of("exact", "convolution", "rank_one", "negligible")) {
        shares += plan.get(kind + "_share").asDouble();
      }
      assertEquals(1, shares, 1e-12);
    }
  }

  @Test
  void theTableHasTheStatementAndHowToReadIt() throws IOException {
    CommandRun run = attend(flat()).succeeded();
    assertTrue(run.out().contains("attention at a tolerance of 0.2"), run.out());
    assertTrue(run.out().contains("rows within"), run.out());
    assertTrue(run.out().contains("heads 0, 1: tiles by their attention"), run.out());
    assertTrue(run.out().contains("head 0: A sample of "), run.out());
    assertTrue(run.out().contains("worst row: the sampled row"), run.out());
  }

  @Test
  void shortHeadsAreExactUnlessMoreOverheadIsAllowed() throws IOException {
    HeadFixture head = flat();
    CommandRun run = head.attend("--tolerance", TOLERANCE, "--backend", "scalar").succeeded();
    assertTrue(run.out().contains("planning would cost too much"), run.out());
    assertFalse(run.out().contains("A sample of"), run.out());
    JsonNode one =
        head.attend("--tolerance", TOLERANCE, "--json").succeeded().json().get("heads").get(0);
    assertEquals("exact", one.get("outcome").asText());
    assertTrue(one.get("certificate").isNull());
  }

  @Test
  void plansAreWrittenPaintedAndUsedAgain() throws IOException {
    HeadFixture head = flat();
    Path plans = directory.resolve("plans");
    Path plots = directory.resolve("plots");
    attend(head, "--plan-out", plans, "--plot", plots).succeeded();
    for (int h = 0; h < 2; h++) {
      assertEquals(N, PlanFile.read(plans.resolve("head" + h + ".json")).rows());
      assertNotNull(ImageIO.read(plots.resolve("head" + h + ".png").toFile()));
    }
    Path again = directory.resolve("again");
    JsonNode report =
        attend(head, "--plan-in", plans, "--plan-out", again, "--json").succeeded().json();
    for (JsonNode one : report.get("heads")) {
      assertEquals("reused", one.get("outcome").asText(), one.toString());
      String name = "head" + one.get("head").asInt() + ".json";
      AttentionPlan first = PlanFile.read(plans.resolve(name));
      assertFalse(first.isExact());
      assertEquals(first.map(), PlanFile.read(again.resolve(name)).map());
    }
  }

  @Test
  void plansAndPicturesMayShareADirectory() throws IOException {
    Path both = directory.resolve("both");
    attend(flat(), "--plan-out", both, "--plot", both).succeeded();
    try (var files = Files.list(both)) {
      assertEquals(4, files.count());
    }
  }

  @Test
  void wrongUsageIsRefusedAndWritesNothing() throws IOException {
    HeadFixture head = flat();
    for (Object tolerance : new Object[] {0, 1, -0.5, "NaN"}) {
      head.attend("--tolerance", tolerance)
          .refusedBecause("--tolerance must be greater than 0 and less than 1, was ");
    }
    attend(head, "--terms", 3).refusedBecause("--tolerance and --terms exclude each other");
    attend(head, "--exact").refusedBecause("--tolerance and --exact exclude each other");
    attend(head, "--mask", "none").refusedBecause("--tolerance needs --mask causal, was none");
    attend(head, "--window", 3).refusedBecause("--window needs --terms");
    head.attend("--tolerance", 0.1, "--overhead", 0)
        .refusedBecause("--overhead must be greater than 0, was 0.0");
    Path plans = directory.resolve("plans");
    head.attend("--overhead", 1).refusedBecause("--overhead needs --tolerance");
    head.attend("--plan-in", plans).refusedBecause("--plan-in needs --tolerance");
    head.attend("--plan-out", plans).refusedBecause("--plan-out needs --tolerance");
    head.attend("--plot", plans).refusedBecause("--plot needs --tolerance");
    assertEquals(3, files(), "nothing but the inputs");
  }

  @Test
  void plansThatDoNotFitAreRefusedByName() throws IOException {
    HeadFixture head = flat();
    Path plans = directory.resolve("plans");
    attend(head, "--plan-in", plans).refusedBecause("plans: no such file");
    attend(head, "--plan-in", head.keys).refusedBecause("k.npy: is not a directory");
    attend(head, "--plan-out", plans).succeeded();
    Files.delete(head.output);
    Path second = plans.resolve("head1.json");
    String json = Files.readString(second);
    Files.move(second, plans.resolve("head2.json"));
    attend(head, "--plan-in", plans).refusedBecause("head1.json: no such file");
    Files.delete(plans.resolve("head2.json"));
    attend(head, "--plan-in", plans).refusedBecause("for each of the 2 query heads, holds 1");
    Files.writeString(second, json.replace("\"version\":1", "\"version\":9"));
    attend(head, "--plan-in", plans).refusedBecause("head1.json: field version must be 1, was 9");
    Files.writeString(second, json.replace("\"exact_above\":", "\"exact_above\":1"));
    attend(head, "--plan-in", plans).refusedBecause("head1.json: field rule.exact_above must be");
    Files.writeString(second, "{");
    attend(head, "--plan-in", plans).refusedBecause("head1.json: malformed JSON");
    assertFalse(Files.exists(head.output));
  }

  @Test
  void filesInTheWayAreRefusedAndNothingIsHalfWritten() throws IOException {
    HeadFixture head = flat();
    Path plots = Files.createDirectory(directory.resolve("plots"));
    Path inTheWay = Files.writeString(plots.resolve("head1.png"), "mine");
    Path plans = directory.resolve("plans");
    attend(head, "--plan-out", plans, "--plot", plots)
        .refusedBecause("--plot " + inTheWay + ": exists already");
    assertFalse(Files.exists(plans));
    assertFalse(Files.exists(head.output));
    assertEquals("mine", Files.readString(inTheWay));
    attend(head, "--plan-out", head.keys).refusedBecause("is not a directory");
    Files.delete(inTheWay);
    Files.writeString(head.output, "old");
    double[] huge = new double[N * DEPTH];
    Arrays.fill(huge, 1e200);
    NpyWriter.write(head.queries, NpyArray.ofDoubles(huge, N, DEPTH));
    NpyWriter.write(head.keys, NpyArray.ofDoubles(huge, N, DEPTH));
    attend(head, "--plan-out", plans, "--plot", plots).refusedBecause("overflows to Infinity");
    assertEquals("old", Files.readString(head.output));
    assertFalse(Files.exists(plans));
    try (var left = Files.list(plots)) {
      assertEquals(0, left.count(), "no temporary file is left");
    }
  }
}
