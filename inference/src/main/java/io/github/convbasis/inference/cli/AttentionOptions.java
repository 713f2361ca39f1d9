package io.github.convbasis.inference.cli;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.inference.embed.AttentionChoice;
import io.github.convbasis.inference.embed.AttentionChoice.Kind;
import io.github.convbasis.plan.Planner;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which attention reads a prompt. */
final class AttentionOptions {
  static final double TOLERANCE = 0.01;
  static final int TERMS = 64;

  /** Rows recomputed exactly in each stratum 1, 2, 4, … rows long. */
  static final int SAMPLED_ROWS = 8;

  @Option(
      names = "--attention",
      paramLabel = "exact|tolerance|recover",
      description =
          "How the prompt is attended to: exactly; by a plan for each head that holds at"
              + " --tolerance; or from a recovered basis of --terms, as good as it happens to be"
              + " (default: exact, or what --tolerance or --terms says). Generated tokens always"
              + " attend exactly over the cache: conv-basis is for prompts.")
  private Kind kind;

  @Option(
      names = "--tolerance",
      paramLabel = "τ",
      description = "Relative error that a head's output may have (default: " + TOLERANCE + ").")
  private Double tolerance;

  @Option(
      names = "--terms",
      paramLabel = "k",
      description = "Most terms of a head's basis (default: " + TERMS + ").")
  private Integer terms;

  @Option(
      names = "--overhead",
      paramLabel = "s",
      description =
          "Share of exact attention that planning and judging may cost; heads too short for that"
              + " are exact (default: "
              + Planner.DEFAULT_OVERHEAD
              + ").")
  private Double overhead;

  @Mixin private RecoveryOptions recovery;

  /** Returns what was chosen, and refuses options that do not go together. */
  Kind kind() {
    Kind asked =
        kind != null
            ? kind
            : tolerance != null ? Kind.TOLERANCE : terms != null ? Kind.RECOVER : Kind.EXACT;
    requireOnlyWith(asked, Kind.TOLERANCE, "--tolerance", tolerance != null);
    requireOnlyWith(asked, Kind.TOLERANCE, "--overhead", overhead != null);
    requireOnlyWith(asked, Kind.RECOVER, "--terms", terms != null);
    requireOnlyWith(asked, Kind.RECOVER, recovery.firstGiven(), recovery.firstGiven() != null);
    if (tolerance != null) {
      requireTolerance(tolerance);
    }
    if (overhead != null) {
      requireOverhead(overhead);
    }
    if (terms != null) {
      requireTerms(terms);
    }
    return asked;
  }

  private static void requireOnlyWith(Kind asked, Kind needed, String option, boolean given) {
    if (given && asked != needed) {
      throw new InputException(
          option + " needs --attention " + Report.word(needed) + ", was " + Report.word(asked));
    }
  }

  static void requireTolerance(double tolerance) {
    if (!(tolerance > 0 && tolerance < 1)) {
      throw new InputException(
          "--tolerance must be greater than 0 and less than 1, was " + tolerance);
    }
  }

  static void requireOverhead(double overhead) {
    if (!(overhead > 0)) {
      throw new InputException("--overhead must be greater than 0, was " + overhead);
    }
  }

  static void requireTerms(int terms) {
    if (terms < 1) {
      throw new InputException("--terms must be at least 1, was " + terms);
    }
  }

  AttentionChoice choice(Backend backend, long seed) {
    return switch (kind()) {
      case EXACT -> AttentionChoice.exact(backend);
      case TOLERANCE -> {
        Planner planner = Planner.of(backend, tolerance == null ? TOLERANCE : tolerance);
        yield AttentionChoice.tolerance(
            overhead == null ? planner : planner.withMostOverhead(overhead), seed);
      }
      case RECOVER -> {
        int most = terms == null ? TERMS : terms;
        yield AttentionChoice.recover(backend, recovery.recovery(most), most, SAMPLED_ROWS, seed);
      }
    };
  }
}
