package io.github.convbasis.inference.cli;

import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.decompose.SegmentSearch.Strategy;
import java.util.Locale;
import picocli.CommandLine.Option;

/** How a basis is recovered from queries and keys, but for the number of terms. */
final class RecoveryOptions {
  @Option(
      names = "--window",
      paramLabel = "T",
      description = "Entries per column that are compared (default: chosen from the data).")
  private Integer window;

  @Option(
      names = "--delta",
      paramLabel = "δ",
      description =
          "Distance from which two columns count as different (default: chosen from the data).")
  private Double delta;

  @Option(
      names = "--epsilon",
      paramLabel = "ε",
      description = "Noise per logit to allow for (default: 0).")
  private Double epsilon;

  @Option(
      names = "--recovery",
      paramLabel = "literal|repaired",
      description =
          "literal: Recover and Search as published; repaired: first segment forced, doubling"
              + " search, stops when nothing differs (default).")
  private String strategy;

  /** Returns the first option that was given, or null. */
  String firstGiven() {
    return window != null
        ? "--window"
        : delta != null
            ? "--delta"
            : epsilon != null ? "--epsilon" : strategy != null ? "--recovery" : null;
  }

  ConvBasisRecovery recovery(int terms) {
    ConvBasisRecovery recovery = ConvBasisRecovery.ofTerms(terms).withStrategy(parse(strategy));
    if (window != null) {
      recovery = recovery.withWindow(window);
    }
    if (delta != null) {
      recovery = recovery.withDelta(delta);
    }
    if (epsilon != null) {
      recovery = recovery.withEpsilon(epsilon);
    }
    return recovery;
  }

  private static Strategy parse(String word) {
    if (word == null) {
      return Strategy.REPAIRED;
    }
    for (Strategy strategy : Strategy.values()) {
      if (strategy.name().toLowerCase(Locale.ROOT).equals(word.toLowerCase(Locale.ROOT))) {
        return strategy;
      }
    }
    throw new InputException("--recovery must be literal or repaired, was " + word);
  }
}
