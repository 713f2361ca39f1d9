package io.github.convbasis.inference.cli;

import io.github.convbasis.inference.npy.NpyArray;
import io.github.convbasis.inference.npy.NpyReader;
import io.github.convbasis.inference.npy.NpyWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.SplittableRandom;

/**
 * Random queries, keys and values in files, and their attention computed directly from the formula.
 */
final class HeadFixture {
  final Path directory;
  final Path queries;
  final Path keys;
  final Path values;
  final Path output;
  private final int n;
  private final int d;
  private final int width;
  private final double[] q;
  private final double[] k;
  private final double[] v;

  HeadFixture(Path directory, int n, int d, int width, boolean singlePrecision) throws IOException {
    this.directory = directory;
    this.n = n;
    this.d = d;
    this.width = width;
    queries = directory.resolve("q.npy");
    keys = directory.resolve("k.npy");
    values = directory.resolve("v.npy");
    output = directory.resolve("y.npy");
    SplittableRandom random = new SplittableRandom(11);
    q = write(queries, n, d, singlePrecision, random);
    k = write(keys, n, d, singlePrecision, random);
    v = write(values, n, width, singlePrecision, random);
  }

  private static double[] write(
      Path file, int rows, int columns, boolean singlePrecision, SplittableRandom random)
      throws IOException {
    float[] floats = new float[rows * columns];
    double[] doubles = new double[floats.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) random.nextGaussian();
      doubles[i] = floats[i];
    }
    NpyWriter.write(
        file,
        singlePrecision
            ? NpyArray.ofFloats(floats, rows, columns)
            : NpyArray.ofDoubles(doubles, rows, columns));
    return doubles;
  }

  CommandRun attend(Object... more) {
    return run("attend", "--output", output, more);
  }

  CommandRun analyze(Object... more) {
    Object[] words = new Object[7 + more.length];
    words[0] = "analyze";
    inputs(words, 1);
    System.arraycopy(more, 0, words, 7, more.length);
    return CommandRun.of(words);
  }

  private CommandRun run(String command, Object option, Object value, Object[] more) {
    Object[] words = new Object[9 + more.length];
    words[0] = command;
    inputs(words, 1);
    words[7] = option;
    words[8] = value;
    System.arraycopy(more, 0, words, 9, more.length);
    return CommandRun.of(words);
  }

  private void inputs(Object[] words, int at) {
    Object[] given = {"--queries", queries, "--keys", keys, "--values", values};
    System.arraycopy(given, 0, words, at, given.length);
  }

  /** Returns the greatest absolute difference of the output file from causal attention. */
  double outputError(double scale) throws IOException {
    double[] actual = NpyReader.read(output).toDoubles();
    double worst = 0;
    for (int i = 0; i < n; i++) {
      double[] sum = new double[width];
      double normaliser = 0;
      for (int j = 0; j <= i; j++) {
        double logit = 0;
        for (int c = 0; c < d; c++) {
          logit += q[i * d + c] * k[j * d + c];
        }
        double weight = Math.exp(scale * logit);
        normaliser += weight;
        for (int c = 0; c < width; c++) {
          sum[c] += weight * v[j * width + c];
        }
      }
      for (int c = 0; c < width; c++) {
        worst = Math.max(worst, Math.abs(sum[c] / normaliser - actual[i * width + c]));
      }
    }
    return worst;
  }
}
