package io.github.convbasis.bench.study;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.bench.study.ModelHeads.Head;
import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.training.AttentionRegression;
import io.github.convbasis.training.RegressionResult;
import java.awt.Graphics2D;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.jfree.chart.ChartFactory;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.LogAxis;
import org.jfree.chart.plot.XYPlot;
import org.jfree.data.xy.XYSeries;
import org.jfree.data.xy.XYSeriesCollection;

/**
 * Gradient descent on the attention regression of real heads, with exact gradients and with those
 * of conv bases. Each descends by its own loss and gradient, halving steps until its own loss falls
 * by a tenth of what the gradient promises; what is shown is the true loss.
 */
final class DescentStudy {
  private static final int[] TERMS = {16, 64, 256};
  private static final int SEGMENTS = 16;
  private static final int LAYER = 2;
  private static final int HEAD = 3;

  /** Of what the first derivative promises, a step must bring this. */
  private static final double SUFFICIENT = 0.1;

  private static final int MOST_HALVINGS = 40;
  private static final int PANEL_WIDTH = 620;
  private static final int PANEL_HEIGHT = 400;
  private static final Parallelism ALONE = Parallelism.sequential();

  private DescentStudy() {}

  static void run(int steps, int n, Path picture, Backend backend, PrintStream out)
      throws IOException {
    AttentionInputs head =
        ModelHeads.of(n, 0, backend).stream()
            .filter(h -> h.layer() == LAYER && h.head() == HEAD)
            .map(Head::inputs)
            .findFirst()
            .orElseThrow();
    List<DescentCase> cases =
        List.of(
            DescentCase.raw("as captured", head, backend),
            DescentCase.averaged("contents averaged", head, SEGMENTS, 0, true, backend),
            DescentCase.averaged("averaged, 5 % kept", head, SEGMENTS, 0.05, true, backend),
            DescentCase.averaged("averaged, any X", head, SEGMENTS, 0, false, backend));
    out.println(
        "| inputs | gradient | terms, first … last | exact rows | cosine, first … last"
            + " | ms for an evaluation | true loss after 0 | "
            + steps / 4
            + " | "
            + steps / 2
            + " | "
            + steps
            + " steps |");
    out.println("|---|---|---|---|---|---|---|---|---|---|");
    List<JFreeChart> charts = new ArrayList<>();
    for (DescentCase problem : cases) {
      XYSeriesCollection data = new XYSeriesCollection();
      AttentionRegression exact = AttentionRegression.exact(backend);
      data.addSeries(new Descent(problem, exact, exact).run("exact", steps, out));
      for (int terms : TERMS) {
        AttentionRegression basis =
            AttentionRegression.convBasis(backend, ConvBasisRecovery.ofTerms(Math.min(terms, n)));
        data.addSeries(new Descent(problem, basis, exact).run(terms + " terms", steps, out));
      }
      ConvBasisRecovery equal = ConvBasisRecovery.ofStarts(equalStarts(n));
      AttentionRegression basis = AttentionRegression.convBasis(backend, equal);
      data.addSeries(
          new Descent(problem, basis, exact).run(SEGMENTS + " equal segments", steps, out));
      charts.add(chart(problem.name(), data));
    }
    draw(charts, picture);
  }

  /** Where contents are averaged, and otherwise as good a guess as any. */
  private static int[] equalStarts(int n) {
    int[] starts = new int[SEGMENTS];
    Arrays.setAll(starts, s -> DescentCase.segmentStart(s, SEGMENTS, n));
    return starts;
  }

  /** One run. */
  private static final class Descent {
    private final DescentCase problem;
    private final AttentionRegression regression;
    private final AttentionRegression truth;
    private final int d;
    private final int m;
    private double[] x;
    private double[] w;
    private double step = 1;

    Descent(DescentCase problem, AttentionRegression regression, AttentionRegression truth) {
      this.problem = problem;
      this.regression = regression;
      this.truth = truth;
      d = problem.depth();
      m = problem.problem().e().width();
      x = new double[d * d];
      w = new double[d * m];
      // Half of what made E.
      for (int a = 0; a < d; a++) {
        x[a * d + a] = 0.5 / Math.sqrt(d);
        w[a * m + a] = 0.5;
      }
    }

