package io.github.convbasis.inference.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.inference.embed.AttentionEngine;
import io.github.convbasis.inference.embed.CacheRows;
import io.github.convbasis.inference.embed.HeadShape;
import io.github.convbasis.inference.json.JsonFields;
import io.github.convbasis.plan.HeadReport;
import io.github.convbasis.plan.Planner;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The hook for other engines, in an engine and by itself. */
class AttentionEngineTest {
  private static final int N = 2048;

  /** Float32 in different orders of summation. */
  private static final double LOGIT_TOLERANCE = 1e-3;

  private static final HeadShape SHAPE = HeadShape.of(4, 2, 8);

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

  @Test
  void anEngineWithItsOwnLoopsKeepsItsLogits() throws IOException {
    Backend backend = Backends.auto();
    int[] tokens;
    try (InputStream text = BundledModel.openText()) {
      tokens = ByteVocabulary.tokens(text.readNBytes(N));
    }
    PositionLoop loop = loop();
    Parallelism alone = Parallelism.sequential();
    float[] own = loop.forward(tokens, null, alone);
    float[] model = BundledModel.load(backend).forward(tokens, AttentionStep.exact(backend), alone);
    assertTrue(drift(tokens, model, own).greatestDifference() <= LOGIT_TOLERANCE);
    float[] exact = loop.forward(tokens, AttentionEngine.exact(backend), alone);
    LogitDrift drift = drift(tokens, own, exact);
    System.Logger log = System.getLogger(AttentionEngineTest.class.getName());
    log.log(System.Logger.Level.INFO, PositionLoop.drift("exact", drift));
    assertTrue(drift.greatestDifference() <= LOGIT_TOLERANCE, PositionLoop.drift("exact", drift));
    Planner planner = Planner.of(backend, 0.1).withMostOverhead(2);
    drift = drift(tokens, own, loop.forward(tokens, AttentionEngine.planned(planner), alone));
    String what = PositionLoop.drift("within 0.1", drift);
    log.log(System.Logger.Level.INFO, what);
    // About four times what was seen, 0.06 rms where logits are up to 30.
    assertTrue(drift.rootMeanSquare() <= 0.25, what);
    assertTrue(drift.agreement() >= 0.98, what);
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
      AttentionEngine engine = AttentionEngine.exact(backend);
      List<HeadReport> reports =
          engine.prefill(
              SHAPE,
              n,
              CacheRows.of(q, 0, 32, 8),
              CacheRows.of(k, 0, 16, 8),
              CacheRows.of(v, 0, 16, 8),
              CacheRows.of(expected, 0, 32, 8),
              Parallelism.sequential());
      assertEquals(4, reports.size());
      assertTrue(reports.get(3).plan().isExact());
      assertNull(reports.get(3).certificate());
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment keys = arena.allocate(Float.BYTES * (n * 16L + 3));
        MemorySegment.copy(k, 0, keys, ValueLayout.JAVA_FLOAT, 3 * Float.BYTES, k.length);
        MemorySegment output = arena.allocate(Float.BYTES * n * 32L);
        engine.prefill(
            SHAPE,
            n,
            CacheRows.of(MemorySegment.ofArray(q), 0, 32, 8),
            CacheRows.of(keys, 3, 16, 8),
            CacheRows.of(v, 0, 16, 8),
            CacheRows.of(output, 0, 32, 8),
            Parallelism.sequential());
        assertArrayEquals(expected, output.toArray(ValueLayout.JAVA_FLOAT));
      }
    }
  }

  @Test
  void whatDoesNotFitIsRefused() {
    AttentionEngine engine = AttentionEngine.exact(Backends.scalar());
    CacheRows wide = CacheRows.of(new float[320], 0, 32, 8);
    CacheRows narrow = CacheRows.of(new float[160], 0, 16, 8);
    refused("positions must be at least 1, was 0", engine, 0, narrow, wide);
    refused(
        "output",
        engine,
        10,
        narrow,
        CacheRows.of(MemorySegment.ofArray(new float[319]), 0, 32, 8));
    float[] infinite = new float[160];
    infinite[17] = Float.POSITIVE_INFINITY;
    refused("keys", engine, 10, CacheRows.of(infinite, 0, 16, 8), wide);
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> CacheRows.of(new float[1], -1, 1, 1));
    assertEquals("offset must be at least 0, was -1", e.getMessage());
  }

  private static void refused(
      String reason, AttentionEngine engine, int positions, CacheRows keys, CacheRows output) {
    CacheRows queries = CacheRows.of(new float[320], 0, 32, 8);
    CacheRows values = CacheRows.of(new float[160], 0, 16, 8);
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                engine.prefill(
                    SHAPE, positions, queries, keys, values, output, Parallelism.sequential()));
    assertTrue(e.getMessage().contains(reason), e.getMessage());
  }
}
