package io.github.convbasis.inference.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.convbasis.inference.json.FileFormatException;
import io.github.convbasis.inference.json.JsonFields;
import io.github.convbasis.matrix.TileGrid;
import io.github.convbasis.matrix.TileKind;
import io.github.convbasis.matrix.TileMap;
import io.github.convbasis.plan.AttentionPlan;
import io.github.convbasis.plan.KernelFit;
import io.github.convbasis.plan.KernelPlan;
import io.github.convbasis.plan.TileRule;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlanFileTest {
  private static final int TRIES = 2000;
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** Five rows in blocks of 2 × 2: row block 1 has a tile below the diagonal, row block 2 two. */
  private static final String MAP =
      "{\"rows\":5,\"row_block\":2,\"column_block\":2,\"tiles\":[\"1e\",\"1r1c\",\"2n1e\"]}";

  @TempDir Path directory;

  private static TileMap map(String json) throws FileFormatException {
    return TileMapJson.read(JsonFields.parse("f", json.getBytes(StandardCharsets.UTF_8)));
  }

  private static AttentionPlan randomPlan(SplittableRandom random) {
    TileMap map = RandomMaps.next(random, 60);
    int n = map.grid().rows();
    int[] columns = random.ints(random.nextInt(0, 9), 0, n).sorted().distinct().toArray();
    KernelPlan kernels = null;
    if (map.has(TileKind.CONVOLUTION)) {
      int[] starts = random.ints(random.nextInt(0, 5), 0, n).sorted().distinct().toArray();
      starts = starts.length == 0 ? new int[1] : starts;
      starts[0] = 0;
      int[] kernelOf = new int[starts.length];
      Arrays.setAll(kernelOf, r -> random.nextBoolean() ? r : 0);
      KernelFit fit = random.nextBoolean() ? KernelFit.DIAGONAL_MEANS : KernelFit.SAMPLED_COLUMN;
      kernels = new KernelPlan(starts, kernelOf, starts.length == 1 ? KernelFit.OFFSETS : fit);
    }
    double[] errors = {Double.NaN, 0, random.nextDouble(), Double.POSITIVE_INFINITY};
    return new AttentionPlan(
        map,
        random.nextBoolean()
            ? null
            : new TileRule(0.5 + random.nextDouble() / 2, random.nextDouble() / 2),
        columns,
        kernels,
        1 - random.nextDouble(),
        random.nextDouble(),
        random.nextDouble(),
        errors[random.nextInt(errors.length)],
        "because \"of\" \n δ");
  }

  @Test
  void mapsComeBackTheSame() throws IOException {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < TRIES; i++) {
      TileMap map = RandomMaps.next(random, 200);
      ObjectNode node = MAPPER.createObjectNode();
      TileMapJson.write(map, node);
      assertEquals(map, map(MAPPER.writeValueAsString(node)));
    }
  }

  @Test
  void mapsAreCompact() throws IOException {
    ObjectNode node = MAPPER.createObjectNode();
    TileMapJson.write(map(MAP), node);
    assertEquals(MAP, MAPPER.writeValueAsString(node));
    ObjectNode large = MAPPER.createObjectNode();
    TileMapJson.write(TileMap.uniform(new TileGrid(1 << 20, 1024, 512), TileKind.EXACT), large);
    assertTrue(MAPPER.writeValueAsBytes(large).length < 1 << 14);
  }

  @Test
  void plansComeBackTheSame() throws IOException {
    SplittableRandom random = new SplittableRandom(2);
    for (int i = 0; i < TRIES; i++) {
      AttentionPlan plan = randomPlan(random);
      byte[] json = MAPPER.writeValueAsBytes(PlanFile.tree(plan));
      assertEquals(plan, PlanFile.of(JsonFields.parse("f", json)));
    }
    AttentionPlan plan = AttentionPlan.window(1000, 100, 3);
    Path file = directory.resolve("plan.json");
    PlanFile.write(file, plan);
    assertEquals(plan, PlanFile.read(file));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '#',
      quoteCharacter = '`',
      value = {
        "\"2n1e\" # \"3n1e\" # tiles, row block 2 must be 3 tiles, has 4",
        "\"2n1e\" # \"1n1e\" # tiles, row block 2 must be 3 tiles, has 2",
        "\"2n1e\" # \"2x1e\" # unknown kind 'x', expected e, c, r or n",
        "\"2n1e\" # \"0n3e\" # a run of no tiles before 'n'",
        "\"2n1e\" # \"n2e\" # a run of no tiles before 'n'",
        "\"2n1e\" # \"2n1e7\" # ends with a number",
        "\"2n1e\" # \"99999999999999999999n1e\" # must be 3 tiles, has 2147483648",
        "\"2n1e\" # 3 # must be 3 tiles, has 0",
        "\"2n1e\" # \"3n\" # tile 2, 2 touches the diagonal and must be EXACT or CONVOLUTION",
        ",\"2n1e\" # `` # must be a list of 3 row blocks, has 2",
        "\"rows\":5 # \"rows\":7 # must be a list of 4 row blocks, has 3",
        "\"rows\":5 # \"rows\":0 # field rows must be a whole number from 1",
        "\"rows\":5, # `` # field rows is missing",
        "\"row_block\":2 # \"row_block\":-2 # row_block must be a whole number from 1",
        "\"column_block\":2 # \"column_block\":1 # row block 0 must be 2 tiles, has 1",
        "\"rows\":5,\"row_block\":2,\"column_block\":2 # \"rows\":2147483647,\"row_block\":1,"
            + "\"column_block\":1 # are too many for 2147483647 rows",
        "\"rows\":5,\"row_block\":2,\"column_block\":2,\"tiles\":[\"1e\",\"1r1c\",\"2n1e\"] #"
            + " \"rows\":2147483647,\"row_block\":2147483647,\"column_block\":1,\"tiles\":"
            + "[\"2147483647e\"] # must give at most 268435456 tiles",
      })
  void malformedMapsAreRefused(String part, String replacement, String saying) {
    assertTrue(MAP.contains(part), part);
    FileFormatException e =
        assertThrows(FileFormatException.class, () -> map(MAP.replace(part, replacement)));
    assertTrue(e.getMessage().startsWith("f: field "), e.getMessage());
    assertTrue(e.getMessage().contains(saying), e.getMessage() + " does not say: " + saying);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '#',
      quoteCharacter = '`',
      value = {
        "\"version\":1 # \"version\":2 # field version must be 1, was 2",
        "\"version\":1 # \"version\":null # field version is missing",
        "\"tolerance\":0.0 # \"tolerance\":-1 # tolerance must be finite, at least 0, was -1",
        "\"exact_columns\":[0,1] # \"exact_columns\":[1,0] # exactColumns[1] must be between",
        "\"exact_columns\":[0,1] # \"exact_columns\":[0.5] # must be a list of whole numbers",
        "\"predicted_error\":null # \"predicted_error\":\"small\" # must be a finite number",
        "\"reason\":\"window and sinks\" # \"reason\":3 # must be a string, was 3",
        "\"map\" # \"kernels\":{\"fit\":\"best\",\"starts\":[0],\"kernel_of\":[0]},\"map\" #"
            + " field kernels.fit must be sampled-column, diagonal-means or offsets, was \"best\"",
        "\"map\" # \"kernels\":{\"fit\":\"offsets\",\"starts\":[1],\"kernel_of\":[0]},\"map\" #"
            + " field kernels: starts must begin with 0, were [1]",
        "\"map\" # \"kernels\":{\"fit\":\"offsets\",\"starts\":[0],\"kernel_of\":[0]},\"map\" #"
            + " kernels must be given exactly if the map has convolutions",
        "\"most_rank_one_share\":1.0 # \"most_rank_one_share\":0 # mostRankOneShare must be greater",
        "\"map\" # \"rule\":0.5,\"map\" # field rule must be an object, was 0.5",
        "\"map\" # \"rule\":{\"exact_above\":0.5},\"map\" #"
            + " field rule.negligible_below is missing",
        "\"map\" # \"rule\":{\"exact_above\":1.5,\"negligible_below\":0},\"map\" #"
            + " field rule.exact_above must be between 0 and 1, was 1.5",
        "\"map\" # \"rule\":{\"exact_above\":-1,\"negligible_below\":0},\"map\" #"
            + " field rule.exact_above must be between 0 and 1, was -1",
        "\"map\" # \"rule\":{\"exact_above\":\"NaN\",\"negligible_below\":0},\"map\" #"
            + " field rule.exact_above must be a finite number, was \"NaN\"",
        "\"map\" # \"rule\":{\"exact_above\":0.25,\"negligible_below\":0.5},\"map\" #"
            + " field rule.negligible_below must be between 0 and exact_above = 0.25, was 0.5",
      })
  void malformedPlansAreRefused(String part, String replacement, String saying) throws IOException {
    String json = MAPPER.writeValueAsString(PlanFile.tree(AttentionPlan.window(100, 20, 2)));
    assertTrue(json.contains(part), json);
    Path file = directory.resolve("plan.json");
    Files.writeString(file, json.replace(part, replacement));
    FileFormatException e = assertThrows(FileFormatException.class, () -> PlanFile.read(file));
    assertTrue(e.getMessage().startsWith(file.toString()), e.getMessage());
    assertTrue(e.getMessage().contains(saying), e.getMessage() + " does not say: " + saying);
  }
}
