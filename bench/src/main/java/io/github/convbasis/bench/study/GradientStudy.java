package io.github.convbasis.bench.study;

import io.github.convbasis.attention.OutputError;
import io.github.convbasis.attention.RotaryEmbedding;
import io.github.convbasis.attention.RotaryEmbedding.Pairing;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.bench.study.ModelHeads.Head;
import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.training.ConvGradient;
import io.github.convbasis.training.GradientMode;
import io.github.convbasis.training.GradientReport;
import io.github.convbasis.training.Gradients;
import java.awt.BasicStroke;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.jfree.chart.ChartUtils;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.LogAxis;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.xy.XYLineAndShapeRenderer;
import org.jfree.data.xy.XYSeries;
import org.jfree.data.xy.XYSeriesCollection;

/**
 * How far gradients of conv-basis attention are from those of exact attention, as relative
 * Frobenius errors: against noise in logits that are otherwise a sum of convolutions, in double;
 * and on real heads by number of terms, with and without an exact band and sinks.
 */
final class GradientStudy {
  private static final double[] NOISES = {
    1e-6, 3e-6, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1
  };
  private static final int DEPTH = 32;
  private static final int SEGMENTS = 8;
  private static final int[] TERMS = {1, 4, 16, 64};
  private static final int BAND = 64;
  private static final int SINKS = 4;
  private static final int TEXT_FROM = 0;
  private static final Parallelism ALONE = Parallelism.sequential();

  private GradientStudy() {}

  static void run(int rows, Path picture, List<Integer> lengths, Backend backend, PrintStream out)
      throws IOException {
    noise(rows, picture, out);
    for (int n : lengths) {
      heads(n, backend, out);
    }
  }

  private static void noise(int n, Path picture, PrintStream out) throws IOException {
    XYSeriesCollection data = new XYSeriesCollection();
    XYSeries operator = new XYSeries("OPERATOR: queries and keys");
    XYSeries values = new XYSeries("OPERATOR: values");
    XYSeries segment = new XYSeries("SEGMENT: queries and keys");
    XYSeries equal = new XYSeries("error = noise");
    out.printf("%nn = %d, d = %d, %d segments%n%n", n, DEPTH, SEGMENTS);
    out.println(
        "| logit noise ε | OPERATOR dQ, dK | over ε | OPERATOR dV | SEGMENT dQ, dK | SEGMENT dV |");
    out.println("|---|---|---|---|---|---|");
    for (double noise : NOISES) {
      AttentionInputs inputs = noisy(n, noise);
      HeadTensor upstream = gaussian(new SplittableRandom(3), false, 1, n, DEPTH);
      int[] starts = starts(n);
      ConvBasisRecovery recovery = ConvBasisRecovery.ofStarts(starts);
      ConvGradient gradient = ConvGradient.of(Backends.scalar(), recovery);
      Gradients exact = gradients(gradient, GradientMode.EXACT, inputs, upstream);
      Gradients modelled = gradients(gradient, GradientMode.OPERATOR, inputs, upstream);
      Gradients sampled = gradients(gradient, GradientMode.SEGMENT, inputs, upstream);
      double error = scoreError(exact, modelled);
      double valueError = error(exact.values(), modelled.values());
      double sampledError = scoreError(exact, sampled);
      operator.add(noise, error);
      values.add(noise, valueError);
      segment.add(noise, sampledError);
      equal.add(noise, noise);
      out.printf(
          "| %.0e | %.2e | %.2f | %.2e | %.2e | %.2e |%n",
          noise,
          error,
          error / noise,
          valueError,
          sampledError,
          error(exact.values(), sampled.values()));
    }
    data.addSeries(operator);
    data.addSeries(values);
    data.addSeries(segment);
    data.addSeries(equal);
    draw(n, data, picture);
  }

  private static int[] starts(int n) {
    int count = Math.min(n, SEGMENTS);
    int[] starts = new int[count];
    Arrays.setAll(starts, r -> (int) ((long) r * n / count));
    return starts;
  }

  /** Constant queries and keys constant by segment, rotated, and noise of size ε in each logit. */
  private static AttentionInputs noisy(int n, double noise) {
    SplittableRandom random = new SplittableRandom(7);
    double[] query = numbers(random, DEPTH);
    double norm = Math.sqrt(Arrays.stream(query).map(x -> x * x).sum());
    double size = noise * Math.sqrt(DEPTH) / norm;
    int[] starts = starts(n);
    double[] queries = new double[n * DEPTH];
    double[] keys = new double[n * DEPTH];
    double[] key = query;
    SplittableRandom noises = new SplittableRandom(8);
    for (int row = 0; row < n; row++) {
      if (Arrays.binarySearch(starts, row) >= 0) {
        key = numbers(random, DEPTH);
      }
      for (int c = 0; c < DEPTH; c++) {
        queries[row * DEPTH + c] = query[c];
        keys[row * DEPTH + c] = key[c] + size * noises.nextGaussian();
      }
    }
    RotaryEmbedding rope = new RotaryEmbedding(10_000, Pairing.HALF_SPLIT);
    HeadTensor queryTensor = HeadTensor.of(queries, 1, n, DEPTH);
    HeadTensor keyTensor = HeadTensor.of(keys, 1, n, DEPTH);
    rope.rotate(queryTensor, 0);
    rope.rotate(keyTensor, 0);
    return AttentionInputs.causal(
        queryTensor, keyTensor, gaussian(new SplittableRandom(9), false, 1, n, DEPTH));
  }

