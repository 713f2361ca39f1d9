package io.github.convbasis.inference.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.inference.embed.AttentionChoice;
import io.github.convbasis.inference.embed.AttentionEngine;
import io.github.convbasis.inference.embed.CacheRows;
import io.github.convbasis.inference.embed.HeadShape;
import io.github.convbasis.inference.embed.LayerReport;
import io.github.convbasis.inference.embed.RecoveredHead;
import io.github.convbasis.inference.json.JsonFields;
import io.github.convbasis.plan.HeadReport;
import io.github.convbasis.plan.Planner;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** The hook for other engines, in an engine and by itself. */
class AttentionEngineTest {
  private static final int N = 2048;

  /** Float32 in different orders of summation. */
  private static final double LOGIT_TOLERANCE = 1e-3;

  private static final Parallelism ALONE = Parallelism.sequential();

  private static final HeadShape SHAPE = HeadShape.of(4, 2, 8);

  private static final int ROWS = 300;
  private static final CacheRows Q = CacheRows.of(random(ROWS * 32, 1), 0, 32, 8);
  private static final CacheRows K = CacheRows.of(random(ROWS * 16, 2), 0, 16, 8);
  private static final CacheRows V = CacheRows.of(random(ROWS * 16, 3), 0, 16, 8);

  private static final CacheRows WIDE = CacheRows.of(new float[320], 0, 32, 8);
  private static final CacheRows NARROW = CacheRows.of(new float[160], 0, 16, 8);

  private static InputStream resource(String name) {
    return BundledModel.class.getResourceAsStream(
        "/io/github/convbasis/inference/bundled/model/" + name);
  }

  private static PositionLoop loop() throws IOException {
    try (InputStream config = resource("config.json");
        InputStream weights = resource("model.safetensors")) {
      LlamaConfig read = LlamaConfig.of(JsonFields.parse("config.json", config.readAllBytes()));
      return new PositionLoop(read, weights);
    }
  }

  private static int[] text() throws IOException {
    try (InputStream text = BundledModel.openText()) {
      return ByteVocabulary.tokens(text.readNBytes(N));
    }
  }

  @Test
  void anEngineWithItsOwnLoopsKeepsItsLogits() throws IOException {
    Backend backend = Backends.auto();
    int[] tokens = text();
    PositionLoop loop = loop();
    float[] own = loop.forward(tokens, null, ALONE);
    float[] model = BundledModel.load(backend).forward(tokens, AttentionStep.exact(backend), ALONE);
    assertTrue(drift(tokens, model, own).greatestDifference() <= LOGIT_TOLERANCE);
    AttentionEngine engine = AttentionEngine.of(AttentionChoice.exact(backend));
    LogitDrift drift = logged("exact", tokens, own, loop.forward(tokens, engine, ALONE));
    assertTrue(drift.greatestDifference() <= LOGIT_TOLERANCE, PositionLoop.drift("exact", drift));
    assertTrue(loop.reports().stream().allMatch(r -> r.planned().isEmpty() && r.nanos() > 0));
    AttentionChoice planned =
        AttentionChoice.tolerance(Planner.of(backend, 0.1).withMostOverhead(2), 1);
    drift =
        logged("within 0.1", tokens, own, loop.forward(tokens, AttentionEngine.of(planned), ALONE));
    // About four times what was seen, 0.06 rms where logits are up to 30.
    assertTrue(drift.rootMeanSquare() <= 0.25, PositionLoop.drift("within 0.1", drift));
    assertTrue(drift.agreement() >= 0.98, PositionLoop.drift("within 0.1", drift));
  }

  private static LogitDrift logged(String what, int[] tokens, float[] expected, float[] logits) {
    LogitDrift drift = drift(tokens, expected, logits);
    System.Logger log = System.getLogger(AttentionEngineTest.class.getName());
    log.log(System.Logger.Level.INFO, PositionLoop.drift(what, drift));
    return drift;
  }

