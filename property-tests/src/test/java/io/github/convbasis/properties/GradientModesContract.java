package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.TileGrid;
import io.github.convbasis.matrix.TileKind;
import io.github.convbasis.matrix.TileMap;
import io.github.convbasis.plan.AttentionPlan;
import io.github.convbasis.plan.KernelFit;
import io.github.convbasis.plan.KernelPlan;
import io.github.convbasis.training.ConvGradient;
import io.github.convbasis.training.GradientMode;
import io.github.convbasis.training.GradientReport;
import io.github.convbasis.training.Gradients;
import io.github.convbasis.training.Retention;
import java.util.Arrays;
import java.util.Collections;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** What gradients of conv-basis attention of any backend must satisfy. */
abstract class GradientModesContract implements BackendContract {
  /** A tolerance that every row of these samples meets, and one that none does. */
  private static final double LOOSE = 0.5;

  private static final double STRICT = 1e-300;

  private static final Parallelism ALONE = Parallelism.sequential();

  /** What one pass gave. */
  private record Pass(ConvGradient.Context context, HeadTensor output, Gradients gradients) {
    double[] elements() {
      double[][] parts = {
        Layout.elements(output),
        Layout.elements(gradients.queries()),
        Layout.elements(gradients.keys()),
        Layout.elements(gradients.values())
      };
      return Arrays.stream(parts).flatMapToDouble(Arrays::stream).toArray();
    }
  }

  private ConvGradient gradient(GradientSample sample, GradientMode mode) {
    return ConvGradient.of(backend(), ConvBasisRecovery.ofStarts(sample.starts()))
        .withMode(mode)
        .withBand(sample.parts().band())
        .withExactColumns(sample.exactColumns())
        .withGuardTolerance(LOOSE);
  }

  private static Pass pass(
      ConvGradient gradient,
      AttentionInputs inputs,
      GradientSample sample,
      Parallelism parallelism) {
    HeadTensor output = sample.blankOutput();
    Gradients gradients = Gradients.zeros(inputs);
    ConvGradient.Context context = gradient.forward(inputs, output, parallelism);
    gradient.backward(context, sample.upstream(), gradients, parallelism);
    assertEquals(0, Layout.writtenGaps(output), "elements written outside the output");
    return new Pass(context, output, gradients);
  }

  private static DenseGradient dense(
      GradientSample sample, GradientMode mode, DenseGradient.Model model) {
    return new DenseGradient(
        sample.inputs(false, sample.queries(), sample.keys(), sample.values()),
        sample.upstream(),
        mode,
        model);
  }

  private static DenseGradient dense(
      GradientSample sample, GradientMode mode, ConvGradient.Context context) {
    int[] starts = sample.starts();
    int[] own = new int[starts.length];
    Arrays.setAll(own, r -> r);
    int[][] exactRows = new int[sample.heads().queries][];
    Arrays.setAll(exactRows, context::exactRows);
    return dense(
        sample,
        mode,
        new DenseGradient.Model(
            starts, own, sample.parts().band(), sample.exactColumns(), exactRows));
  }

  /**
   * Of an output or a gradient whose greatest sum of absolute terms is given. Transforms spread
   * rounding over rows, so that the greatest sum counts for all, and so does the least row sum.
   */
  private double unit(GradientSample sample, double size) {
    double roundoff = sample.single() ? Tolerances.FLOAT : unitRoundoff();
    return Tolerances.fft(roundoff, 2 * sample.n(), size);
  }

  private void requireDense(GradientSample sample, Pass pass, DenseGradient expected) {
    double factor = 1 + expected.amplification();
    double valueSup = Reference.normSup(sample.values());
    require(sample, pass.output(), expected.outputs, factor * valueSup);
    Gradients gradients = pass.gradients();
    double size = factor * Reference.normSup(expected.querySizes);
    require(sample, gradients.queries(), expected.queries, size);
    size = factor * Reference.normSup(expected.keySizes);
    require(sample, gradients.keys(), expected.keys, size);
    size = factor * Reference.normSup(expected.valueSizes);
    require(sample, gradients.values(), expected.values, size);
  }

  private void require(GradientSample sample, HeadTensor actual, double[] expected, double size) {
    Tolerances.GRADIENT.requireClose(Layout.elements(actual), expected, unit(sample, size));
  }

