package io.github.convbasis.inference.cli;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.plan.Planner;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** At which tolerance to attend, and what to do with the plans. */
final class PlanOptions {
  @Option(
      names = "--tolerance",
      paramLabel = "τ",
      description =
          "Attention with a relative error of at most τ per head, by a plan of its own for each"
              + " head; exact where no plan holds.")
  private Double tolerance;

  @Option(
      names = "--overhead",
      paramLabel = "s",
      description =
          "Share of exact attention that planning and judging may cost; heads too short for that"
              + " are exact (default: "
              + Planner.DEFAULT_OVERHEAD
              + ").")
  private Double overhead;

  @Option(
      names = "--plan-in",
      paramLabel = "DIR",
      description = "Start from the plans in DIR, head0.json … for each query head.")
  private Path planIn;

  @Option(
      names = "--plan-out",
      paramLabel = "DIR",
      description =
          "Write each head's plan to DIR, head0.json …; made if missing. They appear all or not at"
              + " all, and replace none.")
  private Path planOut;

  @Option(
      names = "--plot",
      paramLabel = "DIR",
      description = "Paint each head's plan to DIR, head0.png …; like --plan-out.")
  private Path plot;

  /** Returns whether attention at a tolerance is asked for. */
  boolean areAsked() {
    return tolerance != null;
  }

  /** Refuses options that need a tolerance when there is none, and numbers out of range. */
  void requireUsable() {
    if (tolerance == null && firstGiven() != null) {
      throw new InputException(
          firstGiven() + " needs --tolerance: it says how attention at a tolerance is planned");
    }
    if (tolerance != null && !(tolerance > 0 && tolerance < 1)) {
      throw new InputException(
          "--tolerance must be greater than 0 and less than 1, was " + tolerance);
    }
    if (overhead != null && !(overhead > 0)) {
      throw new InputException("--overhead must be greater than 0, was " + overhead);
    }
  }

  private String firstGiven() {
    return overhead != null
        ? "--overhead"
        : planIn != null ? "--plan-in" : planOut != null ? "--plan-out" : plotOption();
  }

  private String plotOption() {
    return plot != null ? "--plot" : null;
  }

  Planner planner(Backend backend) {
    Planner planner = Planner.of(backend, tolerance);
    return overhead == null ? planner : planner.withMostOverhead(overhead);
  }

  double tolerance() {
    return tolerance;
  }

  /** Returns the directory of plans to start from, or null. */
  Path planIn() {
    return planIn;
  }

  /** Returns the directory for plans, or null. */
  Path planOut() {
    return planOut;
  }

  /** Returns the directory for pictures, or null. */
  Path plot() {
    return plot;
  }
}
