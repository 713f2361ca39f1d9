package io.github.convbasis.bench.study;

import io.github.convbasis.attention.AttentionWorkspace;
import io.github.convbasis.attention.ExactAttention;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.bench.Inputs;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.plan.HeadReport;
import io.github.convbasis.plan.PlannedAttention;
import java.awt.BasicStroke;
import java.awt.Color;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.text.NumberFormat;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.jfree.chart.ChartUtils;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.LogAxis;
import org.jfree.chart.axis.NumberTickUnit;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.xy.XYLineAndShapeRenderer;
import org.jfree.data.xy.XYSeries;
import org.jfree.data.xy.XYSeriesCollection;

/**
 * Time against n of heads whose logits are few convolutions, attended at a tolerance with planning
 * and certificate, beside exact attention up to 65,536 rows.
 */
final class GrowthStudy {
  private static final int LEAST = 1 << 10;
  private static final int WARM_UP = 1 << 14;
  private static final int MOST_EXACT = 1 << 16;
  private static final int DEPTH = 64;
  private static final double TOLERANCE = 1e-2;
  private static final int[] SEGMENTS = {1, 16, 64};

  /** Rounds of one exact and some planned runs; the first is not counted. */
  private static final int LEAST_ROUNDS = 4;

  private static final int RUNS_PER_ROUND = 3;

  /** Exact, planned by segments, extrapolated. */
  private static final Parallelism ALONE = Parallelism.sequential();

  private GrowthStudy() {}

  static void run(double seconds, int most, Path picture, Backend backend, PrintStream out)
      throws IOException {
    XYSeriesCollection data = new XYSeriesCollection();
    XYSeries exact = new XYSeries("exact", true, false);
    data.addSeries(exact);
    List<XYSeries> planned = new ArrayList<>();
    for (int segments : SEGMENTS) {
      planned.add(new XYSeries("at tolerance 0.01, segments: " + segments));
      data.addSeries(planned.get(planned.size() - 1));
    }
    if (seconds > 0) {
      // The compiler takes some ten seconds for all kernels.
      times(Inputs.segmented(WARM_UP, DEPTH, 1), 2 * seconds, backend);
      times(Inputs.segmented(WARM_UP, DEPTH, 64), 2 * seconds, backend);
    }
    out.println(
        "| n | exact, ms | segments | found | planned, ms | least … most |"
            + " planning and certificate, ms | exact / planned |");
    out.println("|---|---|---|---|---|---|---|---|");
    for (int n = LEAST; n <= most; n *= 2) {
      for (int s = 0; s < SEGMENTS.length; s++) {
        AttentionInputs inputs = Inputs.segmented(n, DEPTH, SEGMENTS[s]);
        Times times = times(inputs, seconds, backend);
        HeadReport report = report(inputs, backend);
        boolean hasExact = n <= MOST_EXACT;
        if (hasExact) {
          exact.addOrUpdate(n, times.exact());
        }
        planned.get(s).add(n, times.planned());
        out.printf(
            "| %,d | %s | %d | %s | %.2f | %.2f … %.2f | %.2f | %s |%n",
            n,
            hasExact ? String.format("%.2f", times.exact()) : "",
            SEGMENTS[s],
            report.plan().kernels() == null
                ? "exact"
                : report.plan().kernels().segments() + " segments",
            times.planned(),
            times.least(),
            times.most(),
            times.planning(),
            hasExact ? String.format("%.1f", times.exact() / times.planned()) : "");
      }
    }
    data.addSeries(extrapolated(exact, most));
    draw(data, picture);
  }

  /** Continues exact attention, whose work is n²·d whatever the head, from its last measurement. */
  private static XYSeries extrapolated(XYSeries exact, int most) {
    XYSeries series = new XYSeries("exact, extrapolated by n²");
    double last = exact.getMaxX();
    double time = exact.getY(exact.getItemCount() - 1).doubleValue();
    for (double n = last; n <= most; n *= 2) {
      series.add(n, time * (n / last) * (n / last));
    }
    return series;
  }

