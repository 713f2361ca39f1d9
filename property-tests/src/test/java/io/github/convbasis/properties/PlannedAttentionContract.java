package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.attention.AttentionWorkspace;
import io.github.convbasis.attention.ExactAttention;
import io.github.convbasis.attention.OutputError;
import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.plan.AttentionPlan;
import io.github.convbasis.plan.HeadReport;
import io.github.convbasis.plan.HeadReport.Outcome;
import io.github.convbasis.plan.PlannedAttention;
import io.github.convbasis.plan.Planner;
import java.util.List;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Attention at a tolerance. */
abstract class PlannedAttentionContract implements BackendContract {
  private static final Parallelism ALONE = Parallelism.sequential();

  /** Short heads are planned, too. */
  private static final double ANY_OVERHEAD = 1e6;

  private PlannedAttention attention(double tolerance, long seed) {
    Planner planner = Planner.of(backend(), tolerance).withMostOverhead(ANY_OVERHEAD);
    return PlannedAttention.of(planner).withSeed(seed);
  }

  private static HeadTensor exact(AttentionInputs inputs) {
    HeadTensor output =
        HeadTensor.allocate(
            false, inputs.queries().heads(), inputs.rows(), inputs.values().width());
    new ExactAttention(Backends.scalar()).forward(inputs, output, ALONE);
    return output;
  }

  @Property
  void reportsAreConsistentAndExactHeadsAreExact(
      @ForAll(supplier = AttentionSample.Any.class) AttentionSample sample) {
    AttentionInputs inputs = sample.inputs();
    HeadTensor output = sample.blankOutput();
    List<HeadReport> reports = attention(0.05, sample.seed()).forward(inputs, output, ALONE);
    assertEquals(0, Layout.writtenGaps(output), "elements written outside the output");
    HeadTensor exact = exact(inputs);
    assertEquals(inputs.queries().heads(), reports.size());
    for (HeadReport report : reports) {
      assertEquals(sample.n(), report.plan().rows());
      boolean everything =
          report.outcome() == Outcome.EXACT || report.outcome() == Outcome.FALLEN_BACK;
      assertEquals(everything, report.plan().isExact(), report.toString());
      if (everything) {
        assertNull(report.certificate());
        requireExact(sample, inputs, report.head(), output, exact);
      } else {
        assertTrue(report.certificate().holds(), report.toString());
      }
      for (int row = 0; row < sample.n(); row++) {
        for (int c = 0; c < sample.width(); c++) {
          assertTrue(Double.isFinite(output.get(report.head(), row, c)), "row " + row);
        }
      }
    }
  }

  private void requireExact(
      AttentionSample sample,
      AttentionInputs inputs,
      int head,
      HeadTensor output,
      HeadTensor exact) {
    double unit = AttentionErrors.unit(unitRoundoff(), inputs, head);
    double[] sups = AttentionErrors.visibleSups(inputs, head);
    for (int row = 0; row < sample.n(); row++) {
      for (int c = 0; c < sample.width(); c++) {
        double error = output.get(head, row, c) - exact.get(head, row, c);
        double rounding = Tolerances.EXACT_ATTENTION.of(unit * sups[row]);
        if (output.isSinglePrecision()) {
          double stored = Tolerances.ulps(Tolerances.FLOAT, exact.get(head, row, c));
          rounding += Tolerances.STORED_FLOAT.of(stored) + Float.MIN_VALUE;
        }
        Tolerances.requireBounded(error, 0, rounding, "row " + row);
      }
    }
  }

  @Property
  void aSeedGivesTheSamePlanCertificateAndBits(
      @ForAll(supplier = AttentionSample.Any.class) AttentionSample sample) {
    AttentionInputs inputs = sample.inputs();
    HeadTensor once = sample.blankOutput();
    HeadTensor again = sample.blankOutput();
    PlannedAttention attention = attention(0.1, sample.seed());
    AttentionWorkspace dirty = AttentionWorkspace.of(backend());
    attention.forward(inputs, once, dirty, ALONE);
    List<HeadReport> reports = attention.forward(inputs, once, ALONE);
    Parallelism tasks = Parallelism.of(Threads.POOL, Threads.MOST_TASKS);
    List<HeadReport> others = attention.forward(inputs, again, dirty, tasks);
    for (int head = 0; head < reports.size(); head++) {
      assertEquals(reports.get(head).plan(), others.get(head).plan());
      assertEquals(reports.get(head).certificate(), others.get(head).certificate());
      assertEquals(reports.get(head).outcome(), others.get(head).outcome());
      for (int row = 0; row < sample.n(); row++) {
        for (int c = 0; c < sample.width(); c++) {
          Tolerances.requireSameBits(again.get(head, row, c), once.get(head, row, c), "row " + row);
        }
      }
    }
  }

  @Property
  void aPlanCanBeUsedAgain(@ForAll(supplier = AttentionSample.Any.class) AttentionSample sample) {
    AttentionInputs inputs = sample.inputs();
    HeadTensor output = sample.blankOutput();
    PlannedAttention attention = attention(0.1, sample.seed());
    List<AttentionPlan> plans =
        attention.forward(inputs, output, ALONE).stream().map(HeadReport::plan).toList();
    List<HeadReport> again = attention.withPlans(plans).forward(inputs, output, ALONE);
    for (HeadReport report : again) {
      if (report.outcome() == Outcome.REUSED) {
        // The reason, and what was predicted from sampled rows, are not carried over.
        AttentionPlan earlier = plans.get(report.head());
        assertEquals(earlier.map(), report.plan().map());
        assertEquals(earlier.rule(), report.plan().rule());
        assertEquals(earlier.kernels(), report.plan().kernels());
        assertArrayEquals(earlier.exactColumns(), report.plan().exactColumns());
      }
      assertTrue(report.certificate() == null || report.certificate().holds(), report.toString());
    }
    assertThrows(
        IllegalArgumentException.class,
        () -> attention.withPlans(List.of()).forward(inputs, output, ALONE));
  }

  @Example
  void adversarialHeadsMeetTheToleranceOrAreExact() {
    for (AdversarialHead kind : AdversarialHead.values()) {
      for (int n : new int[] {1, 2, 33, 700, 1500}) {
        AttentionInputs inputs = kind.inputs(n, n);
        HeadTensor exact = exact(inputs);
        for (double tolerance : new double[] {0.1, 0.01}) {
          HeadTensor output = HeadTensor.allocate(true, 1, n, AdversarialHead.DEPTH);
          HeadReport report = attention(tolerance, 1).forward(inputs, output, ALONE).get(0);
          double error = OutputError.measure(exact, output, 0).relative();
          // Subnormal floats have few digits, so rounding alone is a few parts in a thousand.
          assertTrue(error <= tolerance, kind + ", n = " + n + ": " + error + " by " + report);
        }
      }
    }
  }

  @Example
  void otherMasksAndTolerancesAreRefused() {
    for (double tolerance : new double[] {0, 1, -0.1, Double.NaN}) {
      String message =
          assertThrows(IllegalArgumentException.class, () -> Planner.of(backend(), tolerance))
              .getMessage();
      assertEquals("tolerance must be greater than 0 and less than 1, was " + tolerance, message);
    }
    HeadTensor rows = HeadTensor.allocate(true, 1, 4, 2);
    AttentionInputs inputs = new AttentionInputs(rows, rows, rows, 1, AttentionMask.NONE);
    HeadTensor output = HeadTensor.allocate(true, 1, 4, 2);
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> attention(0.1, 1).forward(inputs, output, ALONE))
            .getMessage();
    assertEquals("mask must be CAUSAL, was NONE", message);
  }
}