  private void requireDefinition(GradientSample sample, GradientMode mode) {
    Pass pass = pass(gradient(sample, mode), sample.inputs(), sample, ALONE);
    for (GradientReport report : pass.context().reports()) {
      assertEquals(mode, report.mode());
      assertEquals(0, report.exactRows());
    }
    requireDense(sample, pass, dense(sample, mode, pass.context()));
  }

  @Property
  void operatorIsTheDenseFormula(@ForAll(supplier = GradientSample.Any.class) GradientSample s) {
    requireDefinition(s, GradientMode.OPERATOR);
  }

  @Property
  void segmentIsTheChainRule(@ForAll(supplier = GradientSample.Any.class) GradientSample s) {
    requireDefinition(s, GradientMode.SEGMENT);
  }

  @Property
  void exactIsTheDenseFormula(@ForAll(supplier = GradientSample.Any.class) GradientSample s) {
    requireDefinition(s, GradientMode.EXACT);
  }

  /** Tolerances about what transforms round: some rows are exact, others not. */
  @Property
  void rowsOfBothKindsAreTheDefinition(
      @ForAll(supplier = GradientSample.Any.class) GradientSample sample,
      @ForAll boolean segment,
      @ForAll @IntRange(min = 3, max = 12) int bits) {
    GradientMode mode = segment ? GradientMode.SEGMENT : GradientMode.OPERATOR;
    ConvGradient gradient =
        gradient(sample, mode).withGuardTolerance(Math.scalb(unitRoundoff(), bits));
    Pass pass = pass(gradient, sample.inputs(), sample, ALONE);
    requireDense(sample, pass, dense(sample, mode, pass.context()));
  }

  /** Tiles beside the diagonal become a band, and segments share kernels. */
  @Property
  void plansAreTheirModels(
      @ForAll(supplier = GradientSample.Any.class) GradientSample sample,
      @ForAll boolean segment,
      @ForAll @IntRange(min = 0, max = 3) int blocks) {
    GradientMode mode = segment ? GradientMode.SEGMENT : GradientMode.OPERATOR;
    TileGrid grid = new TileGrid(sample.n(), 5, 5);
    TileMap map =
        TileMap.of(
            grid, (row, column) -> row - column < blocks ? TileKind.EXACT : TileKind.CONVOLUTION);
    int[] starts = sample.starts();
    int[] kernelOf = new int[starts.length];
    Arrays.setAll(kernelOf, r -> r % 2);
    KernelPlan kernels = new KernelPlan(starts, kernelOf, KernelFit.SAMPLED_COLUMN);
    if (!map.has(TileKind.CONVOLUTION)) {
      return;
    }
    int[] columns = sample.exactColumns();
    AttentionPlan plan =
        new AttentionPlan(map, null, columns, kernels, 1, 0, 1, Double.NaN, "drawn");
    ConvGradient gradient =
        ConvGradient.of(backend(), Collections.nCopies(sample.heads().queries, plan))
            .withMode(mode)
            .withGuardTolerance(LOOSE);
    Pass pass = pass(gradient, sample.inputs(), sample, ALONE);
    int band = 0;
    for (int i = 0; i < sample.n(); i++) {
      for (int j = 0; j <= i; j++) {
        boolean exact = map.kind(i / 5, j / 5) == TileKind.EXACT;
        band = exact && Arrays.binarySearch(columns, j) < 0 ? Math.max(band, i - j + 1) : band;
      }
    }
    int[][] exactRows = new int[sample.heads().queries][];
    Arrays.setAll(exactRows, pass.context()::exactRows);
    requireDense(
        sample,
        pass,
        dense(sample, mode, new DenseGradient.Model(starts, kernelOf, band, columns, exactRows)));
  }