  private static HeadReport report(AttentionInputs inputs, Backend backend) {
    HeadTensor output = HeadTensor.allocate(true, 1, inputs.rows(), DEPTH);
    return PlannedAttention.of(backend, TOLERANCE).forward(inputs, output, ALONE).get(0);
  }

  /** Times of one size in ms. */
  private record Times(double exact, double planned, double least, double most, double planning) {}

  /**
   * Lets exact and planned attention take turns. The first round is not counted: a workspace grows
   * in it, and at the greatest sizes the machine takes longer to hand out its pages than the engine
   * to use them.
   */
  private static Times times(AttentionInputs inputs, double seconds, Backend backend) {
    HeadTensor output = HeadTensor.allocate(true, 1, inputs.rows(), DEPTH);
    ExactAttention exact = new ExactAttention(backend);
    Workspace exactWorkspace = backend.newWorkspace();
    PlannedAttention planned = PlannedAttention.of(backend, TOLERANCE);
    AttentionWorkspace workspace = AttentionWorkspace.of(backend);
    List<Double> exactTimes = new ArrayList<>();
    List<Double> plannedTimes = new ArrayList<>();
    List<Double> planningTimes = new ArrayList<>();
    int least = seconds > 0 ? LEAST_ROUNDS : 1;
    long end = System.nanoTime() + (long) (1e9 * seconds);
    for (int round = 0; round < least || System.nanoTime() < end; round++) {
      boolean counted = round > 0 || least == 1;
      if (inputs.rows() <= MOST_EXACT) {
        long start = System.nanoTime();
        exact.forward(inputs, output, exactWorkspace, ALONE);
        add(exactTimes, System.nanoTime() - start, counted);
      }
      for (int run = 0; run < RUNS_PER_ROUND; run++) {
        long start = System.nanoTime();
        HeadReport report = planned.forward(inputs, output, workspace, ALONE).get(0);
        add(plannedTimes, System.nanoTime() - start, counted);
        add(planningTimes, report.planningNanos() + report.certificateNanos(), counted);
      }
    }
    return new Times(
        exactTimes.isEmpty() ? Double.NaN : median(exactTimes),
        median(plannedTimes),
        Collections.min(plannedTimes),
        Collections.max(plannedTimes),
        median(planningTimes));
  }

  private static void add(List<Double> times, long nanos, boolean counted) {
    if (counted) {
      times.add(nanos / 1e6);
    }
  }

  private static double median(List<Double> times) {
    return times.stream().sorted().skip(times.size() / 2).findFirst().orElseThrow();
  }

  private static void draw(XYSeriesCollection data, Path picture) throws IOException {
    LogAxis rows = new LogAxis("n");
    rows.setBase(2);
    rows.setNumberFormatOverride(NumberFormat.getIntegerInstance(Locale.ROOT));
    rows.setTickUnit(new NumberTickUnit(1));
    LogAxis time = new LogAxis("ms, one thread");
    time.setNumberFormatOverride(NumberFormat.getIntegerInstance(Locale.ROOT));
    time.setTickUnit(new NumberTickUnit(1));
    XYLineAndShapeRenderer renderer = new XYLineAndShapeRenderer();
    int last = data.getSeriesCount() - 1;
    renderer.setSeriesShapesVisible(last, false);
    renderer.setSeriesStroke(
        last,
        new BasicStroke(1, BasicStroke.CAP_BUTT, BasicStroke.JOIN_BEVEL, 0, new float[] {6, 4}, 0));
    XYPlot plot = new XYPlot(data, rows, time, renderer);
    JFreeChart chart =
        new JFreeChart("Planning and certificate included, float32, d = " + DEPTH, plot);
    Charts.style(chart, last);
    // The continuation of exact attention.
    renderer.setSeriesPaint(last, Color.BLACK);
    ChartUtils.saveChartAsPNG(picture.toFile(), chart, 900, 600);
  }
}
