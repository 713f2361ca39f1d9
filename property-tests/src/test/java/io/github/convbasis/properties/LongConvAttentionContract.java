package io.github.convbasis.properties;

import io.github.convbasis.attention.AttentionWorkspace;
import io.github.convbasis.attention.ConvAttention;
import io.github.convbasis.attention.ExactAttention;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** What conv-basis attention with known starts must satisfy where transforms pay, and below. */
abstract class LongConvAttentionContract implements BackendContract {
  private static final Parallelism ALONE = Parallelism.sequential();

  /** All heads with the starts of the first. */
  private static HeadTensor attend(
      Backend backend,
      SegmentedSample sample,
      AttentionInputs inputs,
      AttentionWorkspace workspace,
      Parallelism parallelism) {
    HeadTensor output = sample.blankOutput(sample.n());
    ConvAttention.of(backend, ConvBasisRecovery.ofStarts(sample.starts()[0]))
        .forward(inputs, output, workspace, parallelism);
    return output;
  }

  final HeadTensor attend(SegmentedSample sample, AttentionInputs inputs, Parallelism parallelism) {
    Backend backend = backend();
    return attend(backend, sample, inputs, AttentionWorkspace.of(backend), parallelism);
  }

  final HeadTensor attend(SegmentedSample sample, AttentionInputs inputs) {
    return attend(sample, inputs, ALONE);
  }

  /** The basis is the truth in the first head, so only rounding is left. */
  @Property
  void trueSegmentsGiveExactAttention(
      @ForAll(supplier = SegmentedSample.Any.class) SegmentedSample sample) {
    AttentionInputs inputs = sample.inputs();
    HeadTensor actual = attend(sample, inputs);
    HeadTensor expected = sample.blankOutput(sample.n());
    new ExactAttention(backend()).forward(inputs, expected, ALONE);
    double guard = backend().defaultGuardTolerance();
    double rounding = sample.rounding(unitRoundoff());
    double[] sups = AttentionErrors.visibleSups(inputs, 0);
    for (int row = 0; row < sample.n(); row++) {
      for (int c = 0; c < sample.width(); c++) {
        double error = actual.get(0, row, c) - expected.get(0, row, c);
        Tolerances.requireBounded(error, guard * sups[row], 2 * rounding * sups[row], "row " + row);
      }
    }
  }

  @Property
  void numberOfTasksGivesTheSameBits(
      @ForAll(supplier = SegmentedSample.Any.class) SegmentedSample sample,
      @ForAll @IntRange(min = 2, max = Threads.MOST_TASKS) int tasks) {
    AttentionInputs inputs = sample.inputs();
    HeadTensor alone = attend(sample, inputs);
    HeadTensor together = attend(sample, inputs, Parallelism.of(Threads.POOL, tasks));
    Tolerances.requireSameBits(Layout.elements(together), Layout.elements(alone), "output");
  }

  /** Scratch keeps what other problems left in it; the output must not show it. */
  @Property
  void aUsedWorkspaceGivesTheSameBits(
      @ForAll(supplier = SegmentedSample.Any.class) SegmentedSample sample,
      @ForAll(supplier = SegmentedSample.Any.class) SegmentedSample other) {
    AttentionInputs inputs = sample.inputs();
    HeadTensor fresh = attend(sample, inputs);
    Backend backend = backend();
    AttentionWorkspace workspace = AttentionWorkspace.of(backend);
    for (SegmentedSample before : List.of(sample, other)) {
      attend(backend, before, before.inputs(), workspace, ALONE);
    }
    HeadTensor used = attend(backend, sample, inputs, workspace, ALONE);
    Tolerances.requireSameBits(Layout.elements(used), Layout.elements(fresh), "output");
  }
}