  /** A guard that trusts no row leaves nothing modelled. */
  @Property
  void rowsThatAreNotTrustedAreExact(
      @ForAll(supplier = GradientSample.Any.class) GradientSample sample, @ForAll boolean segment) {
    GradientMode mode = segment ? GradientMode.SEGMENT : GradientMode.OPERATOR;
    ConvGradient strict = gradient(sample, mode).withGuardTolerance(STRICT);
    Pass pass = pass(strict, sample.inputs(), sample, ALONE);
    int[] exact = sample.exactColumns();
    int first = 0;
    while (first < exact.length && exact[first] == first) {
      first++;
    }
    int expected = Math.max(0, sample.n() - first - sample.parts().band());
    for (GradientReport report : pass.context().reports()) {
      assertEquals(expected, report.exactRows());
    }
    requireDense(sample, pass, dense(sample, GradientMode.EXACT, DenseGradient.Model.NONE));
  }

  /** EXACT: kernels are sampled again in the same bits. */
  @Property
  void whatIsRecomputedIsWhatWasKept(
      @ForAll(supplier = GradientSample.Any.class) GradientSample sample, @ForAll boolean segment) {
    GradientMode mode = segment ? GradientMode.SEGMENT : GradientMode.OPERATOR;
    ConvGradient kept = gradient(sample, mode);
    Pass first = pass(kept, sample.inputs(), sample, ALONE);
    Pass second = pass(kept.withRetention(Retention.RECOMPUTED), sample.inputs(), sample, ALONE);
    Tolerances.requireSameBits(second.elements(), first.elements(), "recomputed");
    long most = 9L * sample.n() * sample.heads().queries;
    assertEquals(most, second.context().contextBytes());
    assertTrue(first.context().contextBytes() >= most);
  }

  @Property
  void numberOfTasksGivesTheSameBits(
      @ForAll(supplier = GradientSample.Any.class) GradientSample sample,
      @ForAll GradientMode mode,
      @ForAll @IntRange(min = 2, max = Threads.MOST_TASKS) int tasks) {
    ConvGradient gradient = gradient(sample, mode);
    Pass alone = pass(gradient, sample.inputs(), sample, ALONE);
    Pass together = pass(gradient, sample.inputs(), sample, Parallelism.of(Threads.POOL, tasks));
    Tolerances.requireSameBits(together.elements(), alone.elements(), "gradients");
  }

  /** Gradients add to what is there. */
  @Property
  void twoBackwardPassesGiveTwice(
      @ForAll(supplier = GradientSample.Any.class) GradientSample sample,
      @ForAll GradientMode mode) {
    AttentionInputs inputs = sample.inputs();
    ConvGradient gradient = gradient(sample, mode);
    Pass once = pass(gradient, inputs, sample, ALONE);
    Gradients twice = Gradients.zeros(inputs);
    gradient.backward(once.context(), sample.upstream(), twice, ALONE);
    gradient.backward(once.context(), sample.upstream(), twice, ALONE);
    requireTwice(sample, twice.queries(), once.gradients().queries());
    requireTwice(sample, twice.keys(), once.gradients().keys());
    requireTwice(sample, twice.values(), once.gradients().values());
  }

  private void requireTwice(GradientSample sample, HeadTensor twice, HeadTensor once) {
    double[] expected = Arrays.stream(Layout.elements(once)).map(x -> 2 * x).toArray();
    require(sample, twice, expected, Reference.normSup(expected));
  }

  /** EXACT: an upstream gradient of zero has no gradients, not even by rounding. */
  @Property
  void noUpstreamGradientGivesNone(
      @ForAll(supplier = GradientSample.Any.class) GradientSample sample,
      @ForAll GradientMode mode) {
    AttentionInputs inputs = sample.inputs();
    ConvGradient gradient = gradient(sample, mode);
    Gradients gradients = Gradients.zeros(inputs);
    HeadTensor zero =
        HeadTensor.allocate(sample.single(), sample.heads().queries, sample.n(), sample.width());
    gradient.backward(
        gradient.forward(inputs, sample.blankOutput(), ALONE), zero, gradients, ALONE);
    assertEquals(0, Reference.normSup(Layout.elements(gradients.queries())));
    assertEquals(0, Reference.normSup(Layout.elements(gradients.keys())));
    assertEquals(0, Reference.normSup(Layout.elements(gradients.values())));
  }

