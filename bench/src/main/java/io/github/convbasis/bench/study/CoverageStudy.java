package io.github.convbasis.bench.study;

import io.github.convbasis.attention.ExactAttention;
import io.github.convbasis.attention.OutputError;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.bench.study.ModelHeads.Head;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.TileKind;
import io.github.convbasis.matrix.TiledLogits;
import io.github.convbasis.plan.AttentionPlan;
import io.github.convbasis.plan.Certificate;
import io.github.convbasis.plan.HeadReport;
import io.github.convbasis.plan.HeadReport.Outcome;
import io.github.convbasis.plan.OutlyingQueries;
import io.github.convbasis.plan.PlannedAttention;
import io.github.convbasis.plan.Planner;
import io.github.convbasis.plan.RowSample;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How often the true error of a planned output lay inside the certificate's interval, for every
 * plan whether it would have held or not, over heads and seeds of the judged rows; and what
 * attention at a tolerance then delivers. The interval speaks of the rows that are not exact by
 * construction, and so does the true error that it is compared with.
 */
final class CoverageStudy {
  private static final double[] TOLERANCES = {1e-1, 3e-2, 1e-2};
  private static final double ANY_OVERHEAD = 1e3;
  private static final double CONFIDENCE = 0.975;
  private static final int SEEDS_PER_PLAN = 10;
  private static final int TEXT_FROM = 80_000;
  private static final Parallelism ALONE = Parallelism.sequential();

  private CoverageStudy() {}

  /** Counts over heads and seeds. */
  private static final class Counts {
    int pairs;
    int inside;
    int below;
    int held;
    int heldWrongly;
    int runs;
    int exact;
    int fallen;
    int within;
    double worst;
  }

  static void run(int seeds, List<Integer> lengths, Backend backend, PrintStream out)
      throws IOException {
    out.println(
        "| n | τ | pairs of plan and seed | low ≤ error ≤ high | error ≤ high | held | held, error"
            + " > τ | runs | exact at once | fallen back | error ≤ τ | worst error / τ |");
    out.println("|---|---|---|---|---|---|---|---|---|---|---|---|");
    for (int n : lengths) {
      List<Head> heads = ModelHeads.of(n, TEXT_FROM, backend);
      for (double tolerance : TOLERANCES) {
        Counts counts = new Counts();
        for (Head head : heads) {
          count(head.inputs(), tolerance, seeds, backend, counts);
        }
        out.printf(
            "| %d | %.0e | %d | %.3f | %.3f | %d | %d | %d | %d | %d | %.3f | %.2f |%n",
            n,
            tolerance,
            counts.pairs,
            counts.inside / (double) counts.pairs,
            counts.below / (double) counts.pairs,
            counts.held,
            counts.heldWrongly,
            counts.runs,
            counts.exact,
            counts.fallen,
            counts.within / (double) counts.runs,
            counts.worst);
      }
    }
  }

  private static void count(
      AttentionInputs inputs, double tolerance, int seeds, Backend backend, Counts counts) {
    int n = inputs.rows();
    HeadTensor exact = HeadTensor.allocate(false, 1, n, inputs.values().width());
    new ExactAttention(Backends.scalar()).forward(inputs, exact, ALONE);
    HeadTensor output = HeadTensor.allocate(true, 1, n, inputs.values().width());
    Planner planner = Planner.of(backend, tolerance).withMostOverhead(ANY_OVERHEAD);
    // One plan for a few seeds: what differs most is which rows are judged.
    for (int seed = 0; seed < seeds; seed += SEEDS_PER_PLAN) {
      AttentionPlan plan = planner.plan(inputs, 0, seed, ALONE);
      if (!plan.isExact() && plan.kernels() == null) {
        judge(
            inputs,
            plan,
            exact,
            output,
            seed,
            Math.min(seeds, seed + SEEDS_PER_PLAN),
            counts,
            tolerance,
            backend);
      }
      HeadReport report =
          PlannedAttention.of(planner).withSeed(seed).forward(inputs, output, ALONE).get(0);
      double error = OutputError.measure(exact, output, 0).relative();
      counts.runs++;
      counts.exact += report.outcome() == Outcome.EXACT ? 1 : 0;
      counts.fallen += report.outcome() == Outcome.FALLEN_BACK ? 1 : 0;
      counts.within += error <= tolerance ? 1 : 0;
      counts.worst = Math.max(counts.worst, error / tolerance);
    }
  }

  private static void judge(
      AttentionInputs inputs,
      AttentionPlan plan,
      HeadTensor exact,
      HeadTensor output,
      int fromSeed,
      int toSeed,
      Counts counts,
      double tolerance,
      Backend backend) {
    int n = inputs.rows();
    boolean[] untrusted = new boolean[n];
    TiledLogits model =
        new TiledLogits(plan.map(), new int[0], null, null, null, plan.mostRankOneShare());
    backend.attendTiles(inputs, 0, model, 1, output, untrusted, backend.newWorkspace(), ALONE);
    OutlyingQueries.flag(inputs, 0, plan.map().grid(), untrusted);
    double[] errors = new double[n];
    double[] norms = new double[n];
    double error = 0;
    double norm = 0;
    for (int row = 0; row < n; row++) {
      untrusted[row] |= isExact(plan, row / plan.map().grid().rowBlock());
      for (int c = 0; c < exact.width(); c++) {
        double y = exact.get(0, row, c);
        errors[row] += (output.get(0, row, c) - y) * (output.get(0, row, c) - y);
        norms[row] += y * y;
      }
      error += untrusted[row] ? 0 : errors[row];
      norm += untrusted[row] ? 0 : norms[row];
    }
    double modelled = norm == 0 ? 0 : Math.sqrt(error / norm);
    int[] avoided = IntStream.range(0, n).filter(row -> untrusted[row]).toArray();
    int count = Math.max(64, Math.min(128, n / 32));
    for (int seed = fromSeed; seed < toSeed; seed++) {
      RowSample sample = RowSample.draw(n, count, avoided, seed);
      int[] drawn = sample.drawn();
      Certificate certificate =
          Certificate.of(
              sample,
              Arrays.stream(drawn).mapToDouble(row -> untrusted[row] ? 0 : errors[row]).toArray(),
              Arrays.stream(drawn).mapToDouble(row -> norms[row]).toArray(),
              tolerance,
              CONFIDENCE);
      counts.pairs++;
      counts.below += modelled <= certificate.high() ? 1 : 0;
      boolean inside = modelled >= certificate.low() && modelled <= certificate.high();
      counts.inside += inside ? 1 : 0;
      counts.held += certificate.holds() ? 1 : 0;
      counts.heldWrongly += certificate.holds() && modelled > tolerance ? 1 : 0;
    }
  }

  private static boolean isExact(AttentionPlan plan, int block) {
    for (int tile = 0; tile < plan.map().grid().columnBlocks(block); tile++) {
      if (plan.map().kind(block, tile) != TileKind.EXACT) {
        return false;
      }
    }
    return true;
  }
}