  @Test
  void plansAreReusedLayerByLayerIfAskedFor() throws IOException {
    int[] tokens = Arrays.copyOf(text(), 700);
    PositionLoop loop = loop();
    Planner planner = Planner.of(Backends.auto(), 0.1).withMostOverhead(10);
    for (boolean reusing : new boolean[] {true, false}) {
      AttentionEngine engine = AttentionEngine.of(AttentionChoice.tolerance(planner, 1, reusing));
      loop.forward(tokens, engine, ALONE);
      assertEquals(0, reused(loop.reports()));
      loop.forward(tokens, engine, ALONE);
      assertEquals(reusing, reused(loop.reports()) > 0, "plans that held on the text hold again");
      for (int layer = 0; layer < loop.reports().size(); layer++) {
        assertEquals(layer, loop.reports().get(layer).layer());
      }
    }
  }

  private static long reused(List<LayerReport> layers) {
    assertEquals(4, layers.size());
    return layers.stream()
        .flatMap(layer -> layer.planned().stream())
        .filter(report -> report.outcome() == HeadReport.Outcome.REUSED)
        .count();
  }

  /** Calls in any order of layers: an engine may attend to some layers by other means. */
  @Test
  void layersKeepTheirOwnPlans() {
    Backend backend = Backends.auto();
    int n = 600;
    Planner planner = Planner.of(backend, 0.3).withMostOverhead(100);
    AttentionEngine engine = AttentionEngine.of(AttentionChoice.tolerance(planner, 1, true));
    for (int pass = 0; pass < 2; pass++) {
      for (int layer : new int[] {5, 2}) {
        // Constant keys make logits of one convolution, which a plan holds.
        float[] k = new float[n * 16];
        Arrays.fill(k, layer);
        LayerReport report =
            engine.prefill(
                layer,
                SHAPE,
                n,
                CacheRows.of(random(n * 32, layer), 0, 32, 8),
                CacheRows.of(k, 0, 16, 8),
                CacheRows.of(random(n * 16, 7), 0, 16, 8),
                CacheRows.of(new float[n * 32], 0, 32, 8),
                ALONE);
        assertEquals(layer, report.layer());
        assertEquals(4, report.planned().size());
        for (HeadReport head : report.planned()) {
          boolean reused = head.outcome() == HeadReport.Outcome.REUSED;
          assertEquals(pass == 1 && head.certificate() != null, reused, head.toString());
        }
        assertTrue(report.planned().stream().anyMatch(head -> head.certificate() != null));
      }
    }
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                engine.prefill(
                    5,
                    HeadShape.of(2, 2, 8),
                    n,
                    CacheRows.of(new float[n * 16], 0, 16, 8),
                    CacheRows.of(new float[n * 16], 0, 16, 8),
                    CacheRows.of(new float[n * 16], 0, 16, 8),
                    CacheRows.of(new float[n * 16], 0, 16, 8),
                    ALONE));
    assertEquals("plans must be 2 like the query heads, were 4", e.getMessage());
  }

  @Test
  void recoveredTermsSayForEachHeadHowWrongTheyAre() throws IOException {
    Backend backend = Backends.auto();
    int[] tokens = Arrays.copyOf(text(), 300);
    PositionLoop loop = loop();
    AttentionChoice choice = AttentionChoice.recover(backend, 8, 8, 1);
    float[] logits = loop.forward(tokens, AttentionEngine.of(choice), ALONE);
    assertEquals(4, loop.reports().size());
    double worst = 0;
    for (LayerReport layer : loop.reports()) {
      assertEquals(List.of(), layer.planned());
      assertEquals(4, layer.recovered().size());
      assertTrue(layer.samplingNanos() > 0);
      for (RecoveredHead head : layer.recovered()) {
        assertTrue(head.result().search().columns() <= 8);
        worst = Math.max(worst, head.error().relativeError());
      }
    }
    assertTrue(worst > 0.01, "real heads are not sums of 8 convolutions, error " + worst);
    AttentionChoice unsampled = AttentionChoice.recover(backend, 8, 0, 1);
    assertArrayEquals(logits, loop.forward(tokens, AttentionEngine.of(unsampled), ALONE));
    assertNull(loop.reports().get(3).recovered().get(3).error());
  }

  /** All columns as terms are exact; the scalar backend computes every logit from the basis. */
  @Test
  void allColumnsAsTermsAreExactUpToRounding() {
    int n = 60;
    Backend scalar = Backends.scalar();
    float[] exact = new float[n * 32];
    float[] recovered = new float[n * 32];
    AttentionEngine.of(AttentionChoice.exact(scalar))
        .prefill(0, SHAPE, n, Q, K, V, rows(exact), ALONE);
    LayerReport report =
        AttentionEngine.of(AttentionChoice.recover(scalar, n, 4, 1))
            .prefill(0, SHAPE, n, Q, K, V, rows(recovered), ALONE);
    assertArrayEquals(exact, recovered, 1e-6f);
    for (RecoveredHead head : report.recovered()) {
      assertEquals(n, head.result().search().columns());
      assertEquals(0, head.result().exactShare());
      assertTrue(head.error().relativeError() < 1e-6, head.error().toString());
    }
  }

  private static CacheRows rows(float[] output) {
    return CacheRows.of(output, 0, 32, 8);
  }

  /** However a text is cut, by any choice and any number of tasks: what holds is every bit. */
  @Test
  void laterRowsAreExactlyThoseOfOnePass() {
    ExecutorService executor = Executors.newFixedThreadPool(3);
    try {
      for (Backend backend : new Backend[] {Backends.scalar(), Backends.auto()}) {
        float[] whole = new float[ROWS * 32];
        AttentionChoice exact = AttentionChoice.exact(backend);
        AttentionEngine.of(exact).prefill(0, SHAPE, ROWS, Q, K, V, rows(whole), ALONE);
        for (int chunk : new int[] {1, 7, 64, 255, 256, 257, ROWS}) {
          AttentionEngine engine =
              AttentionEngine.of(
                  chunk % 2 == 0 ? exact : AttentionChoice.recover(backend, 4, 0, 1));
          Parallelism tasks = chunk < 64 ? ALONE : Parallelism.of(executor, 3);
          float[] pieces = new float[ROWS * 32];
          for (int first = 0; first < ROWS; first += chunk) {
            int rows = Math.min(chunk, ROWS - first);
            LayerReport report =
                engine.extend(
                    0,
                    SHAPE,
                    first,
                    rows,
                    CacheRows.of(random(ROWS * 32, 1), first * 32, 32, 8),
                    K,
                    V,
                    CacheRows.of(pieces, first * 32, 32, 8),
                    tasks);
            assertEquals(List.of(), report.recovered());
          }
          assertArrayEquals(whole, pieces, backend.name() + ", chunks of " + chunk);
        }
      }
    } finally {
      executor.shutdown();
    }
  }

  @Test
  void anEngineGeneratesTokenByTokenAfterItsPrompt() throws IOException {
    int[] tokens = Arrays.copyOf(text(), 120);
    PositionLoop loop = loop();
    for (Backend backend : new Backend[] {Backends.scalar(), Backends.auto()}) {
      AttentionEngine engine = AttentionEngine.of(AttentionChoice.exact(backend));
      float[] whole = loop.forward(tokens, engine, ALONE);
      assertArrayEquals(whole, loop.forward(tokens, 70, engine, ALONE), backend.name());
      assertArrayEquals(whole, loop.forward(tokens, 1, engine, ALONE), backend.name());
    }
    assertArrayEquals(loop.forward(tokens, null, ALONE), loop.forward(tokens, 70, null, ALONE));
  }

  private static LogitDrift drift(int[] tokens, float[] expected, float[] logits) {
    LogitDrift drift = new LogitDrift(ByteVocabulary.SIZE);
    drift.add(tokens, expected, logits);
    return drift;
  }

  private static float[] random(int count, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] elements = new float[count];
    for (int i = 0; i < count; i++) {
      elements[i] = (float) random.nextGaussian();
    }
    return elements;
  }

  @Test
  void memoryOfEveryLayoutGivesTheSame() {
    int n = 50;
    float[] q = random(n * 32, 1);
    float[] k = random(n * 16, 2);
    float[] v = random(n * 16, 3);
    float[] expected = new float[n * 32];
    for (Backend backend : new Backend[] {Backends.scalar(), Backends.auto()}) {
      AttentionEngine engine = AttentionEngine.of(AttentionChoice.exact(backend));
      LayerReport report =
          engine.prefill(
              3,
              SHAPE,
              n,
              CacheRows.of(q, 0, 32, 8),
              CacheRows.of(k, 0, 16, 8),
              CacheRows.of(v, 0, 16, 8),
              CacheRows.of(expected, 0, 32, 8),
              ALONE);
      assertEquals(new LayerReport(3, List.of(), List.of(), report.nanos(), 0), report);
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment keys = arena.allocate(Float.BYTES * (n * 16L + 3));
        MemorySegment.copy(k, 0, keys, ValueLayout.JAVA_FLOAT, 3 * Float.BYTES, k.length);
        MemorySegment output = arena.allocate(Float.BYTES * n * 32L);
        engine.prefill(
            3,
            SHAPE,
            n,
            CacheRows.of(MemorySegment.ofArray(q), 0, 32, 8),
            CacheRows.of(keys, 3, 16, 8),
            CacheRows.of(v, 0, 16, 8),
            CacheRows.of(output, 0, 32, 8),
            ALONE);
        assertArrayEquals(expected, output.toArray(ValueLayout.JAVA_FLOAT));
        output.fill((byte) 0);
        engine.extend(
            3,
            SHAPE,
            n - 2,
            2,
            CacheRows.of(MemorySegment.ofArray(q), (n - 2) * 32L, 32, 8),
            CacheRows.of(keys, 3, 16, 8),
            CacheRows.of(v, 0, 16, 8),
            CacheRows.of(output, 0, 32, 8),
            ALONE);
        assertArrayEquals(
            Arrays.copyOf(Arrays.copyOfRange(expected, (n - 2) * 32, n * 32), n * 32),
            output.toArray(ValueLayout.JAVA_FLOAT));
      }
    }
  }

  @Test
  void whatDoesNotFitIsRefused() {
    AttentionEngine engine = AttentionEngine.of(AttentionChoice.exact(Backends.scalar()));
    refused("positions must be at least 1, was 0", () -> prefill(engine, 0, 0, NARROW, WIDE));
    refused("layer must be at least 0, was -1", () -> prefill(engine, -1, 10, NARROW, WIDE));
    refused(
        "output must lie in the 319 elements of their memory, take 320 from element 0 on",
        () ->
            prefill(
                engine,
                0,
                10,
                NARROW,
                CacheRows.of(MemorySegment.ofArray(new float[319]), 0, 32, 8)));
    refused(
        "keys must lie in the 160 elements of their memory, take 160 from element 1 on",
        () -> prefill(engine, 0, 10, CacheRows.of(new float[160], 1, 16, 8), WIDE));
    float[] infinite = new float[160];
    infinite[17] = Float.POSITIVE_INFINITY;
    CacheRows unsound = CacheRows.of(infinite, 0, 16, 8);
    refused(
        "keys must be finite, was Infinity at head 0, row 1, column 1",
        () -> prefill(engine, 0, 10, unsound, WIDE));
    refused(
        "keys must be finite, was Infinity at head 0, row 1, column 1",
        () -> extend(engine, 8, 2, unsound));
    refused("positions must be at least 1, was 0", () -> extend(engine, 8, 0, NARROW));
    refused(
        "firstPosition must be from 0 to 2147483645 before 2 positions, was -1",
        () -> extend(engine, -1, 2, NARROW));
    refused(
        "firstPosition must be from 0 to 2147483645 before 2 positions, was 2147483646",
        () -> extend(engine, Integer.MAX_VALUE - 1, 2, NARROW));
    refused(
        "keys must lie in the 160 elements of their memory, take 176 from element 0 on",
        () -> extend(engine, 9, 2, NARROW));
    refused("offset must be at least 0, was -1", () -> CacheRows.of(new float[1], -1, 1, 1));
    refused("heads must be a multiple of the 2 keyHeads, was 3", () -> HeadShape.of(3, 2, 8));
    refused("headSize must be at least 1, was 0", () -> HeadShape.of(4, 2, 0));
    refused("keyHeads must be at least 1, was 0", () -> HeadShape.of(4, 0, 8));
    refused("scale must be finite, was NaN", () -> new HeadShape(4, 2, 8, 8, Double.NaN));
    refused(
        "terms must be at least 1, was 0",
        () -> AttentionChoice.recover(Backends.scalar(), 0, 0, 1));
  }

  private static void refused(String message, Executable call) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
  }

  private static void prefill(
      AttentionEngine engine, int layer, int positions, CacheRows keys, CacheRows output) {
    engine.prefill(layer, SHAPE, positions, WIDE, keys, NARROW, output, ALONE);
  }

  private static void extend(AttentionEngine engine, int first, int positions, CacheRows keys) {
    engine.extend(0, SHAPE, first, positions, WIDE, keys, NARROW, rows(new float[320]), ALONE);
  }
}
