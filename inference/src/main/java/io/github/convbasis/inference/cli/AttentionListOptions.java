package io.github.convbasis.inference.cli;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.inference.embed.AttentionChoice;
import io.github.convbasis.plan.Planner;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which kinds of attention are compared with exact attention; the command says what is usual. */
final class AttentionListOptions {
  @Option(
      names = "--tolerance",
      paramLabel = "τ",
      split = ",",
      description = "Relative errors that a head's output may have, each a run of its own.")
  private double[] tolerances;

  @Option(
      names = "--terms",
      paramLabel = "k",
      split = ",",
      description =
          "Numbers of terms of the paper's Recover, each a run of its own, as good as it happens to"
              + " be.")
  private int[] terms;

  @Option(
      names = "--overhead",
      paramLabel = "s",
      description =
          "Share of exact attention that planning and judging may cost; heads too short for that"
              + " are exact.")
  private Double overhead;

  @Option(
      names = "--reuse-plans",
      description =
          "Start from the plans of the prompt before, which are judged anew, instead of planning"
              + " every prompt.")
  private boolean reusing;

  @Mixin private RecoveryOptions recovery;

  void requireUsable() {
    for (double tolerance : orNone(tolerances)) {
      AttentionOptions.requireTolerance(tolerance);
    }
    for (int most : orNone(terms)) {
      AttentionOptions.requireTerms(most);
    }
    if (overhead != null) {
      AttentionOptions.requireOverhead(overhead);
    }
    if (terms == null && recovery.firstGiven() != null) {
      throw new InputException(
          recovery.firstGiven() + " needs --terms: it says how a basis is recovered");
    }
  }

  private static double[] orNone(double[] given) {
    return given == null ? new double[0] : given;
  }

  private static int[] orNone(int[] given) {
    return given == null ? new int[0] : given;
  }

  /**
   * Returns exact attention and then those that are compared with it.
   *
   * @param usual tolerances where nothing is given
   * @param usualOverhead where none is given
   * @param sampledRows for the error of recovered bases, see {@link AttentionChoice#recover}
   */
  List<AttentionChoice> choices(
      Backend backend, double[] usual, double usualOverhead, int sampledRows, long seed) {
    List<AttentionChoice> choices = new ArrayList<>();
    choices.add(AttentionChoice.exact(backend));
    boolean none = tolerances == null && terms == null;
    for (double tolerance : none ? usual : orNone(tolerances)) {
      Planner planner =
          Planner.of(backend, tolerance)
              .withMostOverhead(overhead == null ? usualOverhead : overhead);
      choices.add(AttentionChoice.tolerance(planner, seed, reusing));
    }
    for (int most : orNone(terms)) {
      choices.add(
          AttentionChoice.recover(backend, recovery.recovery(most), most, sampledRows, seed));
    }
    return choices;
  }
}