  /** In short heads a factor of d cannot pay. */
  @Property
  void automaticIsExactForShortHeads(
      @ForAll(supplier = GradientSample.Any.class) GradientSample sample) {
    Pass pass = pass(gradient(sample, GradientMode.AUTO), sample.inputs(), sample, ALONE);
    for (GradientReport report : pass.context().reports()) {
      assertEquals(GradientMode.EXACT, report.mode());
      assertTrue(report.reason().contains("times as much"), report.reason());
    }
    requireDense(sample, pass, dense(sample, GradientMode.EXACT, DenseGradient.Model.NONE));
  }

  @Property
  void argumentsThatDoNotFitAreRefused(
      @ForAll(supplier = GradientSample.Any.class) GradientSample sample) {
    AttentionInputs inputs = sample.inputs();
    ConvGradient gradient = gradient(sample, GradientMode.SEGMENT);
    HeadTensor output = sample.blankOutput();
    ConvGradient.Context context = gradient.forward(inputs, output, ALONE);
    Gradients gradients = Gradients.zeros(inputs);
    HeadTensor wide = HeadTensor.allocate(false, output.heads(), output.rows(), output.width() + 1);
    Refusal.mustSay(
        () -> gradient.backward(context, wide, gradients, ALONE), "upstream", output, wide);
    HeadTensor notFinite = sample.upstream();
    double[] row = new double[notFinite.width()];
    row[0] = Double.NaN;
    notFinite.setRow(0, 0, row);
    Refusal.mustSay(
        () -> gradient.backward(context, notFinite, gradients, ALONE), "upstream", "NaN");
    Refusal.mustSay(() -> gradient.forward(inputs, wide, ALONE), "output", wide);
    int n = sample.n();
    Refusal.mustSay(
        () -> gradient.withExactColumns(n).forward(inputs, output, ALONE),
        "exactColumns",
        "n = " + n,
        "was " + n);
    AttentionInputs open =
        new AttentionInputs(
            inputs.queries(), inputs.keys(), inputs.values(), 1, AttentionMask.NONE);
    Refusal.mustSay(() -> gradient.forward(open, output, ALONE), "mask", "CAUSAL", "NONE");
  }

  @Example
  void settingsThatMakeNoSenseAreRefused() {
    ConvGradient gradient = ConvGradient.of(backend(), ConvBasisRecovery.ofTerms(1));
    Refusal.mustSay(() -> gradient.withBand(-1), "band", "at least 0", "was -1");
    Refusal.mustSay(() -> gradient.withExactColumns(3, 3), "exactColumns[1]", "4", "was 3");
    Refusal.mustSay(() -> gradient.withExactColumns(-1), "exactColumns[0]", "0", "was -1");
    Refusal.mustSay(() -> gradient.withGuardTolerance(0), "guardTolerance", "was 0.0");
    Refusal.mustSay(() -> gradient.withGuardTolerance(Double.NaN), "guardTolerance", "was NaN");
  }

  @Example
  void contextsOfAnotherBackendAreRefused() {
    HeadTensor x = HeadTensor.of(new double[] {1, 2}, 1, 2, 1);
    AttentionInputs inputs = AttentionInputs.causal(x, x, x);
    String other = backend().name().equals("scalar") ? "simd" : "scalar";
    ConvBasisRecovery recovery = ConvBasisRecovery.ofStarts(0);
    ConvGradient.Context context =
        ConvGradient.of(Backends.select(other), recovery)
            .forward(inputs, HeadTensor.allocate(false, 1, 2, 1), ALONE);
    Refusal.mustSay(
        () ->
            ConvGradient.of(backend(), recovery)
                .backward(context, x, Gradients.zeros(inputs), ALONE),
        "context",
        backend().name(),
        "was of " + other);
  }

  /** An overflow is an exception in every mode, not a NaN. */
  @Example
  void overflowIsRefused() {
    double[] huge = {1e200, 1e200, 1e200, 1e200};
    HeadTensor x = HeadTensor.of(huge, 1, 4, 1);
    AttentionInputs inputs = new AttentionInputs(x, x, x, 1, AttentionMask.CAUSAL);
    for (GradientMode mode : GradientMode.values()) {
      ConvGradient gradient =
          ConvGradient.of(backend(), ConvBasisRecovery.ofStarts(0)).withMode(mode);
      HeadTensor output = HeadTensor.allocate(false, 1, 4, 1);
      assertThrows(ArithmeticException.class, () -> gradient.forward(inputs, output, ALONE));
    }
  }
}
