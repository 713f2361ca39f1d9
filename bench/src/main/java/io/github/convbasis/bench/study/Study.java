package io.github.convbasis.bench.study;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Backends;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * Runs a study and prints Markdown.
 *
 * <pre>
 * heads SECONDS LENGTH…     real heads: plans, errors and times beside exact attention and beside
 *                           other approximations of the same work; SECONDS of timing for each
 * coverage SEEDS LENGTH…    how often the certificate's interval held the true error
 * growth SECONDS MOST FILE  time against n, up to MOST, of heads with fixed structure; a PNG
 * gradients ROWS FILE LENGTH…  errors of gradients against noise in ROWS × ROWS logits, a PNG; and
 *                           on real heads
 * descent STEPS LENGTH FILE gradient descent on the attention regression of a real head; a PNG
 * </pre>
 */
public final class Study {
  private Study() {}

  /**
   * Runs a study.
   *
   * @param args see the class
   * @throws IOException if a file cannot be written or the bundled model not be read
   */
  public static void main(String[] args) throws IOException {
    List<String> rest = Arrays.asList(args).subList(Math.min(1, args.length), args.length);
    run(args.length == 0 ? "" : args[0], rest, Backends.auto(), System.out);
  }

  static void run(String study, List<String> args, Backend backend, PrintStream out)
      throws IOException {
    switch (study) {
      case "heads" -> HeadStudy.run(Double.parseDouble(args.get(0)), lengths(args), backend, out);
      case "coverage" ->
          CoverageStudy.run(Integer.parseInt(args.get(0)), lengths(args), backend, out);
      case "growth" ->
          GrowthStudy.run(
              Double.parseDouble(args.get(0)),
              Integer.parseInt(args.get(1)),
              Path.of(args.get(2)),
              backend,
              out);
      case "gradients" ->
          GradientStudy.run(
              Integer.parseInt(args.get(0)),
              Path.of(args.get(1)),
              lengths(args.subList(1, args.size())),
              backend,
              out);
      case "descent" ->
          DescentStudy.run(
              Integer.parseInt(args.get(0)),
              Integer.parseInt(args.get(1)),
              Path.of(args.get(2)),
              backend,
              out);
      default ->
          throw new IllegalArgumentException(
              "the study must be heads, coverage, growth, gradients or descent, was \""
                  + study
                  + '"');
    }
  }

  private static List<Integer> lengths(List<String> args) {
    return args.stream().skip(1).map(Integer::valueOf).toList();
  }
}