  private static double[] numbers(SplittableRandom random, int count) {
    double[] numbers = new double[count];
    Arrays.setAll(numbers, i -> random.nextGaussian());
    return numbers;
  }

  private static HeadTensor gaussian(
      SplittableRandom random, boolean single, int heads, int rows, int width) {
    HeadTensor tensor = HeadTensor.allocate(single, heads, rows, width);
    for (int head = 0; head < heads; head++) {
      for (int row = 0; row < rows; row++) {
        tensor.setRow(head, row, numbers(random, width));
      }
    }
    return tensor;
  }

  private static Gradients gradients(
      ConvGradient gradient, GradientMode mode, AttentionInputs inputs, HeadTensor upstream) {
    HeadTensor output =
        HeadTensor.allocate(
            upstream.isSinglePrecision(), 1, inputs.rows(), inputs.values().width());
    Gradients gradients = Gradients.zeros(inputs);
    ConvGradient asked = gradient.withMode(mode);
    asked.backward(asked.forward(inputs, output, ALONE), upstream, gradients, ALONE);
    return gradients;
  }

  private static double error(HeadTensor exact, HeadTensor other) {
    return OutputError.measure(exact, other, 0).relative();
  }

  /** Of what comes from the gradient of the logits: queries and keys alike. */
  private static double scoreError(Gradients exact, Gradients other) {
    return Math.max(error(exact.queries(), other.queries()), error(exact.keys(), other.keys()));
  }

  private static void heads(int n, Backend backend, PrintStream out) throws IOException {
    List<Head> heads = ModelHeads.of(n, TEXT_FROM, backend);
    out.printf("%nreal heads, n = %d: medians (worst) over %d heads%n%n", n, heads.size());
    out.println(
        "| terms | band, sinks | exact rows, %"
            + " | OPERATOR dQ | dK | dV | SEGMENT dQ | dK | dV |");
    out.println("|---|---|---|---|---|---|---|---|---|");
    for (boolean near : new boolean[] {false, true}) {
      for (int terms : TERMS) {
        if (terms < n / 2) {
          out.println(row(heads, terms, near, backend));
        }
      }
    }
  }

  private static String row(List<Head> heads, int terms, boolean near, Backend backend) {
    List<double[]> errors = new ArrayList<>();
    for (Head head : heads) {
      errors.add(errors(head.inputs(), terms, near, backend));
    }
    StringBuilder line =
        new StringBuilder(
            String.format("| %d | %s | ", terms, near ? BAND + ", " + SINKS : "none"));
    line.append(String.format("%.1f |", 100 * median(errors, 6)));
    for (int e = 0; e < 6; e++) {
      line.append(String.format(" %.2g (%.2g) |", median(errors, e), worst(errors, e)));
    }
    return line.toString();
  }

  /** Returns three errors for each mode, and the share of exact rows. */
  private static double[] errors(AttentionInputs inputs, int terms, boolean near, Backend backend) {
    int n = inputs.rows();
    int width = inputs.values().width();
    HeadTensor upstream = gaussian(new SplittableRandom(3), true, 1, n, width);
    ConvGradient gradient = ConvGradient.of(backend, ConvBasisRecovery.ofTerms(terms));
    if (near) {
      gradient = gradient.withBand(BAND).withExactColumns(0, 1, 2, 3);
    }
    Gradients exact = gradients(gradient, GradientMode.EXACT, inputs, upstream);
    double[] errors = new double[7];
    GradientMode[] modes = {GradientMode.OPERATOR, GradientMode.SEGMENT};
    for (int m = 0; m < modes.length; m++) {
      Gradients other = gradients(gradient, modes[m], inputs, upstream);
      errors[3 * m] = error(exact.queries(), other.queries());
      errors[3 * m + 1] = error(exact.keys(), other.keys());
      errors[3 * m + 2] = error(exact.values(), other.values());
    }
    HeadTensor output = HeadTensor.allocate(true, 1, n, width);
    GradientReport report =
        gradient.withMode(GradientMode.SEGMENT).forward(inputs, output, ALONE).reports().get(0);
    errors[6] = (double) report.exactRows() / n;
    return errors;
  }

  private static double median(List<double[]> rows, int column) {
    double[] sorted = rows.stream().mapToDouble(row -> row[column]).sorted().toArray();
    return sorted[sorted.length / 2];
  }

  private static double worst(List<double[]> rows, int column) {
    return rows.stream().mapToDouble(row -> row[column]).max().orElseThrow();
  }

  private static void draw(int n, XYSeriesCollection data, Path picture) throws IOException {
    XYLineAndShapeRenderer renderer = new XYLineAndShapeRenderer();
    int last = data.getSeriesCount() - 1;
    renderer.setSeriesShapesVisible(last, false);
    renderer.setSeriesStroke(
        last,
        new BasicStroke(1, BasicStroke.CAP_BUTT, BasicStroke.JOIN_BEVEL, 0, new float[] {6, 4}, 0));
    LogAxis noise = new LogAxis("noise in logits, standard deviation");
    LogAxis error = new LogAxis("relative error of the gradient");
    XYPlot plot = new XYPlot(data, noise, error, renderer);
    String title =
        String.format("%d segments, n = %d, d = %d, double precision", SEGMENTS, n, DEPTH);
    JFreeChart chart = new JFreeChart(title, plot);
    Charts.style(chart, data.getSeriesCount());
    ChartUtils.saveChartAsPNG(picture.toFile(), chart, 900, 600);
  }
}
