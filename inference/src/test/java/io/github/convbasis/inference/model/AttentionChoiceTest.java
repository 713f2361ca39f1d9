package io.github.convbasis.inference.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.inference.embed.AttentionChoice;
import io.github.convbasis.inference.embed.RecoveredHead;
import io.github.convbasis.plan.HeadReport;
import io.github.convbasis.plan.Planner;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class AttentionChoiceTest {
  private static final int N = 700;
  private static final Parallelism ONE = Parallelism.sequential();

  /**
   * The kind is rounding: a basis of all columns is exact, FFTs are in double, and what differs is
   * the rounding of each layer's output to float32. Logits are up to 30; worst seen 2.4e-7.
   */
  private static final double ALL_COLUMNS = 1e-6;

  private static final Backend BACKEND = Backends.auto();
  private static LlamaModel model;
  private static int[] text;

  @BeforeAll
  static void load() throws IOException {
    model = BundledModel.load(BACKEND);
    try (InputStream in = BundledModel.openText()) {
      text = ByteVocabulary.tokens(in.readNBytes(N));
    }
  }

  private static AttentionChoice recover(int terms, int rows) {
    return AttentionChoice.recover(BACKEND, ConvBasisRecovery.ofTerms(terms), terms, rows, 1);
  }

  @Test
  void exactIsTheExactStepAndReportsNoHeads() {
    AttentionRun run = AttentionRun.of(AttentionChoice.exact(BACKEND));
    assertArrayEquals(
        model.forward(text, AttentionStep.exact(BACKEND), ONE), model.forward(text, run, ONE));
    assertEquals(List.of(), run.planned());
    assertEquals(List.of(), run.recovered());
    assertTrue(run.nanos() > 0);
    run.begin();
    assertEquals(0, run.nanos());
  }

  @Test
  void aBasisOfAllColumnsIsExactUpToRounding() throws IOException {
    // The scalar backend computes every logit from the basis, also where exact would be cheaper.
    Backend scalar = Backends.scalar();
    LlamaModel reference = BundledModel.load(scalar);
    int[] tokens = Arrays.copyOf(text, 150);
    float[] exact = reference.forwardLast(tokens, AttentionStep.exact(scalar), ONE);
    ConvBasisRecovery all = ConvBasisRecovery.ofTerms(tokens.length);
    AttentionRun run = AttentionRun.of(AttentionChoice.recover(scalar, all, tokens.length, 4, 1));
    float[] logits = reference.forwardLast(tokens, run, ONE);
    double worst = 0;
    for (int t = 0; t < exact.length; t++) {
      worst = Math.max(worst, Math.abs(exact[t] - logits[t]));
    }
    assertTrue(worst <= ALL_COLUMNS, "logits differ by " + worst);
    assertEquals(4, run.recovered().size());
    for (List<RecoveredHead> layer : run.recovered()) {
      assertEquals(4, layer.size());
      for (RecoveredHead head : layer) {
        assertEquals(tokens.length, head.result().search().columns());
        assertEquals(0, head.result().exactShare());
        assertTrue(head.error().relativeError() < ALL_COLUMNS, head.error().toString());
      }
    }
  }

  @Test
  void fewTermsSayHowWrongTheyAre() {
    AttentionRun run = AttentionRun.of(recover(8, 8));
    float[] logits = model.forwardLast(text, run, ONE);
    float[] exact = model.forwardLast(text, AttentionStep.exact(BACKEND), ONE);
    assertNotEquals(Arrays.toString(exact), Arrays.toString(logits));
    double worst = 0;
    for (RecoveredHead head : run.recovered().get(0)) {
      assertTrue(head.result().search().columns() <= 8);
      worst = Math.max(worst, head.error().relativeError());
    }
    assertTrue(worst > 0.01, "real heads are not sums of 8 convolutions, error " + worst);
    assertTrue(run.samplingNanos() > 0);
    AttentionRun unsampled = AttentionRun.of(recover(8, 0));
    assertArrayEquals(logits, model.forwardLast(text, unsampled, ONE));
    assertNull(unsampled.recovered().get(3).get(3).error());
    assertEquals(0, unsampled.samplingNanos());
  }

  @Test
  void afterThePromptEveryChoiceIsExactOverTheCache() {
    int prompt = N - 5;
    for (AttentionChoice choice : List.of(recover(16, 0), planned(false))) {
      AttentionRun run = AttentionRun.of(choice);
      DecodingState chosen = model.newState();
      DecodingState exact = model.newState();
      model.extend(chosen, Arrays.copyOf(text, prompt), prompt, run, ONE);
      model.extend(exact, Arrays.copyOf(text, prompt), prompt, AttentionRun.of(choice), ONE);
      int layers = run.planned().size() + run.recovered().size();
      AttentionStep step = AttentionStep.exact(BACKEND);
      for (int at = prompt; at < N; at++) {
        int[] next = {text[at]};
        assertArrayEquals(
            model.extend(exact, next, 1, step, ONE), model.extend(chosen, next, 1, run, ONE));
      }
      assertEquals(layers, run.planned().size() + run.recovered().size());
    }
  }

  private static AttentionChoice planned(boolean reusing) {
    Planner planner = Planner.of(BACKEND, 0.1).withMostOverhead(10);
    return AttentionChoice.tolerance(planner, 1, reusing);
  }

  @Test
  void plansAreReusedOnTheNextPromptIfAskedFor() {
    AttentionRun reusing = AttentionRun.of(planned(true));
    AttentionRun planning = AttentionRun.of(planned(false));
    for (AttentionRun run : List.of(reusing, planning)) {
      model.forwardLast(text, run, ONE);
      assertEquals(0, reused(run));
      run.begin();
      model.forwardLast(text, run, ONE);
    }
    assertTrue(reused(reusing) > 0, "plans that held on the same text hold again");
    assertEquals(0, reused(planning));
  }

  private static long reused(AttentionRun run) {
    assertEquals(4, run.planned().size());
    return run.planned().stream()
        .flatMap(List::stream)
        .filter(report -> report.outcome() == HeadReport.Outcome.REUSED)
        .count();
  }

  @Test
  void namesAndRefusals() {
    assertEquals("exact", AttentionChoice.exact(BACKEND).label());
    assertEquals("within 0.1", planned(true).label());
    assertEquals("1 term", recover(1, 0).label());
    assertEquals("64 terms", recover(64, 0).label());
    for (int rows : new int[] {-1, 1}) {
      IllegalArgumentException e =
          assertThrows(IllegalArgumentException.class, () -> recover(4, rows));
      assertEquals("rowsPerStratum must be 0 or at least 2, was " + rows, e.getMessage());
    }
  }
}