    XYSeries run(String name, int steps, PrintStream out) {
      XYSeries losses = new XYSeries(name);
      RegressionResult first = null;
      RegressionResult result = null;
      double firstCosine = 0;
      long nanos = 0;
      for (int s = 0; s <= steps; s++) {
        losses.add(s, truth.loss(problem.problem(), tensor(x, d), tensor(w, m), ALONE));
        long start = System.nanoTime();
        result = regression.evaluate(problem.problem(), tensor(x, d), tensor(w, m), ALONE);
        nanos += System.nanoTime() - start;
        if (s == 0) {
          first = result;
          firstCosine = cosine(result);
        }
        if (s < steps) {
          move(result);
        }
      }
      out.printf(
          "| %s | %s | %d … %d | %,d … %,d | %.4f … %.4f | %.1f | %.4g | %.4g | %.4g | %.4g |%n",
          problem.name(),
          name,
          first.terms(),
          result.terms(),
          first.exactRows(),
          result.exactRows(),
          firstCosine,
          cosine(result),
          nanos / 1e6 / (steps + 1),
          losses.getY(0).doubleValue(),
          losses.getY(steps / 4).doubleValue(),
          losses.getY(steps / 2).doubleValue(),
          losses.getY(steps).doubleValue());
      return losses;
    }

    private static HeadTensor tensor(double[] elements, int width) {
      return HeadTensor.of(elements, 1, elements.length / width, width);
    }

    /** Returns the cosine between this gradient and the true one where it was taken. */
    private double cosine(RegressionResult result) {
      RegressionResult exact = truth.evaluate(problem.problem(), tensor(x, d), tensor(w, m), ALONE);
      double[] gradX = problem.projected(result.gradX());
      double[] exactX = problem.projected(exact.gradX());
      double[] gradW = elements(result.gradW());
      double[] exactW = elements(exact.gradW());
      double product = dot(gradX, exactX) + dot(gradW, exactW);
      double squares = dot(gradX, gradX) + dot(gradW, gradW);
      return product / Math.sqrt(squares * (dot(exactX, exactX) + dot(exactW, exactW)));
    }

    private void move(RegressionResult result) {
      double[] gradX = problem.projected(result.gradX());
      double[] gradW = elements(result.gradW());
      double squares = dot(gradX, gradX) + dot(gradW, gradW);
      step *= 4;
      for (int halving = 0; halving < MOST_HALVINGS; halving++) {
        double[] nextX = minus(x, step, gradX);
        double[] nextW = minus(w, step, gradW);
        double loss = regression.loss(problem.problem(), tensor(nextX, d), tensor(nextW, m), ALONE);
        if (loss <= result.loss() - SUFFICIENT * step * squares) {
          x = nextX;
          w = nextW;
          return;
        }
        step /= 2;
      }
      // No step falls by enough: this gradient does not belong to its loss, or is zero.
    }

    private static double[] minus(double[] from, double factor, double[] direction) {
      double[] result = from.clone();
      for (int i = 0; i < result.length; i++) {
        result[i] -= factor * direction[i];
      }
      return result;
    }

    private static double dot(double[] a, double[] b) {
      double sum = 0;
      for (int i = 0; i < a.length; i++) {
        sum += a[i] * b[i];
      }
      return sum;
    }

    private double[] elements(HeadTensor gradW) {
      double[] elements = new double[d * m];
      double[] row = new double[m];
      for (int a = 0; a < d; a++) {
        gradW.copyRow(0, a, row);
        System.arraycopy(row, 0, elements, a * m, m);
      }
      return elements;
    }
  }

  private static JFreeChart chart(String title, XYSeriesCollection data) {
    JFreeChart chart = ChartFactory.createXYLineChart(title, "step", "true loss", data);
    XYPlot plot = chart.getXYPlot();
    plot.setRangeAxis(new LogAxis("true loss"));
    Charts.style(chart, data.getSeriesCount());
    return chart;
  }

  private static void draw(List<JFreeChart> charts, Path picture) throws IOException {
    int rows = (charts.size() + 1) / 2;
    BufferedImage image =
        new BufferedImage(2 * PANEL_WIDTH, rows * PANEL_HEIGHT, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    for (int i = 0; i < charts.size(); i++) {
      charts
          .get(i)
          .draw(
              graphics,
              new Rectangle2D.Double(
                  i % 2 * PANEL_WIDTH, i / 2 * PANEL_HEIGHT, PANEL_WIDTH, PANEL_HEIGHT));
    }
    graphics.dispose();
    Files.createDirectories(picture.toAbsolutePath().getParent());
    if (!ImageIO.write(image, "png", picture.toFile())) {
      throw new IOException("no writer of PNG files for " + picture);
    }
  }
}
