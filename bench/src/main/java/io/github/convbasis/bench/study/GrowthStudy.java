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
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jfree.chart.ChartUtils;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.LogAxis;
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
  private static final Parallelism ALONE = Parallelism.sequential();

  private GrowthStudy() {}

  static void run(double seconds, int most, Path picture, Backend backend, PrintStream out)
      throws IOException {
    XYSeriesCollection data = new XYSeriesCollection();
    XYSeries exact = new XYSeries("exact");
    data.addSeries(exact);
    List<XYSeries> planned = new ArrayList<>();
    for (int segments : SEGMENTS) {
      planned.add(new XYSeries("at tolerance 0.01, " + segments + " segments"));
      data.addSeries(planned.get(planned.size() - 1));
    }
    if (seconds > 0) {
      // The compiler takes some ten seconds for all kernels.
      times(Inputs.segmented(WARM_UP, DEPTH, 1), 2 * seconds, backend);
      times(Inputs.segmented(WARM_UP, DEPTH, 64), 2 * seconds, backend);
    }
    out.println(
        "| n | exact, ms | segments | outcome | planned, ms | of it planning | certificate |");
    out.println("|---|---|---|---|---|---|---|");
    for (int n = LEAST; n <= most; n *= 2) {
      for (int s = 0; s < SEGMENTS.length; s++) {
        AttentionInputs inputs = Inputs.segmented(n, DEPTH, SEGMENTS[s]);
        double[] times = times(inputs, seconds, backend);
        HeadReport report = report(inputs, backend);
        if (n <= MOST_EXACT) {
          exact.addOrUpdate(n, times[0]);
        }
        planned.get(s).add(n, times[1]);
        out.printf(
            "| %,d | %s | %d | %s | %.2f | %.2f | %.2f |%n",
            n,
            n <= MOST_EXACT ? String.format("%.2f", times[0]) : "",
            SEGMENTS[s],
            report.plan().kernels() == null ? "exact" : report.plan().kernels(),
            times[1],
            times[2],
            times[3]);
      }
    }
    draw(data, picture);
  }

  private static HeadReport report(AttentionInputs inputs, Backend backend) {
    HeadTensor output = HeadTensor.allocate(true, 1, inputs.rows(), DEPTH);
    return PlannedAttention.of(backend, TOLERANCE).forward(inputs, output, ALONE).get(0);
  }

  /** Returns medians in ms: exact, planned, planning, certificate. */
  private static double[] times(AttentionInputs inputs, double seconds, Backend backend) {
    HeadTensor output = HeadTensor.allocate(true, 1, inputs.rows(), DEPTH);
    ExactAttention exact = new ExactAttention(backend);
    Workspace exactWorkspace = backend.newWorkspace();
    PlannedAttention planned = PlannedAttention.of(backend, TOLERANCE);
    AttentionWorkspace workspace = AttentionWorkspace.of(backend);
    List<double[]> samples = new ArrayList<>();
    long end = System.nanoTime() + (long) (1e9 * seconds);
    do {
      double[] sample = new double[4];
      long start = System.nanoTime();
      if (inputs.rows() <= MOST_EXACT) {
        exact.forward(inputs, output, exactWorkspace, ALONE);
      }
      long middle = System.nanoTime();
      HeadReport report = planned.forward(inputs, output, workspace, ALONE).get(0);
      sample[0] = (middle - start) / 1e6;
      sample[1] = (System.nanoTime() - middle) / 1e6;
      sample[2] = report.planningNanos() / 1e6;
      sample[3] = report.certificateNanos() / 1e6;
      samples.add(sample);
    } while (System.nanoTime() < end);
    double[] medians = new double[4];
    List<double[]> kept = samples.subList(samples.size() / 2, samples.size());
    for (int i = 0; i < medians.length; i++) {
      int which = i;
      double[] sorted = kept.stream().mapToDouble(sample -> sample[which]).sorted().toArray();
      medians[i] = sorted[sorted.length / 2];
    }
    return medians;
  }

  private static void draw(XYSeriesCollection data, Path picture) throws IOException {
    LogAxis rows = new LogAxis("n");
    rows.setBase(2);
    LogAxis time = new LogAxis("ms, one thread");
    XYPlot plot = new XYPlot(data, rows, time, new XYLineAndShapeRenderer());
    JFreeChart chart = new JFreeChart("float32, d = " + DEPTH, plot);
    ChartUtils.saveChartAsPNG(picture.toFile(), chart, 900, 600);
  }
}
