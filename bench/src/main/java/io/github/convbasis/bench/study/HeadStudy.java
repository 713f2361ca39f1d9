package io.github.convbasis.bench.study;

import io.github.convbasis.attention.AttentionWorkspace;
import io.github.convbasis.attention.ConvAttention;
import io.github.convbasis.attention.ExactAttention;
import io.github.convbasis.attention.OutputError;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.bench.study.ModelHeads.Head;
import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.decompose.SegmentSearch.Strategy;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.TileKind;
import io.github.convbasis.matrix.TiledLogits;
import io.github.convbasis.plan.AttentionPlan;
import io.github.convbasis.plan.HeadReport;
import io.github.convbasis.plan.PlannedAttention;
import io.github.convbasis.plan.Planner;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Real heads at several tolerances. Each head is planned on one part of the text, with whatever
 * planning costs, and its plan is used again on another part, which is timed: certificate included,
 * beside exact attention in the same run. The same head planned anew at the default overhead is
 * timed too.
 */
final class HeadStudy {
  private static final double[] TOLERANCES = {1e-1, 3e-2, 1e-2, 1e-3};

  /** Planning is not timed here. */
  private static final double ANY_OVERHEAD = 1e3;

  private static final int PLANNED_FROM = 40_000;
  private static final int JUDGED_FROM = 0;
  private static final Parallelism ALONE = Parallelism.sequential();

  private HeadStudy() {}

  static void run(double seconds, List<Integer> lengths, Backend backend, PrintStream out)
      throws IOException {
    for (int n : lengths) {
      List<Head> planned = ModelHeads.of(n, PLANNED_FROM, backend);
      List<Head> judged = ModelHeads.of(n, JUDGED_FROM, backend);
      out.printf("%nn = %d%n%n", n);
      out.println(
          "| head | τ | outcome | exact / rank one / negligible, % | rows exact | certificate"
              + " (interval) | true error | time / exact | by default | window + sinks"
              + " | uniform segments | Recover |");
      out.println("|---|---|---|---|---|---|---|---|---|---|---|---|");
      for (int h = 0; h < judged.size(); h++) {
        for (double tolerance : TOLERANCES) {
          out.println(row(planned.get(h), judged.get(h), tolerance, seconds, backend));
        }
      }
    }
  }

  private static String row(
      Head planned, Head judged, double tolerance, double seconds, Backend backend) {
    AttentionInputs inputs = judged.inputs();
    int n = inputs.rows();
    Planner planner = Planner.of(backend, tolerance).withMostOverhead(ANY_OVERHEAD);
    AttentionPlan plan = planner.plan(planned.inputs(), 0, 1, ALONE);
    PlannedAttention attention = PlannedAttention.of(planner).withPlans(List.of(plan));
    HeadTensor output = output(inputs);
    HeadTensor exact = output(inputs);
    new ExactAttention(Backends.scalar()).forward(inputs, exact, ALONE);
    HeadReport report = attention.forward(inputs, output, ALONE).get(0);
    double error = OutputError.measure(exact, output, 0).relative();
    double ratio = ratio(attention, inputs, output, seconds, backend);
    PlannedAttention cautious = PlannedAttention.of(Planner.of(backend, tolerance));
    double byDefault = ratio(cautious, inputs, output, seconds, backend);
    String start =
        String.format(
            "| %s | %.0e | %s |", judged, tolerance, report.outcome().name().toLowerCase());
    if (report.certificate() == null) {
      return String.format(
          "%s 100 / 0 / 0 | | | %.1e | %.2f | %.2f | | | |", start, error, ratio, byDefault);
    }
    double work = report.exactShare() + (double) report.exactRows() / n;
    return String.format(
        "%s %.1f / %.1f / %.1f | %d | %.1e (%.1e … %.1e) | %.1e | %.2f | %.2f | %.2f | %.2f | %.2f |",
        start,
        100 * report.plan().map().share(TileKind.EXACT),
        100 * report.plan().map().share(TileKind.RANK_ONE),
        100 * report.plan().map().share(TileKind.NEGLIGIBLE),
        report.exactRows(),
        report.certificate().relativeError(),
        report.certificate().low(),
        report.certificate().high(),
        error,
        ratio,
        byDefault,
        windowError(inputs, work, exact, backend),
        segmentError(inputs, ratio, false, exact, backend),
        segmentError(inputs, ratio, true, exact, backend));
  }

  private static HeadTensor output(AttentionInputs inputs) {
    return HeadTensor.allocate(true, 1, inputs.rows(), inputs.values().width());
  }

  /** Returns the median of paired times. */
  private static double ratio(
      PlannedAttention attention,
      AttentionInputs inputs,
      HeadTensor output,
      double seconds,
      Backend backend) {
    ExactAttention exact = new ExactAttention(backend);
    Workspace exactWorkspace = backend.newWorkspace();
    AttentionWorkspace workspace = AttentionWorkspace.of(backend);
    List<Double> ratios = new ArrayList<>();
    long end = System.nanoTime() + (long) (1e9 * seconds);
    do {
      long start = System.nanoTime();
      attention.forward(inputs, output, workspace, ALONE);
      long middle = System.nanoTime();
      exact.forward(inputs, output, exactWorkspace, ALONE);
      ratios.add((middle - start) / (double) (System.nanoTime() - middle));
    } while (System.nanoTime() < end);
    // The first half warms up.
    double[] kept =
        ratios.subList(ratios.size() / 2, ratios.size()).stream()
            .mapToDouble(Double::doubleValue)
            .sorted()
            .toArray();
    return kept[kept.length / 2];
  }

  /** Returns the error of a window with 4 sinks that has as many exact entries. */
  private static double windowError(
      AttentionInputs inputs, double work, HeadTensor exact, Backend backend) {
    int n = inputs.rows();
    int window = 1;
    while (window < n && AttentionPlan.window(n, window + 8, 4).predictedCost() <= work) {
      window += 8;
    }
    AttentionPlan plan = AttentionPlan.window(n, window, 4);
    HeadTensor output = output(inputs);
    backend.attendTiles(
        inputs,
        0,
        new TiledLogits(plan.map(), plan.exactColumns(), null, null, null),
        1,
        output,
        new boolean[n],
        backend.newWorkspace(),
        ALONE);
    return OutputError.measure(exact, output, 0).relative();
  }

  /** Returns the error of as many segments as take no more time, at least one. */
  private static double segmentError(
      AttentionInputs inputs, double work, boolean search, HeadTensor exact, Backend backend) {
    int n = inputs.rows();
    double pairs = n * (n + 1.0) / 2;
    int width = inputs.values().width();
    int terms = 1;
    while (terms < n / 4
        && backend.segmentCost(n, inputs.queries().width(), width, 2 * terms) <= work * pairs) {
      terms *= 2;
    }
    int count = terms;
    int[] starts = new int[count];
    Arrays.setAll(starts, r -> (int) ((long) r * n / count));
    ConvBasisRecovery recovery =
        search
            ? ConvBasisRecovery.ofTerms(count).withStrategy(Strategy.LITERAL)
            : ConvBasisRecovery.ofStarts(starts);
    HeadTensor output = output(inputs);
    ConvAttention.of(backend, recovery).forward(inputs, output, ALONE);
    return OutputError.measure(exact, output, 0).relative();
  }
}
